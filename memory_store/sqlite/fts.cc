#include "memory_store/sqlite/fts.h"

#include <sqlite3.h>

#include <cstring>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "core/base/status_macros.h"
#include "memory_store/absl_view.h"
#include "memory_store/dense_script.h"

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

using TokenFunction = int (*)(void* context, int flags, const char* token, int size, int begin,
                              int end);

// The tokenizer of the index, around SQLite's unicode61. Thread-compatible.
class Tokenizer {
 public:
  static absl::StatusOr<std::unique_ptr<Tokenizer>> Create(fts5_api* api) {
    std::unique_ptr<Tokenizer> tokenizer(new Tokenizer());
    void* context = nullptr;
    int code = api->xFindTokenizer(api, "unicode61", &context, &tokenizer->functions_);
    if (code == SQLITE_OK) {
      std::vector<const char*> options(std::begin(kTokenizerOptions), std::end(kTokenizerOptions));
      code = tokenizer->functions_.xCreate(context, options.data(),
                                           static_cast<int>(options.size()), &tokenizer->instance_);
    }
    if (code != SQLITE_OK) return ToStatus(code, "tokenizer", nullptr);
    return tokenizer;
  }
  Tokenizer(const Tokenizer&) = delete;
  Tokenizer& operator=(const Tokenizer&) = delete;
  ~Tokenizer() {
    if (instance_ != nullptr) functions_.xDelete(instance_);
  }

  int Tokenize(void* context, int flags, std::string_view text, TokenFunction take) const {
    return functions_.xTokenize(instance_, context, flags, text.data(),
                                static_cast<int>(text.size()), take);
  }

 private:
  Tokenizer() = default;
  fts5_tokenizer functions_ = {};
  Fts5Tokenizer* instance_ = nullptr;
};

struct Cutting {  // of one call of Tokenize
  void* context;
  TokenFunction take;
  int code = SQLITE_OK;
};

int CutAndTake(void* context, int flags, const char* token, int size, int begin, int end) {
  auto& cutting = *static_cast<Cutting*>(context);
  CutToken({token, static_cast<size_t>(size)}, [&](std::string_view piece, PieceKind /*kind*/) {
    cutting.code = cutting.take(cutting.context, flags, piece.data(),
                                static_cast<int>(piece.size()), begin, end);
    return cutting.code == SQLITE_OK;
  });
  return cutting.code;
}

int CreateTokenizer(void* api, const char** /*options*/, int /*count*/, Fts5Tokenizer** out) {
  auto tokenizer = Tokenizer::Create(static_cast<fts5_api*>(api));
  if (!tokenizer.ok()) return SQLITE_ERROR;
  *out = reinterpret_cast<Fts5Tokenizer*>(tokenizer->release());
  return SQLITE_OK;
}

void DeleteTokenizer(Fts5Tokenizer* tokenizer) { delete reinterpret_cast<Tokenizer*>(tokenizer); }

// A query comes as pieces already (ParseFtsQuery).
int Tokenize(Fts5Tokenizer* instance, void* context, int flags, const char* text, int size,
             TokenFunction take) {
  const auto& tokenizer = *reinterpret_cast<const Tokenizer*>(instance);
  const std::string_view bytes(text, static_cast<size_t>(size));
  if ((flags & FTS5_TOKENIZE_QUERY) != 0) return tokenizer.Tokenize(context, flags, bytes, take);
  Cutting cutting = {context, take};
  return tokenizer.Tokenize(&cutting, flags, bytes, CutAndTake);
}

struct Piece {
  std::string text;
  PieceKind kind;
};

int AddPieces(void* context, int /*flags*/, const char* token, int size, int /*begin*/,
              int /*end*/) {
  auto& pieces = *static_cast<std::vector<Piece>*>(context);
  CutToken({token, static_cast<size_t>(size)}, [&](std::string_view piece, PieceKind kind) {
    pieces.push_back({std::string(piece), kind});
    return true;
  });
  return SQLITE_OK;
}

// The phrase of one word; "" if it holds no letter. A word that ends in a dense run may go on in
// the text: its last pair is enough, and a single character begins some pair or is the last.
std::string ToPhrase(const Tokenizer& tokenizer, std::string_view word) {
  std::vector<Piece> pieces;
  tokenizer.Tokenize(&pieces, FTS5_TOKENIZE_AUX, word, AddPieces);
  if (pieces.empty()) return "";
  const PieceKind end = pieces.back().kind;
  if (end == PieceKind::kLast) pieces.pop_back();
  const bool prefix =
      end == PieceKind::kSingle || (end == PieceKind::kWord && absl::EndsWith(AbslView(word), "*"));
  return absl::StrCat(
      "\"",
      absl::StrJoin(pieces, " ",
                    [](std::string* out, const Piece& piece) { out->append(piece.text); }),
      "\"", prefix ? " *" : "");
}

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
  FOVEA_ASSIGN_OR_RETURN(fts5_api * api, FindApi(database));
  FOVEA_ASSIGN_OR_RETURN(const std::unique_ptr<Tokenizer> tokenizer, Tokenizer::Create(api));
  FtsQuery query;
  for (const absl::string_view word :
       absl::StrSplit(AbslView(text), absl::ByAnyChar(" \t\r\n\f\v"), absl::SkipEmpty())) {
    query.words.emplace_back(word);
    std::string phrase = ToPhrase(*tokenizer, StdView(word));
    if (phrase.empty()) continue;
    query.phrases.push_back(std::move(phrase));
    if (HoldsDense(StdView(word))) query.verbatim.emplace_back(absl::StripSuffix(word, "*"));
  }
  if (query.phrases.empty()) return absl::InvalidArgumentError("the query holds no word");
  if (query.phrases.size() > kMaxQueryWords) {
    return absl::InvalidArgumentError(absl::StrCat("more than ", kMaxQueryWords, " words"));
  }
  query.match = absl::StrJoin(query.phrases, " ");
  return query;
}

absl::Status RegisterFts(Database& database) {
  FOVEA_ASSIGN_OR_RETURN(fts5_api * api, FindApi(database));
  fts5_tokenizer functions = {CreateTokenizer, DeleteTokenizer, Tokenize};
  int code = api->xCreateTokenizer(api, "fovea", static_cast<void*>(api), &functions, nullptr);
  if (code == SQLITE_OK) {
    code = api->xCreateFunction(api, "match_counts", nullptr, MatchCountsFunction, nullptr);
  }
  return code == SQLITE_OK ? absl::OkStatus()
                           : ToStatus(code, "registering with FTS5", database.handle());
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
