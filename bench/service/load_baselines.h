// What load_bench compares with: SQLite as it comes, and a gRPC server that does nothing.
#ifndef FOVEA_BENCH_SERVICE_LOAD_BASELINES_H_
#define FOVEA_BENCH_SERVICE_LOAD_BASELINES_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "fovea/v1/session.grpc.pb.h"
#include "grpcpp/grpcpp.h"
#include "memory_store/sqlite/database.h"

namespace fovea::bench {

// Ends the program on an error.
void Must(const absl::Status& status);
void Must(const grpc::Status& status);

// Words with a long-tailed frequency, which compress about as prose and tool output do.
std::string Words(std::mt19937_64& random, size_t bytes);

// Milliseconds that each call takes, sorted; and the one at a share of them.
std::vector<double> Time(int samples, const std::function<void()>& call);
double At(const std::vector<double>& sorted, double share);
double Median(std::vector<double> values);

// `threads` run `work(thread, stop, count)`, which counts what it does until `stop`: how many a
// second.
using Work = std::function<void(int, std::atomic<bool>&, std::atomic<uint64_t>&)>;
double Rate(int threads, double seconds, const Work& work);

// A table of turns of 1 KB in SQLite, durable. One thread at a time.
class Raw {
 public:
  // In a file of its own, which goes with the object.
  Raw(const std::string& directory, int page_bytes);
  Raw(const Raw&) = delete;
  Raw& operator=(const Raw&) = delete;
  ~Raw();

  // In one commit.
  void Insert(size_t rows);
  // Bytes of the last rows.
  size_t ReadLast(uint64_t rows);

 private:
  absl::Status Open();
  absl::Status InsertRows(size_t rows);

  const std::string path_;
  const int page_bytes_;
  std::unique_ptr<sqlite::Database> database_;
  std::string row_;
  uint64_t seq_ = 0;
};

// Rows a second: one thread, `rows` a commit; and one writer that takes what is queued by threads
// that wait for their row.
double RawBatches(Raw& raw, size_t rows, double seconds);
double RawFed(Raw& raw, int threads, double seconds);

// Answers at once: appends with nothing, reads with the turns that it was given.
class Nothing final : public v1::SessionService::CallbackService {
 public:
  explicit Nothing(const std::string& address);
  void set_turns(const v1::AppendTurnsRequest& request) {
    *answer_.mutable_turns() = request.turns();
  }
  grpc::ServerUnaryReactor* AppendTurns(grpc::CallbackServerContext* context,
                                        const v1::AppendTurnsRequest* request,
                                        v1::AppendTurnsResponse* response) override;
  grpc::ServerWriteReactor<v1::ReadTurnsResponse>* ReadTurns(
      grpc::CallbackServerContext* context, const v1::ReadTurnsRequest* request) override;

 private:
  std::unique_ptr<grpc::Server> server_;
  v1::ReadTurnsResponse answer_;
};

}  // namespace fovea::bench

#endif  // FOVEA_BENCH_SERVICE_LOAD_BASELINES_H_
