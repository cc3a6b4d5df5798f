#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/bounded_json.h"
#include "core/base/status_macros.h"
#include "core/base/utf8.h"
#include "core/tokens/bpe_merges.h"
#include "core/tokens/bpe_vocabulary.h"

namespace fovea {
namespace {

using nlohmann::json;

// The largest known vocabularies have half a million tokens and as many merges.
constexpr size_t kMaxValues = size_t{16} << 20;

absl::Status Malformed(absl::string_view field) {
  return absl::InvalidArgumentError(
      absl::StrCat("tokenizer.json: ", field, " is missing or malformed"));
}

absl::Status Unknown(absl::string_view field, const json& value) {
  std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
  if (text.size() > 400) text = text.substr(0, CharacterStart(text, 400)) + "…";
  return absl::UnimplementedError(absl::StrCat("tokenizer.json: ", field, " is not known: ", text));
}

const json& Field(const json& object, const char* name) {
  static const json kNull;
  if (!object.is_object()) return kNull;
  const auto field = object.find(name);
  return field == object.end() ? kNull : *field;
}

bool HasType(const json& object, std::string_view type) {
  const json& field = Field(object, "type");
  return field.is_string() && field.get_ref<const std::string&>() == type;
}

// ---- Which pattern ----

struct KnownPattern {
  SplitPattern pattern;
  std::vector<std::string_view> expressions;
};

constexpr std::string_view kLlama3Expression =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*)"
    R"(|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kQwen2Expression =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*)"
    R"(|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kO200kExpression =
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+)"
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+)"
    R"([\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+)"
    R"([\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kTekkenExpression =
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+)"
    R"(|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+)"
    R"([\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+)"
    R"([\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
// DeepSeek's file has the two characters themselves where others have \r\n.
constexpr std::string_view kDeepSeekExpression =
    R"([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^)"
    "\r\n"
    R"(\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[)"
    "\r\n"
    R"(]*|\s*[)"
    "\r\n"
    R"(]+|\s+(?!\S)|\s+)";

std::optional<SplitPattern> FindPattern(const std::vector<std::string_view>& expressions) {
  const std::array<KnownPattern, 5> known = {
      {{SplitPattern::kLlama3, {kLlama3Expression}},
       {SplitPattern::kQwen2, {kQwen2Expression}},
       {SplitPattern::kO200k, {kO200kExpression}},
       {SplitPattern::kTekken, {kTekkenExpression}},
       {SplitPattern::kDeepSeek3,
        {R"(\p{N}{1,3})", "[一-龥぀-ゟ゠-ヿ]+", kDeepSeekExpression}}}};
  const auto found = std::ranges::find(known, expressions, &KnownPattern::expressions);
  if (found == known.end()) return std::nullopt;
  return found->pattern;
}

// The expression of {"type": "Split", ...} that makes each match a piece, as its gaps; or nothing.
std::optional<std::string_view> SplitExpression(const json& step) {
  const json& expression = Field(Field(step, "pattern"), "Regex");
  if (!HasType(step, "Split") || Field(step, "behavior") != "Isolated" ||
      Field(step, "invert") != false || !expression.is_string()) {
    return std::nullopt;
  }
  return expression.get_ref<const std::string&>();
}

// A sequence of Split steps and then ByteLevel, which only spells the bytes.
std::optional<SplitPattern> PatternOf(const json& pre_tokenizer) {
  const json& steps = Field(pre_tokenizer, "pretokenizers");
  if (!HasType(pre_tokenizer, "Sequence") || !steps.is_array() || steps.empty()) return {};
  const json& bytes = steps.back();
  if (!HasType(bytes, "ByteLevel") || Field(bytes, "use_regex") != false ||
      Field(bytes, "add_prefix_space") != false) {
    return std::nullopt;
  }
  std::vector<std::string_view> expressions;
  for (size_t i = 0; i + 1 < steps.size(); ++i) {
    const std::optional<std::string_view> expression = SplitExpression(steps[i]);
    if (!expression) return std::nullopt;
    expressions.push_back(*expression);
  }
  return FindPattern(expressions);
}

// Whether the normalizer is NFC, or nothing for one that is not known.
std::optional<bool> IsNfcNormalizer(const json& normalizer) {
  if (normalizer.is_null()) return false;
  if (HasType(normalizer, "NFC")) return true;
  const json& steps = Field(normalizer, "normalizers");
  if (!HasType(normalizer, "Sequence") || !steps.is_array()) return std::nullopt;
  bool nfc = false;
  for (const json& step : steps) {
    const std::optional<bool> inner = IsNfcNormalizer(step);
    if (!inner) return std::nullopt;
    nfc = nfc || *inner;
  }
  return nfc;
}

// ---- The model ----

// Byte-level models spell a byte as a printable character: itself if it is one in Latin-1, else the
// next from U+0100 on.
class ByteSpelling {
 public:
  ByteSpelling() {
    char32_t next = 0x100;
    for (uint32_t byte = 0; byte < 256; ++byte) {
      const bool printable = (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte != 0xAD);
      const char32_t spelled = printable ? byte : next++;
      bytes_[spelled] = static_cast<int16_t>(byte);
    }
  }

  // Nothing if the text spells no bytes, as the names of special tokens.
  std::optional<std::string> Bytes(std::string_view text) const {
    std::string bytes;
    for (size_t at = 0; at < text.size();) {
      const DecodedCharacter c = DecodeUtf8(text, at);
      const int16_t byte = c.code_point < bytes_.size() ? bytes_[c.code_point] : kNoByte;
      if (!c.well_formed || byte == kNoByte) return std::nullopt;
      bytes += static_cast<char>(byte);
      at += c.length;
    }
    return bytes;
  }

