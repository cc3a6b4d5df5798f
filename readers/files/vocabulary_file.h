// A tokenizer whose vocabulary lies in a file, which is read when it is first needed: one takes
// some tenths of a second of a core, and some 40 MB, and most servers count for one or two readers.
#ifndef FOVEA_READERS_FILES_VOCABULARY_FILE_H_
#define FOVEA_READERS_FILES_VOCABULARY_FILE_H_

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string_view>

#include "absl/base/call_once.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/reader/text_tokenizer.h"
#include "core/tokens/bpe_vocabulary.h"

namespace fovea {

// Thread-safe: whoever asks while it is read waits.
class VocabularyFile final : public TextTokenizer {
 public:
  // Told once, by the thread that finds that the file cannot be used; names the file.
  using OnFailure = std::function<void(const absl::Status&)>;

  // `split` counts for tiktoken's files, which do not say; *.json are tokenizer.json. Looks at the
  // file's end only: NOT_FOUND if it cannot be read, INVALID_ARGUMENT if it is cut off.
  static absl::StatusOr<std::shared_ptr<const VocabularyFile>> Open(std::filesystem::path path,
                                                                    SplitPattern split,
                                                                    OnFailure on_failure);

  // False once it has turned out that the file cannot be used.
  bool Ready() const override;
  bool failed() const override { return failed_; }
  int64_t Count(std::string_view text) const override;

 private:
  VocabularyFile(std::filesystem::path path, SplitPattern split, OnFailure on_failure);
  absl::StatusOr<std::unique_ptr<TextTokenizer>> Load() const;

  const std::filesystem::path path_;
  const SplitPattern split_;
  const OnFailure on_failure_;
  mutable absl::once_flag once_;
  mutable std::unique_ptr<const TextTokenizer> tokenizer_;  // null where it cannot be used
  mutable std::atomic<bool> failed_ = false;
};

}  // namespace fovea

#endif  // FOVEA_READERS_FILES_VOCABULARY_FILE_H_
