#include "gateway/sessions.h"

#include <openssl/rand.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "gateway/credentials.h"
#include "gateway/read_turns.h"

namespace fovea::gateway {
namespace {

constexpr absl::Duration kRewritingPause = absl::Hours(1);
constexpr size_t kMaxRewriting = 10'000;
constexpr char kSaltName[] = "salt of owners";

// What sessions of the same scope and owner are found by.
std::string ScopeName(const Conversation& conversation) {
  if (conversation.owner.empty()) return conversation.scope;
  return absl::StrCat(conversation.scope, ";owner=", conversation.owner);
}

std::string SessionName(absl::string_view chain) {
  return absl::StrCat("gw-", absl::BytesToHexString(chain).substr(0, 24));
}

// Equal in all that was said; sequences and times aside.
bool SameTurn(v1::Turn left, v1::Turn right) {
  for (v1::Turn* turn : {&left, &right}) {
    turn->clear_seq();
    turn->clear_time_us();
  }
  return left.SerializeAsString() == right.SerializeAsString();
}

// How far the conversation is known: the node of the longest known beginning, and how many items it
// has. Items that leave the chain as it is (reasoning) do not count as known for it.
struct Known {
  size_t items = 0;
  Node node;
};

Known FindKnown(const Conversation& conversation, const std::vector<std::optional<Node>>& nodes) {
  for (size_t i = nodes.size(); i > 0; --i) {
    if (!nodes[i - 1].has_value()) continue;
    size_t first = i;
    const auto& items = conversation.items;
    while (first > 1 && items[conversation.head + first - 2].chain ==
                            items[conversation.head + first - 1].chain) {
      --first;
    }
    return {first, *nodes[i - 1]};
  }
  return {};
}

// The chain of the first item from `from` on that says anything: it names what begins there.
std::string FirstNewChain(const std::string& before, const std::vector<std::string>& chains,
                          size_t from) {
  for (size_t i = from; i < chains.size(); ++i) {
    if (chains[i] != before) return chains[i];
  }
  return Sha256Of(before);
}

// The turns of every item that has a node.
std::vector<ItemTurns> TurnsOf(const std::vector<std::optional<Node>>& nodes, size_t count) {
  std::vector<ItemTurns> turns;
  uint64_t last = 0;
  for (size_t i = 0; i < count; ++i) {
    const uint64_t end = nodes[i].has_value() ? std::max(nodes[i]->seq, last) : last;
    turns.push_back({last + 1, end});
    last = end;
  }
  return turns;
}

}  // namespace

const char* ArrivalName(Arrival arrival) {
  switch (arrival) {
    case Arrival::kNew:
      return "new";
    case Arrival::kExtends:
      return "extends";
    case Arrival::kRepeats:
      return "repeats";
    case Arrival::kForked:
      return "forked";
    case Arrival::kLooksOn:
      return "looks on";
  }
  return "";
}

absl::StatusOr<Mapping> Sessions::Map(const Conversation& conversation, absl::string_view body,
                                      bool look_on, absl::Time now) {
  auto mapping = TryMap(conversation, body, look_on, now);
  if (absl::IsNotFound(mapping.status()) && !look_on) {
    // fovead has lost or deleted a session that this database knows; the conversation itself has it
    // all.
    mapping = TryMap(conversation, body, look_on, now);
  }
  if (!mapping.ok() && !look_on) database_.ForgetCachedNodes();
  return mapping;
}

absl::StatusOr<Mapping> Sessions::TryMap(const Conversation& conversation, absl::string_view body,
                                         bool look_on, absl::Time now) {
  std::vector<std::string> chains;
  for (size_t i = conversation.head; i < conversation.items.size(); ++i) {
    chains.push_back(conversation.items[i].chain);
  }
  if (chains.empty()) return absl::InvalidArgumentError("the conversation has no messages");
  FOVEA_ASSIGN_OR_RETURN(auto nodes, database_.FindNodes(chains));
  const Known known = FindKnown(conversation, nodes);
  Mapping mapping{.session = known.node.session, .as_of = known.node.seq};
  mapping.turns = TurnsOf(nodes, known.items);
  if (look_on) {
    if (known.items == 0) return absl::NotFoundError("nothing of the conversation is known");
    mapping.arrival = Arrival::kLooksOn;
    return mapping;
  }
  TurnReader reader(conversation.wire);
  std::vector<v1::Turn> turns;
  std::vector<std::pair<std::string, Node>> added;
  for (size_t i = 0; i < chains.size(); ++i) {
    const absl::string_view text = conversation.items[conversation.head + i].span.In(body);
    if (i < known.items) {
      reader.Skip(text);
      continue;
    }
    absl::StatusOr<std::vector<v1::Turn>> read = std::vector<v1::Turn>();
    if (!conversation.items[conversation.head + i].IsSystem()) read = reader.Read(text);
    if (!read.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("message ", i, ": ", read.status().message()));
    }
    const uint64_t first = mapping.as_of + turns.size() + 1;
    for (v1::Turn& turn : *read) {
      turn.set_time_us(absl::ToUnixMicros(now));
      turns.push_back(std::move(turn));
    }
    const uint64_t last = mapping.as_of + turns.size();
    // An item that leaves the chain as it is has its turns counted with the next.
    const bool own = chains[i] != (i == 0 ? conversation.root : chains[i - 1]);
    mapping.turns.push_back({own && !mapping.turns.empty() ? mapping.turns.back().last + 1 : first,
                             own ? last : first - 1});
    if (own) added.push_back({chains[i], Node{"", last}});
  }
  if (turns.empty()) {
    mapping.arrival = Arrival::kRepeats;
    return mapping;
  }
  Place place{.session = mapping.session, .seq = mapping.as_of};
  mapping.arrival = known.items > 0 ? Arrival::kExtends : Arrival::kNew;
  if (known.items == 0) {
    place.session = SessionName(FirstNewChain(conversation.root, chains, 0));
    FOVEA_RETURN_IF_ERROR(CreateRoot(conversation, place.session));
  }
  absl::Status status = Append(turns, chains.back(), place);
  if (absl::IsNotFound(status)) database_.ForgetSession(place.session).IgnoreError();
  if (!status.ok()) return status;
  if (place.forked) mapping.arrival = Arrival::kForked;
  if (place.answer_differs) NoteRewrite(conversation, now);
  mapping.session = place.session;
  mapping.as_of += turns.size();
  for (auto& [chain, node] : added) node.session = place.session;
  status = database_.AddNodes(added);
  if (status.ok() && MayLink(conversation)) {
    status = database_.SetLatestSession(ScopeName(conversation), place.session);
  }
  if (!status.ok()) return status;
  return mapping;
}