 private:
  static constexpr int16_t kNoByte = -1;
  // 68 bytes are not printable.
  std::array<int16_t, 0x100 + 68> bytes_ = [] {
    std::array<int16_t, 0x100 + 68> none{};
    none.fill(kNoByte);
    return none;
  }();
};

absl::Status CheckOptions(const json& model) {
  for (const char* name : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    const json& option = Field(model, name);
    const bool none =
        option.is_null() || (option.is_string() && option.get_ref<const std::string&>().empty());
    if (!none) return Unknown(absl::StrCat("model.", name), option);
  }
  const json& dropout = Field(model, "dropout");
  if (!dropout.is_null() && dropout != 0) return Unknown("model.dropout", dropout);
  const json& fallback = Field(model, "byte_fallback");
  if (!fallback.is_null() && fallback != false) return Unknown("model.byte_fallback", fallback);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<BpeToken>> ReadTokens(const json& vocab, const ByteSpelling& spelling) {
  if (!vocab.is_object()) return Malformed("model.vocab");
  std::vector<std::pair<int64_t, std::string>> by_id;
  for (const auto& [text, id] : vocab.items()) {
    if (!id.is_number_integer()) return Malformed(absl::StrCat("model.vocab.", text));
    std::optional<std::string> bytes = spelling.Bytes(text);
    if (bytes) by_id.emplace_back(id.get<int64_t>(), *std::move(bytes));
  }
  // Frequent tokens have low numbers.
  std::ranges::sort(by_id);
  std::vector<BpeToken> tokens;
  tokens.reserve(by_id.size());
  for (auto& [id, bytes] : by_id) tokens.push_back({.bytes = std::move(bytes)});
  return tokens;
}

// The two sides of "a b" or ["a", "b"].
std::optional<std::pair<std::string_view, std::string_view>> MergeSides(const json& merge) {
  if (merge.is_string()) {
    const std::string_view text = merge.get_ref<const std::string&>();
    const size_t space = text.find(' ');
    if (space == std::string_view::npos) return std::nullopt;
    return std::pair(text.substr(0, space), text.substr(space + 1));
  }
  if (!merge.is_array() || merge.size() != 2 || !merge[0].is_string() || !merge[1].is_string()) {
    return std::nullopt;
  }
  return std::pair<std::string_view, std::string_view>(merge[0].get_ref<const std::string&>(),
                                                       merge[1].get_ref<const std::string&>());
}

using MergeTable = absl::flat_hash_map<std::pair<uint32_t, uint32_t>, BpeMerge>;

absl::StatusOr<MergeTable> ReadMerges(const json& merges, const ByteSpelling& spelling,
                                      const TokenIndex& index) {
  if (!merges.is_array()) return Malformed("model.merges");
  MergeTable table;
  table.reserve(merges.size());
  for (size_t i = 0; i < merges.size(); ++i) {
    const std::string field = absl::StrCat("model.merges[", i, "]");
    const auto sides = MergeSides(merges[i]);
    if (!sides) return Malformed(field);
    const std::optional<std::string> left = spelling.Bytes(sides->first);
    const std::optional<std::string> right = spelling.Bytes(sides->second);
    if (!left || !right) return Malformed(field);
    const auto left_token = index.find(*left);
    const auto right_token = index.find(*right);
    const auto token = index.find(*left + *right);
    if (left_token == index.end() || right_token == index.end() || token == index.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("tokenizer.json: ", field, " names what model.vocab does not have"));
    }
    table[{left_token->second, right_token->second}] = {.rank = static_cast<uint32_t>(i) + 1,
                                                        .token = token->second};
  }
  return table;
}

absl::Status ReadModel(const json& model, BpeVocabulary* vocabulary) {
  if (!HasType(model, "BPE")) return Unknown("model.type", Field(model, "type"));
  FOVEA_RETURN_IF_ERROR(CheckOptions(model));
  const ByteSpelling spelling;
  FOVEA_ASSIGN_OR_RETURN(std::vector<BpeToken> tokens, ReadTokens(Field(model, "vocab"), spelling));
  vocabulary->tokens = std::move(tokens);
  FOVEA_ASSIGN_OR_RETURN(const TokenIndex index, IndexTokens(vocabulary->tokens));
  FOVEA_ASSIGN_OR_RETURN(const MergeTable merges,
                         ReadMerges(Field(model, "merges"), spelling, index));
  const auto find = [&](uint32_t left, uint32_t right, std::string_view) -> BpeMerge {
    const auto found = merges.find({left, right});
    return found == merges.end() ? BpeMerge{} : found->second;
  };
  vocabulary->whole_pieces = Field(model, "ignore_merges") == true;
  ResolveMerges(index, find, &vocabulary->tokens);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<BpeVocabulary> ParseTokenizerJson(std::string_view text) {
  const json document = ParseBoundedJson(text, kMaxValues);
  if (document.is_discarded()) {
    return absl::InvalidArgumentError(
        "tokenizer.json: no valid JSON, or larger than any vocabulary");
  }
  BpeVocabulary vocabulary;
  const json& normalizer = Field(document, "normalizer");
  const std::optional<bool> nfc = IsNfcNormalizer(normalizer);
  if (!nfc) return Unknown("normalizer", normalizer);
  vocabulary.nfc = *nfc;
  const json& pre_tokenizer = Field(document, "pre_tokenizer");
  const std::optional<SplitPattern> split = PatternOf(pre_tokenizer);
  if (!split) return Unknown("pre_tokenizer", pre_tokenizer);
  vocabulary.split = *split;
  FOVEA_RETURN_IF_ERROR(ReadModel(Field(document, "model"), &vocabulary));
  return vocabulary;
}

}  // namespace fovea
