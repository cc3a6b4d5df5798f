// What the verbs write: standard output, and files that appear whole.
#ifndef FOVEA_CLI_FORMATS_OUTPUT_FILE_H_
#define FOVEA_CLI_FORMATS_OUTPUT_FILE_H_

#include <memory>
#include <ostream>
#include <streambuf>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace fovea::cli {

// Writes to a file descriptor and keeps the errno of the first write that failed; what comes behind
// is dropped. Single thread.
class DescriptorBuffer final : public std::streambuf {
 public:
  explicit DescriptorBuffer(int descriptor) : descriptor_(descriptor) {}
  ~DescriptorBuffer() override { DescriptorBuffer::sync(); }
  DescriptorBuffer(const DescriptorBuffer&) = delete;
  DescriptorBuffer& operator=(const DescriptorBuffer&) = delete;

  int sync() override;
  int error() const { return error_; }  // 0: all was written

 private:
  int_type overflow(int_type c) override;
  std::streamsize xsputn(const char* bytes, std::streamsize count) override;
  bool Write(std::string_view bytes);

  const int descriptor_;
  std::string pending_;
  int error_ = 0;
};

// Standard output, as a stream that OutputStatus can ask.
std::ostream& StandardOutput();

// OK if all that `out` was given was written, after a flush. Otherwise the error of the system
// where the stream writes to a DescriptorBuffer: "NAME: No space left on device".
absl::Status OutputStatus(std::ostream& out, const std::string& name);

// If the reader of a pipe is gone, as behind `| head`.
bool IsBrokenPipe(const std::ostream& out);

// A file that is written whole or not at all: a crash, or the end of this object before Finish,
// leaves what was there. Links are followed: the file that they lead to is replaced, with its mode.
// What is there and is no regular file (a device, a FIFO) is written in place. Single thread.
class OutputFile {
 public:
  enum class For { kAll, kOwner };  // kOwner: mode 0600, for what a session holds
  // Errors name the path and are those of the system.
  static absl::StatusOr<std::unique_ptr<OutputFile>> Open(const std::string& path,
                                                          For whom = For::kAll);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  std::ostream& stream() { return stream_; }
  // With `sync`, it is on the disk then.
  absl::Status Finish(bool sync = false);

 private:
  OutputFile(std::string path, std::string target, std::string unfinished, int descriptor);

  const std::string path_;        // as it was named
  const std::string target_;      // what is replaced
  const std::string unfinished_;  // beside the target; "": written in place
  int descriptor_;                // -1 once closed
  DescriptorBuffer buffer_;
  std::ostream stream_;
  bool renamed_ = false;
};

// Writes `bytes` as an OutputFile.
absl::Status WriteFile(const std::string& path, std::string_view bytes);

// If `path` is there and no regular file, so that its name is no place for another.
bool IsWrittenInPlace(const std::string& path);

// `name`, which came from elsewhere, as part of a file's name: what is no ASCII letter, digit, '.',
// '_' or '-' as '_', and so is a dot in front.
std::string SafeFileName(std::string_view name);

}  // namespace fovea::cli

#endif  // FOVEA_CLI_FORMATS_OUTPUT_FILE_H_
