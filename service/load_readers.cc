#include "service/load_readers.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <map>
#include <memory>
#include <sstream>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/reader/reader_family.h"
#include "core/tokens/bpe_counter.h"
#include "core/tokens/bpe_vocabulary.h"

namespace fovea::service {
namespace {

struct VocabularyFile {
  const char* name;
  const char* file;
  SplitPattern split;  // of a tiktoken file, which does not say
};
constexpr std::array kVocabularies = {
    VocabularyFile{"o200k_base", "o200k_base.tiktoken", SplitPattern::kO200k},
    VocabularyFile{"cl100k_base", "cl100k_base.tiktoken", SplitPattern::kCl100k},
    VocabularyFile{"tekken", "tekken.tiktoken", SplitPattern::kTekken},
    VocabularyFile{"qwen", "qwen.json", {}},
    VocabularyFile{"deepseek", "deepseek.json", {}},
    VocabularyFile{"llama3", "llama3.json", {}}};

using Tokenizer = std::shared_ptr<const TextTokenizer>;

absl::StatusOr<std::string> ReadFile(const std::filesystem::path& path) {
  std::ifstream input(path, std::ios::binary);
  std::ostringstream text;
  text << input.rdbuf();
  if (!input) return absl::NotFoundError(absl::StrCat("cannot read ", path.string()));
  return std::move(text).str();
}

absl::StatusOr<Tokenizer> LoadVocabulary(const std::filesystem::path& path, SplitPattern split) {
  auto text = ReadFile(path);
  if (!text.ok()) return text.status();
  auto vocabulary =
      path.extension() == ".json" ? ParseTokenizerJson(*text) : ParseTiktoken(*text, split);
  auto counter = vocabulary.ok() ? BpeCounter::Create(*vocabulary) : vocabulary.status();
  if (!counter.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path.string(), ": ", std::string(counter.status().message())));
  }
  return Tokenizer(*std::move(counter));
}

// Those that are wanted and there, side by side: each takes some tenths of a second.
absl::StatusOr<std::map<std::string, Tokenizer>> LoadVocabularies(
    const std::string& directory, const ReaderCatalogue& catalogue) {
  std::map<std::string, std::future<absl::StatusOr<Tokenizer>>> loading;
  for (const VocabularyFile& file : kVocabularies) {
    const auto path = std::filesystem::path(directory) / file.file;
    const auto& readers = catalogue.profiles();
    const bool wanted = std::any_of(readers.begin(), readers.end(), [&](const auto& reader) {
      return reader.vocabulary == file.name;
    });
    std::error_code ignored;
    if (!wanted || !std::filesystem::exists(path, ignored)) continue;
    loading[file.name] = std::async(std::launch::async, LoadVocabulary, path, file.split);
  }
  std::map<std::string, Tokenizer> loaded;
  for (auto& [name, result] : loading) {
    auto tokenizer = result.get();
    if (!tokenizer.ok()) return tokenizer.status();
    loaded[name] = *std::move(tokenizer);
  }
  return loaded;
}

absl::Status AddProfiles(const std::string& directory, ReaderCatalogue& catalogue) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  if (error) return absl::NotFoundError(absl::StrCat(directory, ": ", error.message()));
  std::sort(files.begin(), files.end());
  for (const auto& file : files) {
    auto text = ReadFile(file);
    if (!text.ok()) return text.status();
    auto profiles = ParseReaderFile(file.string(), *text);
    if (!profiles.ok()) return profiles.status();
    for (ReaderProfile& profile : *profiles) {
      const std::string& name = profile.vocabulary;
      const bool known =
          name.empty() || std::any_of(kVocabularies.begin(), kVocabularies.end(),
                                      [&](const VocabularyFile& v) { return v.name == name; });
      if (!known) {
        return absl::InvalidArgumentError(
            absl::StrCat(file.string(), ": text.vocabulary: \"", name, "\" is not known"));
      }
      catalogue.Add(std::move(profile));
    }
  }
  return absl::OkStatus();
}

}  // namespace

std::string DefaultVocabularyDirectory() {
  const char* named = std::getenv("FOVEA_VOCABULARIES");
  if (named != nullptr && *named != '\0') return named;
  const char* home = std::getenv("HOME");
  return absl::StrCat(home == nullptr ? "" : home, "/.local/share/fovea/vocabularies");
}

absl::StatusOr<ReaderCatalogue> LoadReaders(const std::string& profiles,
                                            const std::string& vocabularies) {
  auto catalogue = BuiltInReaders();
  if (!catalogue.ok()) return catalogue;
  if (!profiles.empty()) {
    absl::Status status = AddProfiles(profiles, *catalogue);
    if (!status.ok()) return status;
  }
  auto tokenizers = LoadVocabularies(vocabularies, *catalogue);
  if (!tokenizers.ok()) return tokenizers.status();
  const std::vector<ReaderProfile> readers = catalogue->profiles();
  for (ReaderProfile reader : readers) {
    const auto found = tokenizers->find(reader.vocabulary);
    if (found == tokenizers->end()) continue;
    reader.tokenizer = found->second;
    catalogue->Add(std::move(reader));
  }
  return catalogue;
}

}  // namespace fovea::service
