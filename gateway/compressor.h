// Decides what becomes of a model call, and makes it so.
#ifndef FOVEA_GATEWAY_COMPRESSOR_H_
#define FOVEA_GATEWAY_COMPRESSOR_H_

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "gateway/answer.h"
#include "gateway/books/database.h"
#include "gateway/compose.h"
#include "gateway/config.h"
#include "gateway/conversation.h"
#include "gateway/fovea_client.h"
#include "gateway/jobs.h"
#include "gateway/models.h"
#include "gateway/outcome.h"
#include "gateway/recall.h"
#include "gateway/recent_conversations.h"
#include "gateway/relay.h"
#include "gateway/route.h"
#include "gateway/sessions.h"

namespace fovea::gateway {

// OK for a policy's name and for FIELD=VALUE of fovea.v1.Policy; else INVALID_ARGUMENT.
absl::Status CheckPolicy(const std::string& assignment);

// For whom a request is compressed.
enum class Asking : uint8_t {
  kForAgent = 1,
  kForMessages = 2,  // LiteLLM: it sends the messages on itself, and names no tools
};

// A request's text. It outlives the request where jobs still read it.
using Body = std::shared_ptr<const std::string>;

// What a job finds out after the request has gone out.
struct Settled {
  std::optional<Mapping> mapping;
  int64_t context_tokens = 0;  // of the served history
  int64_t other_tokens = 0;    // beside it and Fovea's tools
  std::string context_sha256;
};

// A model call on its way out.
struct Plan {
  Outcome outcome;
  std::optional<std::string> body;  // instead of the request's own
  // What was asked, as text: the request's own body, but where that came with a coding, or with a
  // conversation in a handle's place.
  Body asked;
  // By which its jobs are ordered: those of a conversation are done one after the other.
  std::string key;
  std::shared_ptr<Settled> settled;  // of a job that came with it; Settle takes it
  bool expanded = false;        // it is not what the agent sent: that, the provider could not read
  bool recall = false;          // the tools recall and search are in it
  bool refused_lately = false;  // it passes because what was served before was refused
  // What was read of the request; none where it could not be.
  std::shared_ptr<const Conversation> conversation;
  std::optional<Mapping> mapping;  // none where fovead did not take the turns (yet)
  ModelFacts model;
  int64_t history_tokens = 0;    // estimate, of the request as it came
  int64_t full_tokens = 0;       // estimate, of the whole request as it came
  int64_t predicted_tokens = 0;  // of the request as it goes out; 0: not predicted
  int64_t earlier_tokens = 0;    // estimate, of the request before it, where its cache is warm
  int64_t other_tokens = 0;      // of it, beside the served history; an estimate
  int64_t later_tokens = 0;      // of these, of system text behind the head; an estimate
  int64_t tool_tokens = 0;       // of these, of Fovea's tools
  std::string context_sha256;    // for ReportUsage
  std::string handle;            // in the messages, for Asking::kForMessages
};

// Thread-safe.
class Compressor {
 public:
  Compressor(const GatewayConfig& config, FoveaClient& fovea, Database& database);

  // Never fails: what cannot be helped goes out as it came. Within an epoch the request is ready
  // before its turns are in the log: a job of the plan's key brings them there.
  Plan Prepare(const Route& route, const Headers& headers, Body asked, absl::Time now,
               Asking asking = Asking::kForAgent);
  // Waits for the plan's jobs, for two seconds at most, and takes what they found out.
  void Settle(Plan& plan);
  // Where jobs run: what comes after an answer belongs there, too.
  Jobs& jobs() { return jobs_; }

  // Digests of items that were read before, for those who compare items.
  DigestCache& digests() { return digests_; }

  // The provider refused what Prepare made: the session's requests go out as they come for a while.
  void Refused(const Plan& plan, absl::Time now);

  // After the answer. Appends what was not appended before, and the answer; tells fovead what was
  // billed. `answer`: as the agent will send it back; empty if it is not whole.
  void Finish(Plan& plan, const std::vector<transcripts::Json>& answer, absl::Time now);

  // After recalls inside: what the model and the gateway said stands, for the model, in the place
  // of the items that the agent keeps. Before the agent has its whole answer.
  void Keep(const Plan& plan, const std::vector<transcripts::Json>& visible,
            const std::vector<transcripts::Json>& said);

  // Whether the request, as it came, surely does not fit the model's window.
  bool IsOverWindow(const Plan& plan) const { return plan.history_tokens > RoomOf(plan); }
  // The history as it came, cut to the model's window, in the place of what is in the plan; where
  // an estimate says that it fits, the provider says that it does not. False, and nothing is
  // changed, if it cannot be cut further.
  bool Cut(absl::string_view why, Plan& plan);

  // What the model may read of a plan that is settled (which session it is of is not known before):
  // its own conversation up to the request, and what that continues. Empty where fovead did not
  // take the turns.
  std::vector<RecallScope> ScopesOf(const Plan& plan) {
    if (!plan.mapping.has_value()) return {};
    return WithLinkedSessions(fovea_, {plan.mapping->session, plan.mapping->as_of});
  }
  // The gateway's answer to a call of recall or search.
  std::string Recall(const std::vector<RecallScope>& scopes, const HiddenCall& call,
                     size_t max_bytes) {
    return AnswerCall(fovea_, scopes, call, max_bytes);
  }
  // Tokens that the model takes.
  int64_t WindowOf(const Plan& plan) const;

  // What the provider counted for what was served: fovead counts better from the next epoch on.
  void Report(const Plan& plan, int64_t input_tokens);

  // What a text costs a reader, on the safe side; a guess where fovead is gone.
  int64_t TokensOf(const std::string& reader, absl::string_view text);

