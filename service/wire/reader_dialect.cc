#include "service/wire/reader_dialect.h"

#include <algorithm>
#include <array>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace fovea::wire {
namespace {

struct Family {
  const char* name;
  ReaderDialect dialect;
};

// From the chat templates on Hugging Face (google/gemma-3-*, mistralai/*, moonshotai/Kimi-*) and
// those that vLLM brings (examples/tool_chat_template_*).
constexpr ReaderDialect kGemma = {.roles_alternate = true};
constexpr ReaderDialect kMistral = {.roles_alternate = true, .nine_character_ids = true};
constexpr ReaderDialect kKimi = {.wants_reasoning = true};
constexpr std::array<Family, 9> kFamilies = {{{"gemma", kGemma},
                                              {"mistral", kMistral},
                                              {"mixtral", kMistral},
                                              {"ministral", kMistral},
                                              {"magistral", kMistral},
                                              {"pixtral", kMistral},
                                              {"devstral", kMistral},
                                              {"codestral", kMistral},
                                              {"kimi-k", kKimi}}};

const Family* FamilyOf(const std::string& name) {
  const std::string lower = absl::AsciiStrToLower(name);
  const auto found = std::ranges::find_if(
      kFamilies, [&](const Family& family) { return absl::StrContains(lower, family.name); });
  return found == kFamilies.end() ? nullptr : &*found;
}

}  // namespace

ReaderDialect DialectOf(const ReaderProfile& reader) {
  if (const Family* family = FamilyOf(reader.name)) return family->dialect;
  for (const std::string& model : reader.models) {
    if (const Family* family = FamilyOf(model)) return family->dialect;
  }
  return {};
}

}  // namespace fovea::wire
