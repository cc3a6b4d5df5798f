#include "readers/files/load_readers.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/reader/reader_family.h"
#include "core/tokens/bpe_vocabulary.h"
#include "readers/files/read_file.h"

namespace fovea {
namespace {

constexpr size_t kMaxProfileBytes = size_t{1} << 20;

struct KnownVocabulary {
  const char* name;
  const char* file;
  SplitPattern split;  // of a tiktoken file, which does not say
};
constexpr std::array kVocabularies = {
    KnownVocabulary{"o200k_base", "o200k_base.tiktoken", SplitPattern::kO200k},
    KnownVocabulary{"cl100k_base", "cl100k_base.tiktoken", SplitPattern::kCl100k},
    KnownVocabulary{"tekken", "tekken.tiktoken", SplitPattern::kTekken},
    KnownVocabulary{"qwen", "qwen.json", {}},
    KnownVocabulary{"deepseek", "deepseek.json", {}},
    KnownVocabulary{"llama3", "llama3.json", {}}};

absl::Status AddProfilesOf(const std::filesystem::path& file, ReaderCatalogue& catalogue) {
  FOVEA_ASSIGN_OR_RETURN(auto text, ReadFile(file, kMaxProfileBytes));
  FOVEA_ASSIGN_OR_RETURN(auto profiles, ParseReaderFile(file.string(), text));
  for (ReaderProfile& profile : profiles) {
    const std::string& name = profile.vocabulary;
    const bool known =
        name.empty() || std::any_of(kVocabularies.begin(), kVocabularies.end(),
                                    [&](const KnownVocabulary& v) { return v.name == name; });
    if (!known) {
      return absl::InvalidArgumentError(
          absl::StrCat(file.string(), ": text.vocabulary: \"", name, "\" is not known"));
    }
    catalogue.Add(std::move(profile));
  }
  return absl::OkStatus();
}

absl::Status AddProfiles(const std::string& directory, ReaderCatalogue& catalogue) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  if (error) return absl::NotFoundError(absl::StrCat(directory, ": ", error.message()));
  std::sort(files.begin(), files.end());
  absl::Status all;
  for (const auto& file : files) {
    const absl::Status status = AddProfilesOf(file, catalogue);
    if (all.ok() || status.ok()) {
      all.Update(status);
    } else {
      all = absl::Status(all.code(), absl::StrCat(all.message(), "\n", status.message()));
    }
  }
  return all;
}

}  // namespace

std::string DefaultVocabularyDirectory() {
  const char* named = std::getenv("FOVEA_VOCABULARIES");
  if (named != nullptr && *named != '\0') return named;
  const char* home = std::getenv("HOME");
  return absl::StrCat(home == nullptr ? "" : home, "/.local/share/fovea/vocabularies");
}

absl::StatusOr<ReaderCatalogue> LoadReaders(const std::string& profiles,
                                            const std::string& vocabularies,
                                            const VocabularyFile::OnFailure& on_failure) {
  auto catalogue = BuiltInReaders();
  if (!catalogue.ok()) return catalogue;
  if (!profiles.empty()) {
    FOVEA_RETURN_IF_ERROR(AddProfiles(profiles, *catalogue));
  }
  const std::vector<ReaderProfile> readers = catalogue->profiles();
  for (const KnownVocabulary& known : kVocabularies) {
    const auto path = std::filesystem::path(vocabularies) / known.file;
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) continue;
    FOVEA_ASSIGN_OR_RETURN(auto tokenizer, VocabularyFile::Open(path, known.split, on_failure));
    for (ReaderProfile reader : readers) {
      if (reader.vocabulary != known.name) continue;
      reader.tokenizer = tokenizer;
      catalogue->Add(std::move(reader));
    }
  }
  return catalogue;
}

}  // namespace fovea
