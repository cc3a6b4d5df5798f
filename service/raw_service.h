// A service whose messages arrive as bytes, so that they are weighed before they are parsed.
#ifndef FOVEA_SERVICE_RAW_SERVICE_H_
#define FOVEA_SERVICE_RAW_SERVICE_H_

#include <memory>
#include <string>
#include <utility>

#include "google/protobuf/descriptor.h"
#include "grpcpp/grpcpp.h"
#include "service/reactors.h"

namespace fovea::service {

// Generated is a generated class, v1::SessionService::Service say, whose `service_full_name` finds
// its methods' numbers. A derived class calls Unary, Writes or Reads for each method, in its
// constructor. Thread-safe after that.
template <class Generated>
class RawService : public Generated {
 protected:
  // `environment` outlives the service, as do all `method`s.
  RawService(const RpcEnvironment* environment, const char* full_name)
      : environment_(*environment),
        descriptor_(
            *google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(full_name)) {}

  // `handler` is a member function: absl::Status (const Call&, const Request&, Response*).
  template <class Self, class Request, class Response>
  void Unary(const Method& method,
             absl::Status (Self::*handler)(const Call&, const Request&, Response*)) {
    using Reactor = UnaryReactor<Request, Response>;
    Bind<Reactor>(method, [self = static_cast<Self*>(this), handler](
                              const Call& call, const Request& request, Response* response,
                              Done done) { done((self->*handler)(call, request, response)); });
  }

  // `handler` waits without a thread: void (const Call&, const Request&, Response*, Done).
  template <class Self, class Request, class Response>
  void Unary(const Method& method,
             void (Self::*handler)(const Call&, const Request&, Response*, Done)) {
    using Reactor = UnaryReactor<Request, Response>;
    Bind<Reactor>(
        method, [self = static_cast<Self*>(this), handler](const Call& call, const Request& request,
                                                           Response* response, Done done) {
          (self->*handler)(call, request, response, std::move(done));
        });
  }

  // `open` is absl::StatusOr<NextAnswer<Response>> (const Call&, const Request&).
  template <class Self, class Request, class Response>
  void Writes(const Method& method,
              absl::StatusOr<NextAnswer<Response>> (Self::*open)(const Call&, const Request&)) {
    using Reactor = WriteReactor<Request, Response>;
    typename Reactor::Open bound = [self = static_cast<Self*>(this), open](const Call& call,
                                                                           const Request& request) {
      return (self->*open)(call, request);
    };
    this->MarkMethodRawCallback(
        Index(method),
        new grpc::internal::CallbackServerStreamingHandler<grpc::ByteBuffer, grpc::ByteBuffer>(
            [this, &method, bound = std::make_shared<typename Reactor::Open>(std::move(bound))](
                grpc::CallbackServerContext* context,
                const grpc::ByteBuffer* request) -> grpc::ServerWriteReactor<grpc::ByteBuffer>* {
              return new Reactor(environment_, context, method, request, *bound);
            }));
  }

  // `make` gives what takes the requests of one call.
  template <class Self, class Request, class Response>
  void Reads(const Method& method,
             std::unique_ptr<StreamConsumer<Request, Response>> (Self::*make)()) {
    this->MarkMethodRawCallback(
        Index(method),
        new grpc::internal::CallbackClientStreamingHandler<grpc::ByteBuffer, grpc::ByteBuffer>(
            [this, &method, make](grpc::CallbackServerContext* context, grpc::ByteBuffer* response)
                -> grpc::ServerReadReactor<grpc::ByteBuffer>* {
              return new ReadReactor<Request, Response>(environment_, context, method, response,
                                                        (static_cast<Self*>(this)->*make)());
            }));
  }

 private:
  template <class Reactor>
  void Bind(const Method& method, typename Reactor::Handler bound) {
    // The handler lives in gRPC's, which lives as long as the service.
    this->MarkMethodRawCallback(
        Index(method),
        new grpc::internal::CallbackUnaryHandler<grpc::ByteBuffer, grpc::ByteBuffer>(
            [this, &method, bound = std::make_shared<typename Reactor::Handler>(std::move(bound))](
                grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                grpc::ByteBuffer* response) -> grpc::ServerUnaryReactor* {
              return new Reactor(environment_, context, method, request, response, *bound);
            }));
  }

  // As the generated code numbers its methods.
  int Index(const Method& method) const {
    return descriptor_.FindMethodByName(std::string(method.name))->index();
  }

  const RpcEnvironment& environment_;
  const google::protobuf::ServiceDescriptor& descriptor_;
};

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_RAW_SERVICE_H_
