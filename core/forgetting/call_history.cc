#include "core/forgetting/call_history.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <variant>

#include "core/base/bounded_json.h"
#include "core/base/sha256.h"
#include "nlohmann/json.hpp"

namespace fovea {
namespace {

using Json = nlohmann::json;

// Arguments that say why or how long, not what.
constexpr std::array<std::string_view, 6> kAsides = {"description", "explanation", "reason",
                                                     "thought",     "timeout",     "timeout_ms"};
constexpr std::array<std::string_view, 5> kPathFields = {"path", "file_path", "filepath", "file",
                                                         "filename"};

// What a call asks for, as digests: exactly, and, of one that names a file, the file.
struct Keys {
  uint64_t exact = 0;
  uint64_t whole_file = 0;    // not 0 if it asks for the file and nothing more
  uint64_t part_of_file = 0;  // not 0 if it bounds what it reads of the file; as whole_file of it
};

uint64_t Digest(std::string_view kind, std::string_view tool, std::string_view what) {
  const std::string digest =
      Sha256().UpdateField(kind).UpdateField(tool).UpdateField(what).Digest();
  uint64_t key = 0;
  for (size_t i = 0; i < sizeof(key); ++i) key = key << 8 | static_cast<unsigned char>(digest[i]);
  return key;
}

// A field that only bounds what is read: a number, or a pair of them.
bool IsBound(const Json& value) {
  return value.is_number() || (value.is_array() && std::ranges::all_of(value, [](const Json& v) {
                                 return v.is_number();
                               }));
}

Keys KeysOf(const ToolCallPart& call) {
  // What is too large to be parsed is told apart by its text.
  Json arguments = ParseBoundedJson(call.arguments_json);
  if (!arguments.is_object()) return {.exact = Digest("call", call.name, call.arguments_json)};
  for (const std::string_view aside : kAsides) arguments.erase(std::string(aside));
  Keys keys{.exact = Digest("call", call.name,
                            arguments.dump(-1, ' ', false, Json::error_handler_t::replace))};
  for (const std::string_view field : kPathFields) {
    const auto path = arguments.find(std::string(field));
    if (path == arguments.end() || !path->is_string()) continue;
    const uint64_t file = Digest("file", call.name, path->get_ref<const std::string&>());
    if (arguments.size() == 1) {
      keys.whole_file = file;
    } else if (std::ranges::all_of(arguments.items(), [&](const auto& item) {
                 return item.key() == field || IsBound(item.value());
               })) {
      keys.part_of_file = file;
    }
    break;
  }
  return keys;
}

}  // namespace

void CallHistory::Note(uint64_t key, uint64_t seq) {
  last_[key] = seq;
  if (last_.size() <= kMaxKeys) return;
  std::vector<uint64_t> seqs;
  seqs.reserve(last_.size());
  for (const auto& [other, at] : last_) seqs.push_back(at);
  const auto middle = seqs.begin() + static_cast<std::ptrdiff_t>(seqs.size() / 2);
  std::ranges::nth_element(seqs, middle);
  // By value, so that the map's order does not matter.
  absl::erase_if(last_, [oldest = *middle](const auto& entry) { return entry.second < oldest; });
}

void CallHistory::Add(const Turn& turn) {
  if (turn.role != Role::kAssistant) return;
  for (const Part& part : turn.parts) {
    const auto* call = std::get_if<ToolCallPart>(&part);
    if (call == nullptr) continue;
    const Keys keys = KeysOf(*call);
    Note(keys.exact, turn.seq);
    if (keys.whole_file != 0) Note(keys.whole_file, turn.seq);
  }
}

bool CallHistory::IsSuperseded(const ToolCallPart& call, uint64_t seq) const {
  const auto later = [&](uint64_t key) {
    const auto found = last_.find(key);
    return found != last_.end() && found->second > seq;
  };
  const Keys keys = KeysOf(call);
  return later(keys.exact) || (keys.part_of_file != 0 && later(keys.part_of_file));
}

std::vector<PartKey> CallHistory::SupersededOf(const std::vector<TurnPtr>& turns) const {
  absl::flat_hash_map<std::string, bool> stale;  // by call id: ids come again in later groups
  std::vector<PartKey> superseded;
  for (const TurnPtr& turn : turns) {
    for (size_t i = 0; i < turn->parts.size(); ++i) {
      if (const auto* call = std::get_if<ToolCallPart>(&turn->parts[i])) {
        stale[call->call_id] = IsRecall(*call) || IsSuperseded(*call, turn->seq);
      } else if (const auto* result = std::get_if<ToolResultPart>(&turn->parts[i])) {
        const auto call_of = stale.find(result->call_id);
        if (call_of != stale.end() && call_of->second && !result->is_error) {
          superseded.push_back({.seq = turn->seq, .part = static_cast<uint32_t>(i)});
        }
      }
    }
  }
  return superseded;
}

}  // namespace fovea
