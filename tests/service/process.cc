#include "tests/service/process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace fovea::testing {
namespace {

// A line of /proc/PID/status in kB, as bytes.
uint64_t StatusBytes(pid_t pid, const std::string& name) {
  std::ifstream status(absl::StrCat("/proc/", pid, "/status"));
  for (std::string line; std::getline(status, line);) {
    if (line.rfind(name + ":", 0) != 0) continue;
    const std::vector<std::string> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
    uint64_t kib = 0;
    if (words.size() >= 2 && absl::SimpleAtoi(words[words.size() - 2], &kib)) return kib << 10;
  }
  return 0;
}

}  // namespace

Process::Process(const ProcessOptions& options) {
  const char* named = std::getenv("FOVEA_TEST_FOVEAD");  // another build, to see a test fail on it
  const std::string program =
      named != nullptr ? named : std::string(FOVEA_BINARY_DIR) + "/bin/fovead";
  // Without vocabularies it starts sooner.
  std::vector<std::string> words = {"fovead", "--vocabularies", "/nonexistent"};
  words.insert(words.end(), options.flags.begin(), options.flags.end());
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_ = fork();
  if (pid_ != 0) return;
  const int null = open("/dev/null", O_WRONLY);
  dup2(null, STDOUT_FILENO);
  const int log =
      options.log.empty() ? null : open(options.log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  dup2(log, STDERR_FILENO);
  if (options.max_files != 0) {
    const rlimit limit = {options.max_files, options.max_files};
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  if (options.max_file_bytes != 0) {
    const rlimit limit = {options.max_file_bytes, options.max_file_bytes};
    setrlimit(RLIMIT_FSIZE, &limit);
    signal(SIGXFSZ, SIG_IGN);  // an error of write instead; exec keeps it
  }
  execv(program.c_str(), arguments.data());
  _exit(127);
}

Process::Process(const std::string& data, const std::string& socket)
    : Process(ProcessOptions{
          .flags = {"--data", data, "--listen", "unix:" + socket, "--log-level", "error"}}) {}

Process::~Process() { Kill(SIGKILL); }

int Process::Kill(int signal) {
  if (pid_ <= 0) return 0;
  kill(pid_, signal);
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = 0;
  return status;
}

bool Process::running() { return pid_ > 0 && EndedWith() < 0; }

int Process::EndedWith() {
  int status = 0;
  if (pid_ <= 0) return 0;
  if (waitpid(pid_, &status, WNOHANG) == 0) return -1;
  pid_ = 0;
  return status;
}

uint64_t Process::memory() const { return StatusBytes(pid_, "VmRSS"); }
uint64_t Process::peak_memory() const { return StatusBytes(pid_, "VmHWM"); }

void Process::ResetPeak() const {
  std::ofstream(absl::StrCat("/proc/", pid_, "/clear_refs")) << "5";
}

}  // namespace fovea::testing
