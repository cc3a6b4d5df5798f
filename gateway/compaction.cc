#include "gateway/compaction.h"

#include <openssl/rand.h>

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/status_macros.h"
#include "gateway/json_span.h"

namespace fovea::gateway {
namespace {

using Json = nlohmann::ordered_json;

constexpr absl::string_view kPrefix = "fovea1.";
constexpr size_t kHandleBytes = 24;

// The value of a string without escapes in an object; "" for anything else.
absl::string_view PlainMember(absl::string_view object, absl::string_view key) {
  const auto members = ScanObject(object);
  if (!members.ok()) return "";
  const JsonMember* member = FindMember(*members, key);
  if (member == nullptr) return "";
  absl::string_view value = member->value.In(object);
  if (value.size() < 2 || value.front() != '"' || absl::StrContains(value, "\\")) return "";
  value.remove_prefix(1);
  value.remove_suffix(1);
  return value;
}

// The value of `input`, and its items.
struct Input {
  JsonSpan array;
  std::vector<JsonSpan> items;
};

std::optional<Input> InputOf(absl::string_view body) {
  const auto members = ScanObject(body);
  if (!members.ok()) return std::nullopt;
  const JsonMember* array = FindMember(*members, "input");
  if (array == nullptr) return std::nullopt;
  auto items = ScanArray(body, array->value);
  if (!items.ok() || items->empty()) return std::nullopt;
  return Input{array->value, *std::move(items)};
}

std::string ListOf(const std::vector<absl::string_view>& items) {
  return absl::StrCat("[", absl::StrJoin(items, ","), "]");
}

bool Streams(const Route& route, absl::string_view body) {
  if (route.purpose == Purpose::kCompact) return false;
  const auto members = ScanObject(body);
  if (!members.ok()) return false;
  const JsonMember* stream = FindMember(*members, "stream");
  return stream != nullptr && stream->value.In(body) == "true";
}

// What an item says, for comparing: its digest, or its text where it has none.
std::string SameAs(absl::string_view item, DigestCache& digests) {
  const auto digest = digests.DigestOf(Wire::kOpenAiResponses, item);
  return digest.ok() && !digest->empty() ? *digest : std::string(item);
}

void AddEvent(std::string& out, int number, Json event) {
  event["sequence_number"] = number;
  const std::string type = event["type"];
  absl::StrAppend(&out, "event: ", type, "\ndata: ", event.dump(), "\n\n");
}

}  // namespace

std::optional<std::string> AsksForCompaction(const Route& route, absl::string_view body) {
  if (route.wire != Wire::kOpenAiResponses) return std::nullopt;
  if (route.purpose == Purpose::kCompact) return std::string(body);
  if (route.purpose != Purpose::kGenerate) return std::nullopt;
  // Most bodies have no such word; one scan more is saved there.
  if (FindText(body, "compaction_trigger", 0) == absl::string_view::npos) return std::nullopt;
  const auto input = InputOf(body);
  if (!input.has_value()) return std::nullopt;
  if (PlainMember(input->items.back().In(body), "type") != "compaction_trigger") {
    return std::nullopt;
  }
  std::vector<absl::string_view> items;
  for (size_t i = 0; i + 1 < input->items.size(); ++i) items.push_back(input->items[i].In(body));
  return Replaced(body, input->array, ListOf(items));
}

const char* CompactionMediaType(const Route& route, absl::string_view body) {
  return Streams(route, body) ? "text/event-stream" : "application/json";
}

std::string CompactionAnswer(const Route& route, absl::string_view body, absl::string_view handle,
                             int64_t now_seconds) {
  const std::string id = absl::BytesToHexString(Sha256Of(handle)).substr(0, 32);
  const Json item = {{"type", "compaction"},
                     {"id", absl::StrCat("cmp_", id)},
                     {"encrypted_content", std::string(handle)}};
  const Json usage = {{"input_tokens", 0},
                      {"input_tokens_details", {{"cached_tokens", 0}}},
                      {"output_tokens", 0},
                      {"output_tokens_details", {{"reasoning_tokens", 0}}},
                      {"total_tokens", 0}};
  Json response = {{"id", absl::StrCat("resp_", id)},
                   {"object", "response"},
                   {"created_at", now_seconds},
                   {"status", "completed"},
                   {"model", std::string(PlainMember(body, "model"))},
                   {"output", Json::array({item})},
                   {"usage", usage}};
  if (route.purpose == Purpose::kCompact) {
    response["object"] = "response.compaction";
    response.erase("status");
    response.erase("model");
    return response.dump();
  }
  if (!Streams(route, body)) return response.dump();
  Json begun = response;
  begun["status"] = "in_progress";
  begun["output"] = Json::array();
  begun["usage"] = nullptr;
  std::string out;
  AddEvent(out, 0, {{"type", "response.created"}, {"response", begun}});
  AddEvent(out, 1, {{"type", "response.output_item.added"}, {"output_index", 0}, {"item", item}});
  AddEvent(out, 2, {{"type", "response.output_item.done"}, {"output_index", 0}, {"item", item}});
  AddEvent(out, 3, {{"type", "response.completed"}, {"response", response}});
  return out;
}

std::string Compactions::KeyOf(absl::string_view handle) const {
  return absl::StrCat("compaction:", Sha256Of(absl::StrCat(tenant_, handle)));
}

absl::StatusOr<std::string> Compactions::Keep(absl::string_view body) {
  const auto input = InputOf(body);
  if (!input.has_value()) return absl::InvalidArgumentError("input: no list of items");
  if (input->array.end - input->array.begin > kMaxKeptBytes) {
    return absl::InvalidArgumentError(absl::StrCat("input: over ", kMaxKeptBytes, " bytes"));
  }
  std::string random(kHandleBytes, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(random.data()), static_cast<int>(kHandleBytes)) !=
      1) {
    return absl::InternalError("the system gives no random bytes");
  }
  std::string encoded;
  absl::WebSafeBase64Escape(random, &encoded);
  std::string handle = absl::StrCat(kPrefix, encoded);
  FOVEA_RETURN_IF_ERROR(database_.AddInsert(KeyOf(handle), std::string(input->array.In(body))));
  return handle;
}

