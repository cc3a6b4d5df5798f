#include "gateway/conversation.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/canonical.h"
#include "transcripts/lossless_json.h"

namespace fovea::gateway {
namespace {

constexpr size_t kMaxDigests = 200'000;
constexpr size_t kMaxItems = 100'000;
constexpr size_t kMaxScopeBytes = 1'000;

// The text of a string without escapes; "" for any other value.
absl::string_view PlainString(absl::string_view json) {
  if (json.size() < 2 || json.front() != '"' || absl::StrContains(json, "\\")) return "";
  return json.substr(1, json.size() - 2);
}

absl::string_view ValueOf(const std::vector<JsonMember>& members, absl::string_view key,
                          absl::string_view body) {
  const JsonMember* member = FindMember(members, key);
  return member == nullptr ? absl::string_view() : member->value.In(body);
}

// Agents name their session, and each of several agents in it, in headers or beside the
// conversation.
std::string ScopeOf(const Headers& headers, const std::vector<JsonMember>& members,
                    absl::string_view body) {
  std::string scope;
  for (const char* name : {"x-claude-code-session-id", "thread-id", "session-id", "session_id",
                           "x-session-id", "x-session-affinity"}) {
    if (!headers.Has(name)) continue;
    scope = absl::StrCat(name, "=", headers.Get(name));
    break;
  }
  if (scope.empty()) {
    for (const char* key : {"metadata", "prompt_cache_key"}) {
      const absl::string_view value = ValueOf(members, key, body);
      if (scope.empty() && !value.empty() && value != "null") scope = absl::StrCat(key, "=", value);
    }
  }
  if (headers.Has("x-claude-code-agent-id")) {
    absl::StrAppend(&scope, ";agent=", headers.Get("x-claude-code-agent-id"));
  }
  return scope.size() <= kMaxScopeBytes ? scope : Sha256Of(scope);
}

// Whether an item at the beginning is system text, which is no part of the session.
bool IsSystemItem(Wire wire, absl::string_view item) {
  if (wire == Wire::kAnthropic || wire == Wire::kGemini) return false;
  const auto members = ScanObject(item);
  if (!members.ok()) return false;
  const absl::string_view role = PlainString(ValueOf(*members, "role", item));
  return role == "system" || role == "developer";
}

// `tools` of Gemini holds declarations within; an empty list counts as none.
bool HasTools(absl::string_view body, const JsonMember* tools) {
  if (tools == nullptr) return false;
  const auto items = ScanArray(body, tools->value);
  return items.ok() && !items->empty();
}

// The one-shot SHA256() looks the algorithm up behind OpenSSL's locks each time, which takes longer
// than hashing a short text.
class Hasher {
 public:
  Hasher() : algorithm_(EVP_MD_fetch(nullptr, "SHA256", nullptr)), context_(EVP_MD_CTX_new()) {}

  void Hash(absl::string_view bytes, unsigned char* digest) {
    if (algorithm_ == nullptr || context_ == nullptr ||
        EVP_DigestInit_ex2(context_.get(), algorithm_.get(), nullptr) != 1 ||
        EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) != 1 ||
        EVP_DigestFinal_ex(context_.get(), digest, nullptr) != 1) {
      SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest);
    }
  }

 private:
  struct Free {
    void operator()(EVP_MD* algorithm) const { EVP_MD_free(algorithm); }
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  const std::unique_ptr<EVP_MD, Free> algorithm_;
  const std::unique_ptr<EVP_MD_CTX, Free> context_;
};

}  // namespace

const char* ArrayKey(Wire wire) {
  switch (wire) {
    case Wire::kOpenAiResponses:
      return "input";
    case Wire::kGemini:
      return "contents";
    default:
      return "messages";
  }
}

std::string Sha256Of(absl::string_view bytes) {
  thread_local Hasher hasher;
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  hasher.Hash(bytes, reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}

std::string ChainOf(absl::string_view chain, absl::string_view digest) {
  return digest.empty() ? std::string(chain) : Sha256Of(absl::StrCat(chain, digest));
}

absl::StatusOr<std::string> DigestCache::DigestOf(Wire wire, absl::string_view item) {
  const std::string key = absl::StrCat(std::string(1, static_cast<char>(wire)), Sha256Of(item));
  {
    absl::MutexLock lock(&mutex_);
    const auto found = digests_.find(key);
    if (found != digests_.end()) return found->second;
  }
  const auto json = transcripts::ParseJson({item.data(), item.size()});
  if (!json.ok()) return json.status();
  if (!json->is_object()) return absl::InvalidArgumentError("an item is not an object");
  const std::string text = CanonicalItem(wire, *json);
  std::string digest = text.empty() ? "" : Sha256Of(text);
  absl::MutexLock lock(&mutex_);
  if (digests_.size() >= kMaxDigests) digests_.clear();
  digests_.emplace(key, digest);
  return digest;
}

absl::StatusOr<Conversation> ReadConversation(const Route& route, const Headers& headers,
                                              absl::string_view body, DigestCache& digests) {
  const auto members = ScanObject(body);
  if (!members.ok()) return members.status();
  const JsonMember* array = FindMember(*members, ArrayKey(route.wire));
  if (array == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(ArrayKey(route.wire), ": missing"));
  }
  const auto spans = ScanArray(body, array->value);
  if (!spans.ok()) return spans.status();
  if (spans->size() > kMaxItems) {
    return absl::InvalidArgumentError(absl::StrCat("over ", kMaxItems, " messages"));
  }
  Conversation read{.wire = route.wire, .model = route.model, .array = array->value};
  read.scope = ScopeOf(headers, *members, body);
  if (read.model.empty()) read.model = std::string(PlainString(ValueOf(*members, "model", body)));
  const JsonMember* tools = FindMember(*members, "tools");
  read.has_tools = HasTools(body, tools);
  if (read.has_tools) read.tools = tools->value;
  read.stream = route.streams || ValueOf(*members, "stream", body) == "true";
  std::string chain =
      Sha256Of(absl::StrCat("fovea gateway 1\n", WireName(read.wire), "\n", read.scope));
  read.root = chain;
  size_t item_bytes = 0;
  for (const JsonSpan& span : *spans) {
    const absl::string_view text = span.In(body);
    const bool system = read.head == read.items.size() && IsSystemItem(read.wire, text);
    if (system) {
      ++read.head;
    } else {
      const auto digest = digests.DigestOf(read.wire, text);
      if (!digest.ok()) return digest.status();
      chain = ChainOf(chain, *digest);
      item_bytes += text.size();
    }
    read.items.push_back({.span = span, .chain = chain});
  }
  read.frame_bytes = body.size() - item_bytes;
  return read;
}

}  // namespace fovea::gateway
