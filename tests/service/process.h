// A fovead in a process of its own.
#ifndef FOVEA_TESTS_SERVICE_PROCESS_H_
#define FOVEA_TESTS_SERVICE_PROCESS_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace fovea::testing {

struct ProcessOptions {
  std::vector<std::string> flags;
  uint64_t max_files = 0;       // 0: as this process
  uint64_t max_file_bytes = 0;  // no file may grow beyond; 0: as this process
  std::string log;              // a file for its standard error; "" for none
};

class Process {
 public:
  explicit Process(const ProcessOptions& options);
  Process(const std::string& data, const std::string& socket);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // Waits for the end after the signal, and returns the status of waitpid.
  int Kill(int signal);
  bool running();
  // The status of waitpid if the process has ended by itself; -1 while it runs.
  int EndedWith();
  // Bytes in memory: now, and at most so far.
  uint64_t memory() const;
  uint64_t peak_memory() const;
  // So that peak_memory counts from now on.
  void ResetPeak() const;
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = 0;
};

}  // namespace fovea::testing

#endif  // FOVEA_TESTS_SERVICE_PROCESS_H_
