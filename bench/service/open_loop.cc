#include "bench/service/open_loop.h"

#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <queue>
#include <random>
#include <thread>
#include <utility>

#include "absl/time/clock.h"
#include "bench/service/load_baselines.h"
#include "grpcpp/generic/generic_stub.h"

namespace fovea::bench {
namespace {

constexpr int kMaxOpen = 20'000;

struct OpenCall {
  grpc::ClientContext context;
  grpc::ByteBuffer response;
  grpc::Status status;
  std::unique_ptr<grpc::ClientAsyncResponseReader<grpc::ByteBuffer>> reader;
  Answer answer;
  size_t stream = 0;
};

class Loop {
 public:
  explicit Loop(std::vector<Stream> streams) : streams_(std::move(streams)) {
    for (const Stream& stream : streams_) stubs_.emplace_back(stream.caller->channel());
  }

  OpenLoopResult Run(const std::vector<absl::Duration>& phases) {
    std::thread taker([this] { Take(); });
    std::thread learner([this] { Learn(); });
    absl::Time at = absl::Now();
    for (size_t phase = 0; phase < phases.size(); ++phase) {
      result_.phases.push_back(at);
      at += phases[phase];
      SendUntil(at, phase);
    }
    result_.phases.push_back(at);
    while (open_ > 0) absl::SleepFor(absl::Milliseconds(10));
    queue_.Shutdown();
    taker.join();
    learner.join();
    return std::move(result_);
  }

 private:
  absl::Duration Interval(double rate, double least) {
    std::uniform_real_distribution<double> jitter(least, 1.5);
    return absl::Seconds(jitter(random_) / rate);
  }

  void SendUntil(absl::Time end, size_t phase) {
    using Due = std::pair<absl::Time, size_t>;
    std::priority_queue<Due, std::vector<Due>, std::greater<>> due;
    const absl::Time begin = absl::Now();
    for (size_t i = 0; i < streams_.size(); ++i) {
      const double rate = streams_[i].rates[phase];
      if (rate > 0) due.emplace(begin + Interval(rate, 0), i);
    }
    while (!due.empty() && due.top().first < end) {
      const auto [time, i] = due.top();
      due.pop();
      due.emplace(time + Interval(streams_[i].rates[phase], 0.5), i);
      absl::SleepFor(time - absl::Now());
      Send(i, phase, time);
    }
    absl::SleepFor(end - absl::Now());
  }

  void Send(size_t i, size_t phase, absl::Time scheduled) {
    if (++open_ > kMaxOpen) {
      Must(absl::ResourceExhaustedError("20,000 calls are open: the server does not keep up"));
    }
    const std::lock_guard<std::mutex> lock(mutex_);
    const Stream& stream = streams_[i];
    auto* call = new OpenCall;  // NOLINT: deleted where its answer is taken
    stream.caller->Prepare(call->context);
    call->stream = i;
    call->answer = {.tenant = stream.tenant,
                    .kind = stream.kind,
                    .phase = phase,
                    .scheduled = scheduled,
                    .sent = absl::Now()};
    call->reader =
        stubs_[i].PrepareUnaryCall(&call->context, stream.method, stream.request, &queue_);
    call->reader->StartCall();
    call->reader->Finish(&call->response, &call->status, call);
  }

  void Take() {
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) {
      const absl::Time now = absl::Now();
      std::unique_ptr<OpenCall> call(static_cast<OpenCall*>(tag));
      call->answer.done = now;
      call->answer.code = call->status.error_code();
      call->answer.message = call->status.error_message();
      result_.answers.push_back(call->answer);
      --open_;
      if (!call->status.ok() || streams_[call->stream].learn == nullptr) continue;
      const std::lock_guard<std::mutex> lock(learning_mutex_);
      to_learn_.push(std::move(call));
      came_.notify_one();
    }
    const std::lock_guard<std::mutex> lock(learning_mutex_);
    to_learn_.push(nullptr);
    came_.notify_one();
  }

  // Beside the thread that takes answers: a large one takes milliseconds to read, in which others
  // come.
  void Learn() {
    (void)setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), 10);
    while (true) {
      std::unique_lock<std::mutex> learning(learning_mutex_);
      came_.wait(learning, [this] { return !to_learn_.empty(); });
      const std::unique_ptr<OpenCall> call = std::move(to_learn_.front());
      to_learn_.pop();
      learning.unlock();
      if (call == nullptr) return;
      Stream& stream = streams_[call->stream];
      grpc::ByteBuffer request;
      stream.learn(call->response, &request);
      const std::lock_guard<std::mutex> lock(mutex_);
      stream.request.Swap(&request);
    }
  }

  std::mutex mutex_;  // of streams_' requests
  std::vector<Stream> streams_;
  std::vector<grpc::GenericStub> stubs_;
  std::mt19937_64 random_{7};
  grpc::CompletionQueue queue_;
  std::atomic<int> open_ = 0;
  std::mutex learning_mutex_;  // of to_learn_
  std::condition_variable came_;
  std::queue<std::unique_ptr<OpenCall>> to_learn_;  // null at the end
  OpenLoopResult result_;  // .answers: of the taking thread until it is joined
};

}  // namespace

grpc::ByteBuffer Written(const google::protobuf::Message& message) {
  const grpc::Slice slice(message.SerializeAsString());
  return {&slice, 1};
}

OpenLoopResult RunOpenLoop(std::vector<Stream> streams, const std::vector<absl::Duration>& phases) {
  return Loop(std::move(streams)).Run(phases);
}

}  // namespace fovea::bench
