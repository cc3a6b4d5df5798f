#include "memory_store/sqlite/fts.h"

#include <sqlite3.h>

#include <cstring>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "memory_store/absl_view.h"
#include "memory_store/sqlite/status_macros.h"

namespace fovea::sqlite {
namespace {

constexpr char kApiSql[] = "SELECT fts5(?1)";
constexpr const char* kTokenizerOptions[] = {"remove_diacritics", "2"};

absl::StatusOr<fts5_api*> FindApi(Database& database) {
  fts5_api* api = nullptr;
  sqlite3_stmt* statement = nullptr;
  int code = sqlite3_prepare_v2(database.handle(), kApiSql, -1, &statement, nullptr);
  if (code == SQLITE_OK) {
    sqlite3_bind_pointer(statement, 1, static_cast<void*>(&api), "fts5_api_ptr", nullptr);
    sqlite3_step(statement);
    code = sqlite3_finalize(statement);
  }
  if (code != SQLITE_OK) return ToStatus(code, "finding FTS5", database.handle());
  if (api == nullptr) return absl::InternalError("SQLite was built without FTS5");
  return api;
}

int AddToken(void* tokens, int /*flags*/, const char* token, int size, int /*begin*/, int /*end*/) {
  static_cast<std::vector<std::string>*>(tokens)->emplace_back(token, size);
  return SQLITE_OK;
}

// The tokenizer of the index. Thread-compatible.
class Tokenizer {
 public:
  static absl::StatusOr<Tokenizer> Create(Database& database) {
    STORE_ASSIGN_OR_RETURN(fts5_api * api, FindApi(database));
    Tokenizer tokenizer;
    void* context = nullptr;
    int code = api->xFindTokenizer(api, "unicode61", &context, &tokenizer.functions_);
    if (code == SQLITE_OK) {
      std::vector<const char*> options(std::begin(kTokenizerOptions), std::end(kTokenizerOptions));
      code = tokenizer.functions_.xCreate(context, options.data(), static_cast<int>(options.size()),
                                          &tokenizer.instance_);
    }
    if (code != SQLITE_OK) return ToStatus(code, "tokenizer", database.handle());
    return tokenizer;
  }
  Tokenizer(Tokenizer&& other) noexcept
      : functions_(other.functions_), instance_(std::exchange(other.instance_, nullptr)) {}
  Tokenizer(const Tokenizer&) = delete;
  Tokenizer& operator=(const Tokenizer&) = delete;
  Tokenizer& operator=(Tokenizer&&) = delete;
  ~Tokenizer() {
    if (instance_ != nullptr) functions_.xDelete(instance_);
  }

  std::vector<std::string> Tokens(std::string_view word) const {
    std::vector<std::string> tokens;
    functions_.xTokenize(instance_, &tokens, FTS5_TOKENIZE_QUERY, word.data(),
                         static_cast<int>(word.size()), AddToken);
    return tokens;
  }

 private:
  Tokenizer() = default;
  fts5_tokenizer functions_ = {};
  Fts5Tokenizer* instance_ = nullptr;
};

int CountMatches(const Fts5ExtensionApi* api, Fts5Context* row, std::vector<int64_t>& numbers) {
  int tokens = 0;
  int matches = 0;
  int code = api->xColumnSize(row, 0, &tokens);
  if (code == SQLITE_OK) code = api->xInstCount(row, &matches);
  numbers.assign(1 + api->xPhraseCount(row), 0);
  numbers[0] = tokens;
  for (int i = 0; i < matches && code == SQLITE_OK; ++i) {
    int phrase = 0;
    int column = 0;
    int offset = 0;
    code = api->xInst(row, i, &phrase, &column, &offset);
    if (code == SQLITE_OK) ++numbers[1 + phrase];
  }
  return code;
}

void MatchCountsFunction(const Fts5ExtensionApi* api, Fts5Context* row, sqlite3_context* result,
                         int /*arguments*/, sqlite3_value** /*values*/) {
  std::vector<int64_t> numbers;
  const int code = CountMatches(api, row, numbers);
  if (code != SQLITE_OK) {
    sqlite3_result_error_code(result, code);
    return;
  }
  sqlite3_result_blob64(result, numbers.data(), numbers.size() * sizeof(int64_t), SQLITE_TRANSIENT);
}

}  // namespace

absl::StatusOr<FtsQuery> ParseFtsQuery(Database& database, std::string_view text) {
  STORE_ASSIGN_OR_RETURN(const Tokenizer tokenizer, Tokenizer::Create(database));
  FtsQuery query;
  for (const absl::string_view word :
       absl::StrSplit(AbslView(text), absl::ByAnyChar(" \t\r\n\f\v"), absl::SkipEmpty())) {
    const std::vector<std::string> tokens = tokenizer.Tokens(StdView(word));
    if (tokens.empty()) continue;
    query.phrases.push_back(absl::StrCat("\"", absl::StrJoin(tokens, " "), "\"",
                                         absl::EndsWith(word, "*") ? " *" : ""));
  }
  if (query.phrases.empty()) return absl::InvalidArgumentError("the query holds no word");
  if (query.phrases.size() > kMaxQueryWords) {
    return absl::InvalidArgumentError(absl::StrCat("more than ", kMaxQueryWords, " words"));
  }
  query.match = absl::StrJoin(query.phrases, " ");
  return query;
}

absl::Status RegisterMatchCounts(Database& database) {
  STORE_ASSIGN_OR_RETURN(fts5_api * api, FindApi(database));
  const int code = api->xCreateFunction(api, "match_counts", nullptr, MatchCountsFunction, nullptr);
  return code == SQLITE_OK ? absl::OkStatus()
                           : ToStatus(code, "registering match_counts", database.handle());
}

MatchCounts ParseMatchCounts(std::string_view blob) {
  std::vector<int64_t> numbers(blob.size() / sizeof(int64_t));
  if (!numbers.empty()) std::memcpy(numbers.data(), blob.data(), numbers.size() * sizeof(int64_t));
  MatchCounts counts;
  if (numbers.empty()) return counts;
  counts.tokens = numbers.front();
  counts.counts.assign(numbers.begin() + 1, numbers.end());
  return counts;
}

}  // namespace fovea::sqlite
