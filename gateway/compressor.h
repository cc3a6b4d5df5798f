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
#include "gateway/models.h"
#include "gateway/outcome.h"
#include "gateway/recall.h"
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

// A model call on its way out.
struct Plan {
  Outcome outcome;
  std::optional<std::string> body;  // instead of the request's own
  // The request's own, where it came with a coding, or with a conversation in a handle's place.
  std::optional<std::string> decoded;
  // What was asked, as text: `sent` is the request's own body.
  const std::string& Asked(const std::string& sent) const { return decoded ? *decoded : sent; }
  bool expanded = false;  // it is not what the agent sent: that, the provider could not read
  bool recall = false;    // the tools recall and search are in it
  // What was read of the request; none where it could not be.
  std::optional<Conversation> conversation;
  std::optional<Mapping> mapping;  // none where fovead did not take the turns (yet)
  ModelFacts model;
  int64_t history_tokens = 0;    // estimate, of the request as it came
  int64_t full_tokens = 0;       // estimate, of the whole request as it came
  int64_t predicted_tokens = 0;  // of the request as it goes out; 0: not predicted
  int64_t earlier_tokens = 0;    // estimate, of the request before it, where its cache is warm
  int64_t other_tokens = 0;      // of it, beside the served history; an estimate
  std::string context_sha256;    // for ReportUsage
  std::string handle;            // in the messages, for Asking::kForMessages
};

// Thread-safe.
class Compressor {
 public:
  Compressor(const GatewayConfig& config, FoveaClient& fovea, Database& database);

  // Never fails: what cannot be helped goes out as it came.
  Plan Prepare(const Route& route, const Headers& headers, const std::string& body, absl::Time now,
               Asking asking = Asking::kForAgent);

  // Digests of items that were read before, for those who compare items.
  DigestCache& digests() { return digests_; }

  // The provider refused what Prepare made: the session's requests go out as they come for a while.
  void Refused(const Plan& plan, absl::Time now);

  // After the answer. Appends what was not appended before, and the answer; tells fovead what was
  // billed. `answer`: as the agent will send it back; empty if it is not whole.
  void Finish(Plan& plan, const std::string& body, const std::vector<transcripts::Json>& answer,
              absl::Time now);

  // After recalls inside: what the model and the gateway said stands, for the model, in the place
  // of the items that the agent keeps. Before the agent has its whole answer.
  void Keep(const Plan& plan, const std::vector<transcripts::Json>& visible,
            const std::vector<transcripts::Json>& said);

  // The gateway's answer to a call of recall or search.
  std::string Recall(const Plan& plan, const HiddenCall& call) {
    return AnswerCall(fovea_, plan.outcome.session, call);
  }

  // What the provider counted for what was served: fovead counts better from the next epoch on.
  void Report(const Plan& plan, int64_t input_tokens);

  // What a text costs a reader, on the safe side; a guess where fovead is gone.
  int64_t TokensOf(const std::string& reader, absl::string_view text);

  // What the request cost and would have cost, for the books.
  void Price(const Plan& plan, const Usage& usage, BookEntry& entry);

 private:
  struct Served {
    std::string prefix;       // of the array, with the bracket and the commas
    std::string first_chain;  // of the item that stood behind it
    // Items that say nothing (reasoning) have the chain of the item before them: how many items of
    // that chain stand before it.
    size_t first_offset = 0;
  };
  struct SessionState {
    absl::Time last_request = absl::InfinitePast();
    bool compressed = false;  // the last request was
    int64_t full_tokens = 0;  // estimate, of the last request as it came
    absl::Time refused_until = absl::InfinitePast();
    std::shared_ptr<const Served> served;  // the last prefix
    uint64_t epoch = 0;                    // of the last context
    std::vector<std::string> pages;        // of it, by their ids
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

  void Compress(const Route& route, const std::string& body, Plan& plan, absl::Time now,
                Asking asking);
  // By which a session is asked for its texts from outside: 24 hexadecimal digits that nobody can
  // guess, always the same for a session. "" if the database fails.
  std::string HandleOf(const std::string& session);
  // The request fits, or is made to fit without fovead.
  void FallBack(const std::string& body, absl::string_view why, Plan& plan);
  // `pages`: those of the session's last context.
  absl::StatusOr<v1::BuildContextResponse> Build(const Mapping& mapping, const std::string& reader,
                                                 int64_t budget,
                                                 const std::vector<std::string>& pages);
  std::optional<Prices> PricesOf(const std::string& reader);
  int64_t WindowOf(const Plan& plan) const;
  int64_t BudgetOf(const Plan& plan) const;
  SessionState StateOf(const std::string& session);
  void Update(const std::string& session, const SessionState& state);
  // The last served prefix and what is new, if that fits.
  bool ServeLast(const std::string& body, const SessionState& state, int64_t room,
                 absl::string_view why, Plan& plan);
  // Tokens that the conversation may have in the model's window.
  int64_t RoomOf(const Plan& plan) const;
  bool OffersRecall(const Route& route, const Conversation& conversation) const;
  // Tokens of the request beside its messages: system, tools, settings.
  int64_t CountedBeside(const std::string& body, const Conversation& conversation,
                        const std::string& reader);
  std::string AddRecallTools(const Route& route, std::string body, Plan& plan);
  Replacements ReplacementsOf(const Conversation& conversation);

  const GatewayConfig& config_;
  FoveaClient& fovea_;
  Database& database_;
  Sessions sessions_;
  DigestCache digests_;
  PageCache pages_;
  absl::Mutex mutex_;
  absl::flat_hash_map<std::string, SessionState> states_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, Prices> prices_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<int, std::string> recall_tools_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, int64_t> counted_ ABSL_GUARDED_BY(mutex_);  // by digest
};

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_COMPRESSOR_H_
