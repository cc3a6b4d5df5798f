// The generated stubs, and a stream of theirs without its types. For client.cc and methods.cc.
#ifndef FOVEA_CLI_STUBS_H_
#define FOVEA_CLI_STUBS_H_

#include <google/protobuf/message.h>
#include <grpcpp/grpcpp.h>

#include <memory>

#include "fovea/v1/admin.grpc.pb.h"
#include "fovea/v1/context.grpc.pb.h"
#include "fovea/v1/page.grpc.pb.h"
#include "fovea/v1/reader.grpc.pb.h"
#include "fovea/v1/session.grpc.pb.h"

namespace fovea::cli {

// Thread-safe.
struct Stubs {
  explicit Stubs(const std::shared_ptr<grpc::Channel>& channel)
      : sessions(channel), contexts(channel), readers(channel), pages(channel), admin(channel) {}

  v1::SessionService::Stub sessions;
  v1::ContextService::Stub contexts;
  v1::ReaderService::Stub readers;
  v1::PageService::Stub pages;
  v1::AdminService::Stub admin;

  v1::SessionService::Stub& Of(const v1::SessionService::Stub*) { return sessions; }
  v1::ContextService::Stub& Of(const v1::ContextService::Stub*) { return contexts; }
  v1::ReaderService::Stub& Of(const v1::ReaderService::Stub*) { return readers; }
  v1::PageService::Stub& Of(const v1::PageService::Stub*) { return pages; }
  v1::AdminService::Stub& Of(const v1::AdminService::Stub*) { return admin; }
};

// What gRPC's reader and writer of a stream have, each call with a message of the stream's own
// type. A stream is read or written, not both.
class OpenedStream {
 public:
  virtual ~OpenedStream() = default;
  virtual bool Read(google::protobuf::Message* part) = 0;
  virtual bool Write(const google::protobuf::Message& part) = 0;
  virtual void WritesDone() = 0;
  virtual grpc::Status Finish() = 0;
};

}  // namespace fovea::cli

#endif  // FOVEA_CLI_STUBS_H_