absl::Status Sessions::CreateRoot(const Conversation& conversation, const std::string& session) {
  nlohmann::ordered_json metadata = {{"source", "gateway"},
                                     {"wire", WireName(conversation.wire)},
                                     {"model", conversation.model},
                                     {"project", project_}};
  if (MayLink(conversation)) {
    const auto before = database_.LatestSession(ScopeName(conversation));
    // The agent's own compaction, or a resume that it begins in another way.
    if (before.ok() && before->has_value() && **before != session) {
      metadata["continues"] = **before;
      // What is appended to that one later is not of this conversation.
      const auto head = fovea_.GetSession(**before);
      if (head.ok()) metadata["continues_through"] = head->last_seq();
    }
  }
  v1::CreateSessionRequest request;
  request.set_session_id(session);
  request.set_title(absl::StrCat(WireName(conversation.wire), " ", project_).substr(0, 900));
  request.set_metadata_json(
      metadata.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace));
  const absl::Status status = fovea_.CreateSession(request);
  return absl::IsAlreadyExists(status) ? absl::OkStatus() : status;
}

absl::Status Sessions::Fork(const std::string& chain, uint64_t at, Place& place) {
  v1::ForkSessionRequest request;
  request.set_session_id(place.session);
  request.set_at_seq(at);
  request.set_new_session_id(SessionName(chain));
  const auto forked = fovea_.ForkSession(request);
  if (!forked.ok() && !absl::IsAlreadyExists(forked.status())) return forked.status();
  place = {.session = request.new_session_id(), .seq = at, .forked = true};
  return absl::OkStatus();
}