  // What the request cost and would have cost, for the books.
  void Price(const Plan& plan, const Usage& usage, BookEntry& entry);

 private:
  static constexpr absl::Duration kCacheLifetime = absl::Minutes(5);
  static constexpr absl::Duration kJobPatience = absl::Seconds(2);
  // Of what stands beside the history.
  struct Beside {
    int64_t frame_estimate = 0;  // tokens, as they were guessed
    int64_t tokens = 0;          // as they were counted, without Fovea's tools
    size_t uncounted_bytes = 0;  // of these, what was said inside
  };
  // The context of a session's last request, and how far its epoch reaches.
  struct Epoch {
    std::string reader;
    int64_t budget = 0;
    std::string last_chain;     // of the conversation's last item then
    std::string prefix_sha256;  // fovead's
    int64_t tokens = 0;         // of the context
    int64_t spare_tokens = 0;
    double text_factor = 1;
    uint64_t number = 0;
    Beside beside;
  };
  struct SessionState {
    absl::Time last_request = absl::InfinitePast();
    bool compressed = false;  // the last request was
    int64_t full_tokens = 0;  // estimate, of the last request as it came
    absl::Time refused_until = absl::InfinitePast();
    std::shared_ptr<const ServedPrefix> served;  // the last
    std::shared_ptr<const Epoch> epoch;          // that it stands for; none: it is not known
    std::vector<std::string> pages;              // of the last context, by their ids
    // What the provider counted for requests that went out as they came, for each token of the
    // estimate.
    double text_scale = 1;
    double text_factor = 0;  // of the last context's counts
    int recounts = 0;        // epochs that began with other counts than the one before
  };
  struct Prices {
    double cached = 1;
    double written = 1;
    bool has_pages = false;
    bool has_evidence = false;
  };

  void Compress(const Route& route, Plan& plan, absl::Time now, Asking asking);
  // The last served prefix and the new items, where fovead's context will surely be just that; the
  // turns are appended and the context is built beside the provider's call. False: it must be
  // asked before.
  bool GoOn(const Route& route, Plan& plan, absl::Time now);
  // At most so many tokens has `added`, the JSON of new items; over what the epoch has to spare
  // only if it may be.
  int64_t MostTokens(const Epoch& epoch, const std::string& added, size_t items);
  // The job behind GoOn.
  struct Behind {
    Body asked;
    std::shared_ptr<const Conversation> conversation;
    std::string session;
    std::shared_ptr<const Epoch> epoch;  // as it was when the request went out
    std::vector<std::string> pages;
    std::string uncounted;
    int64_t new_tokens = 0;
    absl::Time now;
    std::shared_ptr<Settled> settled;
  };
  void CatchUp(const Behind& behind);
  // The session that has an epoch for a beginning of the conversation, its state, and how many
  // items that epoch knew; "" if there is none, or too many items are new.
  struct Known {
    std::string session;
    SessionState state;
    size_t items = 0;
  };
  Known FindEpoch(const Conversation& conversation);
  // For headers, of an epoch that began with other counts than those before `recounts` times.
  static std::string EpochName(uint64_t number, int recounts);
  // Of a plan whose jobs are done.
  static void TakeSettled(Plan& plan);
  // By which a session is asked from outside for its texts up to the turn `last_seq`: 24
  // hexadecimal digits that nobody can guess, always the same for the two. "" if the database
  // fails.
  std::string HandleOf(const std::string& session, uint64_t last_seq);
  // The request fits, or is made to fit without fovead.
  void FallBack(absl::string_view why, Plan& plan);
  // `pages`: those of the session's last context.
  absl::StatusOr<v1::BuildContextResponse> Build(const Mapping& mapping, const std::string& reader,
                                                 int64_t budget,
                                                 const std::vector<std::string>& pages);
  std::optional<Prices> PricesOf(const std::string& reader);
  int64_t BudgetOf(const Plan& plan) const;
  SessionState StateOf(const std::string& session);
  // Changes what is remembered of a session.
  void Update(const std::string& session, absl::FunctionRef<void(SessionState&)> change);
  // The last served prefix and what is new, if that fits.
  bool ServeLast(const SessionState& state, int64_t room, absl::string_view why, Plan& plan);
  // Tokens that the conversation may have in the model's window.
  int64_t RoomOf(const Plan& plan) const;
  bool OffersRecall(const Route& route, const Conversation& conversation) const;
  // Tokens of the request beside its messages: system, tools, settings.
  int64_t CountedBeside(const std::string& body, const Conversation& conversation,
                        const std::string& reader);
  std::string AddRecallTools(const Route& route, std::string body, Plan& plan);
  // Of the items from `first` on.
  Replacements ReplacementsOf(const Conversation& conversation, size_t first);
  static std::shared_ptr<const Epoch> EpochOf(const Conversation& conversation, std::string reader,
                                              int64_t budget, const Beside& beside,
                                              const v1::ContextSummary& summary);

  const GatewayConfig& config_;
  FoveaClient& fovea_;
  Database& database_;
  Sessions sessions_;
  DigestCache digests_;
  RecentConversations recent_;
  PageCache pages_;
  absl::Mutex mutex_;
  absl::flat_hash_map<std::string, SessionState> states_ ABSL_GUARDED_BY(mutex_);
  // Sessions by the last item of their epochs' conversation.
  absl::flat_hash_map<std::string, std::string> by_chain_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, Prices> prices_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<int, std::string> recall_tools_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, int64_t> counted_ ABSL_GUARDED_BY(mutex_);  // by digest
  Jobs jobs_;  // they use the rest: it goes first
};

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_COMPRESSOR_H_
