#include "replay/edit_copies.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <variant>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/base/bounded_json.h"

namespace fovea::replay {
namespace {

constexpr const char* kOldTextArguments[] = {"old_string", "old_str", "oldText", "search"};

bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }
bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

// Without "  12→", "12:", "12|" or "12<tab>" before it.
std::string_view WithoutLineNumber(std::string_view line) {
  size_t at = 0;
  while (at < line.size() && IsBlank(line[at])) ++at;
  const size_t digits = at;
  while (at < line.size() && IsDigit(line[at])) ++at;
  if (at == digits) return line;
  constexpr std::string_view kArrow = "→";
  const std::string_view rest = line.substr(at);
  if (rest.starts_with(kArrow)) return rest.substr(kArrow.size());
  if (!rest.empty() && (rest[0] == '\t' || rest[0] == ':' || rest[0] == '|')) return rest.substr(1);
  return line;
}

std::optional<nlohmann::json> ObjectOf(const ToolCallPart& call) {
  nlohmann::json arguments = ParseBoundedJson(call.arguments_json);
  if (!arguments.is_object()) return std::nullopt;
  return arguments;
}

// The string values of the arguments, or, where they are no object, the arguments as they are.
std::string ArgumentsText(const ToolCallPart& call) {
  const std::optional<nlohmann::json> arguments = ObjectOf(call);
  if (!arguments.has_value()) return call.arguments_json;
  std::string text;
  for (const auto& value : *arguments) {
    if (value.is_string()) absl::StrAppend(&text, value.get_ref<const std::string&>(), "\n");
  }
  return text;
}

std::string OldTextOf(const ToolCallPart& call) {
  const std::optional<nlohmann::json> arguments = ObjectOf(call);
  if (!arguments.has_value()) return "";
  for (const char* name : kOldTextArguments) {
    const auto old_text = arguments->find(name);
    if (old_text != arguments->end() && old_text->is_string()) {
      return NormalPassage(old_text->get_ref<const std::string&>());
    }
  }
  return "";
}

// What an earlier turn offers to copy from, beside its results and in them.
struct Source {
  std::string beside_results;
  std::string in_results;
};

Source SourceOf(const Turn& turn) {
  Source source;
  for (const Part& part : turn.parts) {
    if (const auto* text = std::get_if<TextPart>(&part)) {
      absl::StrAppend(&source.beside_results, text->text, "\n");
    } else if (const auto* call = std::get_if<ToolCallPart>(&part)) {
      absl::StrAppend(&source.beside_results, ArgumentsText(*call), "\n");
    } else if (const auto* result = std::get_if<ToolResultPart>(&part)) {
      for (const auto& item : result->content) {
        if (const auto* shown = std::get_if<TextPart>(&item)) {
          absl::StrAppend(&source.in_results, shown->text, "\n");
        }
      }
    }
  }
  return {NormalPassage(source.beside_results), NormalPassage(source.in_results)};
}

}  // namespace

std::string NormalPassage(std::string_view text) {
  std::string normal;
  normal.reserve(text.size());
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!normal.empty()) normal += '\n';
    bool blank = false;
    for (const char c : WithoutLineNumber(line)) {
      if (IsBlank(c)) {
        blank = true;
        continue;
      }
      if (blank) normal += ' ';
      blank = false;
      normal += c;
    }
  }
  return std::string(absl::StripAsciiWhitespace(normal));
}

bool HoldsPassage(std::string_view page, std::string_view passage) {
  if (page.find(passage) != std::string_view::npos) return true;
  const std::string quoted = nlohmann::json(std::string(passage))
                                 .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return page.find(std::string_view(quoted).substr(1, quoted.size() - 2)) != std::string_view::npos;
}

std::vector<EditCopy> FindEditCopies(const std::vector<Turn>& turns) {
  std::vector<EditCopy> copies;
  std::vector<Source> earlier;
  for (const Turn& turn : turns) {
    for (const Part& part : turn.parts) {
      const auto* call = std::get_if<ToolCallPart>(&part);
      if (call == nullptr) continue;
      EditCopy copy{.seq = turn.seq, .passage = OldTextOf(*call)};
      if (copy.passage.size() < kMinPassageBytes) continue;
      for (size_t i = 0; i < earlier.size(); ++i) {
        const auto holds = [&](const std::string& text) {
          return text.find(copy.passage) != std::string::npos;
        };
        if (holds(earlier[i].beside_results)) copy.sources.push_back({i + 1, false});
        if (holds(earlier[i].in_results)) copy.sources.push_back({i + 1, true});
      }
      if (!copy.sources.empty()) copies.push_back(std::move(copy));
    }
    earlier.push_back(SourceOf(turn));
  }
  return copies;
}

}  // namespace fovea::replay