absl::Status Sessions::Append(const std::vector<v1::Turn>& turns, const std::string& chain,
                              Place& place) {
  size_t there = 0;  // of `turns`
  // Twice at most: in the session, and in a fork of it.
  for (int attempt = 0; attempt < 3; ++attempt) {
    v1::AppendTurnsRequest request;
    request.set_session_id(place.session);
    request.set_idempotency_key(absl::StrCat("gw-", absl::BytesToHexString(chain), "-", there));
    request.set_expected_next_seq(place.seq + there + 1);
    for (size_t i = there; i < turns.size(); ++i) *request.add_turns() = turns[i];
    const auto appended = fovea_.Append(request);
    // The key was used with the same words at another time: by a gateway that stopped before it was
    // told.
    if (appended.ok() || absl::IsAlreadyExists(appended.status())) return absl::OkStatus();
    if (!absl::IsAborted(appended.status())) return appended.status();
    FOVEA_ASSIGN_OR_RETURN(const auto present, fovea_.ReadTurns(place.session, place.seq + 1));
    there = 0;
    while (there < turns.size() && there < present.size() &&
           SameTurn(turns[there], present[there])) {
      ++there;
    }
    if (there == turns.size()) return absl::OkStatus();
    if (there == present.size()) continue;  // the rest is missing
    // Something else follows there.
    const bool answer_differs = there == 0 && turns[0].role() == v1::ROLE_ASSISTANT &&
                                present[0].role() == v1::ROLE_ASSISTANT;
    FOVEA_RETURN_IF_ERROR(Fork(chain, place.seq, place));
    place.answer_differs = answer_differs;
    there = 0;
  }
  return absl::AbortedError("others append to the session");
}

std::string Sessions::OwnerOfRequest(const Headers& headers, absl::string_view url) {
  std::string salt;
  {
    absl::MutexLock lock(&mutex_);
    salt = salt_;
  }
  if (salt.empty()) {
    std::string random(32, '\0');
    RAND_bytes(reinterpret_cast<unsigned char*>(random.data()), static_cast<int>(random.size()));
    salt = absl::BytesToHexString(random);
    // The first of several processes to come makes it for all of them.
    database_.AddNodes({{kSaltName, Node{salt, 0}}}).IgnoreError();
    const auto kept = database_.FindNodes({kSaltName});
    if (kept.ok() && kept->front().has_value()) salt = kept->front()->session;
    absl::MutexLock lock(&mutex_);
    if (salt_.empty()) salt_ = salt;
    salt = salt_;
  }
  return OwnerOf(headers, url, salt);
}

bool Sessions::Rewrites(const Conversation& conversation, absl::Time now) {
  if (conversation.items.size() == conversation.head) return false;
  absl::MutexLock lock(&mutex_);
  const auto found = rewriting_.find(conversation.items[conversation.head].chain);
  return found != rewriting_.end() && now < found->second;
}

void Sessions::NoteRewrite(const Conversation& conversation, absl::Time now) {
  absl::MutexLock lock(&mutex_);
  if (rewriting_.size() >= kMaxRewriting) rewriting_.clear();
  rewriting_[conversation.items[conversation.head].chain] = now + kRewritingPause;
}

absl::Status Sessions::AppendAnswer(const Conversation& conversation, const Mapping& mapping,
                                    const std::vector<std::string>& items, DigestCache& digests,
                                    absl::Time now) {
  if (Rewrites(conversation, now)) return absl::OkStatus();
  // Gemini's calls are numbered over the whole conversation: its answers come with the next
  // request.
  if (conversation.wire == Wire::kGemini) return absl::OkStatus();
  std::string chain = conversation.items.back().chain;
  std::vector<v1::Turn> turns;
  std::vector<std::pair<std::string, Node>> added;
  TurnReader reader(conversation.wire);
  for (const std::string& item : items) {
    FOVEA_ASSIGN_OR_RETURN(const auto digest, digests.DigestOf(conversation.wire, item));
    FOVEA_ASSIGN_OR_RETURN(auto read, reader.Read(item));
    for (v1::Turn& turn : read) {
      turn.set_time_us(absl::ToUnixMicros(now));
      turns.push_back(std::move(turn));
    }
    chain = ChainOf(chain, digest);
    if (!digest.empty())
      added.push_back({chain, Node{mapping.session, mapping.as_of + turns.size()}});
  }
  if (turns.empty()) return absl::OkStatus();
  v1::AppendTurnsRequest request;
  request.set_session_id(mapping.session);
  request.set_idempotency_key(absl::StrCat("gw-", absl::BytesToHexString(chain), "-0"));
  request.set_expected_next_seq(mapping.as_of + 1);
  for (v1::Turn& turn : turns) *request.add_turns() = std::move(turn);
  FOVEA_RETURN_IF_ERROR(fovea_.Append(request).status());
  return database_.AddNodes(added);
}

}  // namespace fovea::gateway
