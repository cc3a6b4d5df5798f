// Calls at set rates, whether or not those before were answered.
#ifndef FOVEA_BENCH_SERVICE_OPEN_LOOP_H_
#define FOVEA_BENCH_SERVICE_OPEN_LOOP_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "bench/service/load_client.h"
#include "google/protobuf/message.h"
#include "grpcpp/grpcpp.h"

namespace fovea::bench {

// A call that one caller makes again and again.
struct Stream {
  const Stubs* caller = nullptr;
  size_t tenant = 0;
  size_t kind = 0;
  std::string method;        // "/fovea.v1.SessionService/GetSession"
  grpc::ByteBuffer request;  // written once, so that sending costs little
  // Gets what was answered with OK, and writes the next request. Null for none.
  std::function<void(const grpc::ByteBuffer& answer, grpc::ByteBuffer* request)> learn;
  std::vector<double> rates;  // calls a second, in each phase
};
grpc::ByteBuffer Written(const google::protobuf::Message& message);

struct Answer {
  size_t tenant = 0;
  size_t kind = 0;
  size_t phase = 0;  // in which it was sent
  absl::Time scheduled;
  absl::Time sent;
  absl::Time done;
  grpc::StatusCode code = grpc::StatusCode::OK;
  std::string message;

  // Of the server and the socket: the time by which the call was sent late is not in it.
  double milliseconds() const { return absl::ToDoubleMilliseconds(done - sent); }
  double late_milliseconds() const { return absl::ToDoubleMilliseconds(sent - scheduled); }
};

struct OpenLoopResult {
  std::vector<Answer> answers;     // in the order in which they came
  std::vector<absl::Time> phases;  // when each began, and the end of the last
};

// Sends the streams' calls at their rates, phase after phase (an interval is half to one and a half
// of its mean), and waits for the answers. One thread sends, one takes the answers,
// and one parses those that a stream learns of. Ends the program if 20,000 calls are open: then the
// server does not keep up.
OpenLoopResult RunOpenLoop(std::vector<Stream> streams, const std::vector<absl::Duration>& phases);

}  // namespace fovea::bench

#endif  // FOVEA_BENCH_SERVICE_OPEN_LOOP_H_