bool Compactions::MayExpand(absl::string_view body) {
  return FindText(body, kPrefix, 0) != absl::string_view::npos;
}

std::optional<std::string> Compactions::Expanded(absl::string_view body, DigestCache& digests) {
  if (!MayExpand(body)) return std::nullopt;
  const auto input = InputOf(body);
  if (!input.has_value()) return std::nullopt;
  // The last one holds what those before it stood for.
  for (size_t at = input->items.size(); at > 0; --at) {
    const absl::string_view item = input->items[at - 1].In(body);
    if (FindText(item, kPrefix, 0) == absl::string_view::npos) continue;
    const absl::string_view handle = PlainMember(item, "encrypted_content");
    if (!absl::StartsWith(handle, kPrefix)) continue;
    const auto found = database_.FindInserts({KeyOf(handle)});
    if (!found.ok() || !found->front().has_value()) continue;
    const std::string& kept = *found->front();
    const auto spans = ScanArray(kept, {0, kept.size()});
    if (!spans.ok()) return std::nullopt;
    std::vector<absl::string_view> items;
    absl::flat_hash_set<std::string> there;
    for (const JsonSpan& span : *spans) {
      items.push_back(span.In(kept));
      there.insert(SameAs(items.back(), digests));
    }
    for (size_t i = 0; i < input->items.size(); ++i) {
      const absl::string_view other = input->items[i].In(body);
      if (i + 1 == at || (i + 1 < at && there.contains(SameAs(other, digests)))) continue;
      // An older handle is part of what was kept.
      if (i + 1 < at && absl::StartsWith(PlainMember(other, "encrypted_content"), kPrefix))
        continue;
      items.push_back(other);
    }
    return Replaced(body, input->array, ListOf(items));
  }
  return std::nullopt;
}

}  // namespace fovea::gateway
