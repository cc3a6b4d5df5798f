#include "gateway/conversation.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
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

// The session that a request's metadata names; "" if it names none. Other keys (traces, users) say
// nothing of that.
std::string SessionInMetadata(absl::string_view metadata) {
  const auto members = ScanObject(metadata);
  if (!members.ok()) return "";
  for (const char* key : {"session_id", "thread_id", "conversation_id"}) {
    const absl::string_view value = ValueOf(*members, key, metadata);
    if (!PlainString(value).empty()) return absl::StrCat(key, "=", value);
  }
  // Claude Code's: user_HASH_account_ID_session_ID, or an object as text.
  const absl::string_view user = ValueOf(*members, "user_id", metadata);
  return absl::StrContains(user, "session") ? absl::StrCat("user_id=", user) : "";
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
    const std::string named = SessionInMetadata(ValueOf(members, "metadata", body));
    if (!named.empty()) scope = absl::StrCat("metadata.", named);
  }
  if (scope.empty()) {
    const absl::string_view key = ValueOf(members, "prompt_cache_key", body);
    if (!PlainString(key).empty()) scope = absl::StrCat("prompt_cache_key=", key);
  }
  if (headers.Has("x-claude-code-agent-id")) {
    absl::StrAppend(&scope, ";agent=", headers.Get("x-claude-code-agent-id"));
  }
  return scope.size() <= kMaxScopeBytes ? scope : Sha256Of(scope);
}

// Whether an item is system text, which agents also send in the middle of a conversation.
bool IsSystemItem(Wire wire, absl::string_view item) {
  if (wire == Wire::kGemini) return false;
  // Most items have neither word, which is found out sooner.
  if (FindText(item, "\"system\"", 0) == absl::string_view::npos &&
      FindText(item, "\"developer\"", 0) == absl::string_view::npos) {
    return false;
  }
  const auto members = ScanObject(item);
  if (!members.ok()) return false;
  const absl::string_view role = PlainString(ValueOf(*members, "role", item));
  return role == "system" || (role == "developer" && wire != Wire::kAnthropic);
}

// Whether something of the conversation is at the provider alone: an answer that the request goes
// on from, or a conversation, or (`item`) an item that is named.
bool IsKeptAtProvider(const std::vector<JsonMember>& members, absl::string_view body) {
  for (const char* key : {"previous_response_id", "conversation"}) {
    const absl::string_view value = ValueOf(members, key, body);
    if (!value.empty() && value != "null" && value != R"("")") return true;
  }
  return false;
}
bool IsReference(absl::string_view item) {
  return FindText(item, R"("item_reference")", 0) != absl::string_view::npos;
}

// `tools` of Gemini holds declarations within; an empty list counts as none.
bool HasTools(absl::string_view body, const JsonMember* tools) {
  if (tools == nullptr) return false;
  const auto items = ScanArray(body, tools->value);
  return items.ok() && !items->empty();
}

// The part of a known body that need not be scanned again; no items if that is none.
KnownBeginning BeginningOf(const KnownConversation* known) {
  KnownBeginning beginning;
  if (known == nullptr) return beginning;
  const Conversation& conversation = known->conversation;
  beginning.text = known->body;
  beginning.array = conversation.array;
  for (const JsonMember& member : conversation.members) {
    if (member.value.end <= conversation.array.begin) beginning.before.push_back(member);
  }
  for (const Item& item : conversation.items) {
    if (item.span.end > known->same_bytes) break;
    beginning.items.push_back(item.span);
  }
  return beginning;
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
  FOVEA_ASSIGN_OR_RETURN(const auto json, transcripts::ParseJson({item.data(), item.size()}));
  if (!json.is_object()) return absl::InvalidArgumentError("an item is not an object");
  const std::string text = CanonicalItem(wire, json);
  std::string digest = text.empty() ? "" : Sha256Of(text);
  absl::MutexLock lock(&mutex_);
  if (digests_.size() >= kMaxDigests) digests_.clear();
  digests_.emplace(key, digest);
  return digest;
}

absl::StatusOr<Conversation> ReadConversation(const Route& route, const Headers& headers,
                                              absl::string_view body, DigestCache& digests,
                                              const KnownConversation* known,
                                              absl::string_view owner) {
  const absl::string_view key = ArrayKey(route.wire);
  const KnownBeginning beginning = BeginningOf(known);
  FOVEA_ASSIGN_OR_RETURN(auto scanned,
                         ScanBody(body, key, beginning.items.empty() ? nullptr : &beginning));
  const std::vector<JsonMember>& members = scanned.members;
  const JsonMember* array = FindMember(members, key);
  if (array == nullptr) return absl::InvalidArgumentError(absl::StrCat(key, ": missing"));
  if (body[array->value.begin] != '[') {
    return absl::InvalidArgumentError(absl::StrCat(key, ": not a list"));
  }
  if (scanned.items.size() > kMaxItems) {
    return absl::InvalidArgumentError(absl::StrCat("over ", kMaxItems, " messages"));
  }
  const bool stored = route.wire == Wire::kOpenAiResponses;
  constexpr char kKept[] = "a part of the conversation is kept at the provider";
  if (stored && IsKeptAtProvider(members, body)) return absl::InvalidArgumentError(kKept);
  Conversation read{.wire = route.wire, .model = route.model, .array = array->value};
  read.owner = std::string(owner);
  read.scope = ScopeOf(headers, members, body);
  if (read.model.empty()) read.model = std::string(PlainString(ValueOf(members, "model", body)));
  const JsonMember* tools = FindMember(members, "tools");
  read.has_tools = HasTools(body, tools);
  if (read.has_tools) read.tools = tools->value;
  read.stream = route.streams || ValueOf(members, "stream", body) == "true";
  std::string chain = Sha256Of(absl::StrCat("fovea gateway 1\n", WireName(read.wire), "\n",
                                            read.scope, owner.empty() ? "" : "\nowner ", owner));
  read.root = chain;
  size_t begin = 0;
  if (!beginning.items.empty() && known->conversation.root == read.root &&
      beginning.items.size() > known->conversation.head) {
    const auto& items = known->conversation.items;
    begin = beginning.items.size();
    read.head = known->conversation.head;
    read.items.assign(items.begin(), items.begin() + static_cast<ptrdiff_t>(begin));
    chain = read.items.back().chain;
  }
  read.items.reserve(scanned.items.size());
  for (size_t i = begin; i < scanned.items.size(); ++i) {
    const JsonSpan& span = scanned.items[i];
    const absl::string_view text = span.In(body);
    if (stored && IsReference(text)) return absl::InvalidArgumentError(kKept);
    FOVEA_ASSIGN_OR_RETURN(auto digest, digests.DigestOf(read.wire, text));
    const bool system = IsSystemItem(read.wire, text);
    if (system && read.head == read.items.size()) ++read.head;
    if (!system) chain = ChainOf(chain, digest);
    read.items.push_back(
        {.span = span, .chain = chain, .system_digest = system ? std::move(digest) : ""});
  }
  size_t item_bytes = 0;
  for (size_t i = read.head; i < read.items.size(); ++i) {
    item_bytes += read.items[i].span.end - read.items[i].span.begin;
  }
  read.frame_bytes = body.size() - item_bytes;
  read.members = std::move(scanned.members);
  return read;
}

}  // namespace fovea::gateway
