#include "readers/files/vocabulary_file.h"

#include <algorithm>
#include <fstream>
#include <ios>
#include <iterator>
#include <string>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/tokens/bpe_counter.h"
#include "readers/files/read_file.h"

namespace fovea {
namespace {

constexpr size_t kMaxBytes = size_t{256} << 20;

bool IsJson(const std::filesystem::path& path) { return path.extension() == ".json"; }

// A file that was cut off while it was written ends elsewhere.
absl::Status CheckEnd(const std::filesystem::path& path) {
  // A pipe would keep who opens it waiting.
  std::error_code error;
  const bool regular = std::filesystem::is_regular_file(path, error);
  std::ifstream input;
  if (regular) input.open(path, std::ios::binary | std::ios::ate);
  if (!regular || !input) return absl::NotFoundError(absl::StrCat("cannot read ", path.string()));
  constexpr std::streamoff kEnd = 16;
  const std::streamoff size = input.tellg();
  input.seekg(std::max<std::streamoff>(0, size - kEnd));
  std::string end((std::istreambuf_iterator<char>(input)), std::istreambuf_iterator<char>());
  const bool whole = IsJson(path) ? absl::EndsWith(absl::StripTrailingAsciiWhitespace(end), "}")
                                  : absl::EndsWith(end, "\n");
  if (whole) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(path.string(), ": the file is cut off"));
}

}  // namespace

absl::StatusOr<std::shared_ptr<const VocabularyFile>> VocabularyFile::Open(
    std::filesystem::path path, SplitPattern split, OnFailure on_failure) {
  FOVEA_RETURN_IF_ERROR(CheckEnd(path));
  return std::shared_ptr<const VocabularyFile>(
      new VocabularyFile(std::move(path), split, std::move(on_failure)));
}

VocabularyFile::VocabularyFile(std::filesystem::path path, SplitPattern split, OnFailure on_failure)
    : path_(std::move(path)), split_(split), on_failure_(std::move(on_failure)) {}

bool VocabularyFile::Ready() const {
  absl::call_once(once_, [this] {
    auto loaded = Load();
    failed_ = !loaded.ok();
    if (!loaded.ok()) {
      if (on_failure_) on_failure_(loaded.status());
      return;
    }
    tokenizer_ = *std::move(loaded);
  });
  return tokenizer_ != nullptr;
}

int64_t VocabularyFile::Count(std::string_view text) const { return tokenizer_->Count(text); }

absl::StatusOr<std::unique_ptr<TextTokenizer>> VocabularyFile::Load() const {
  FOVEA_ASSIGN_OR_RETURN(auto text, ReadFile(path_, kMaxBytes));
  auto vocabulary = IsJson(path_) ? ParseTokenizerJson(text) : ParseTiktoken(text, split_);
  auto counter = vocabulary.ok() ? BpeCounter::Create(*vocabulary) : vocabulary.status();
  if (counter.ok()) return *std::move(counter);
  return absl::InvalidArgumentError(
      absl::StrCat(path_.string(), ": ", std::string(counter.status().message())));
}

}  // namespace fovea
