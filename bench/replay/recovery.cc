#include "bench/replay/recovery.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/base/status_macros.h"
#include "core/exact/exact_scan.h"

namespace fovea::replay {
namespace {

// As many hits as the service gives when no limit is named, newest first like there.
constexpr int kHits = 20;
constexpr size_t kPlainWords = 2;
constexpr size_t kMinWordBytes = 3;

bool IsLetter(char c) { return absl::ascii_isalpha(static_cast<unsigned char>(c)); }

// The last `kPlainWords` words of letters alone.
std::string PlainWordsBefore(std::string_view text) {
  std::string words;
  size_t count = 0;
  while (!text.empty() && count < kPlainWords) {
    size_t begin = text.size();
    while (begin > 0 && IsLetter(text[begin - 1])) --begin;
    const std::string_view word = text.substr(begin);
    const bool alone =
        begin == 0 || absl::ascii_isspace(static_cast<unsigned char>(text[begin - 1]));
    if (word.size() >= kMinWordBytes && alone) {
      if (!words.empty()) words.insert(0, " ");
      words.insert(0, word);
      ++count;
    }
    text.remove_suffix(std::max<size_t>(1, word.size()));
  }
  return words;
}

// A label and the words before the string, where it stands first in the turn.
void AddContextOf(const Turn& turn, const std::string& string, std::vector<std::string>& searches) {
  for (const std::string_view text : AllTexts(turn)) {
    ExactScanner scanner(text);
    while (const std::optional<ExactMatch> match = scanner.Next()) {
      if (match->text != string) continue;
      if (!match->label.empty()) searches.emplace_back(match->label);
      const auto at = static_cast<size_t>(match->text.data() - text.data());
      std::string words = PlainWordsBefore(text.substr(0, at));
      if (!words.empty()) searches.push_back(std::move(words));
      return;
    }
  }
}

bool Holds(const Turn& turn, const std::string& string) {
  for (const std::string_view text : AllTexts(turn)) {
    for (size_t at = text.find(string); at != std::string_view::npos;
         at = text.find(string, at + 1)) {
      if (StandsAlone(text, at, string)) return true;
    }
  }
  return false;
}

class Recovery {
 public:
  Recovery(const Session& session, MemoryStore& store)
      : session_(session), store_(store), key_{"replay", session.name} {}

  absl::Status Start() {
    return store_.log().CreateSession(key_, {.session_id = key_.session_id}).status();
  }

  // Brings the store to the turn before `seq`.
  absl::Status AppendUpTo(uint64_t seq) {
    AppendBatch batch;
    for (; appended_ + 1 < seq; ++appended_) batch.turns.push_back(session_.turns[appended_]);
    return batch.turns.empty() ? absl::OkStatus()
                               : store_.log().Append(key_, std::move(batch)).status();
  }

  absl::StatusOr<Recovered> Ask(uint32_t string) {
    const UsedString& used = session_.uses.strings[string];
    const uint64_t first = used.occurrences.front().seq;
    FOVEA_ASSIGN_OR_RETURN(auto recalled, store_.log().ReadTurns(key_, {first, first}, 0));
    Recovered recovered{.by_recall = recalled.size() == 1 &&
                                     recalled.front() == session_.turns[first - 1] &&
                                     Holds(recalled.front(), used.text)};
    for (const std::string& words : SearchesFor(session_, string)) {
      auto answer = store_.search().Search(key_, words, SearchOrder::kNewestFirst, kHits);
      if (absl::IsInvalidArgument(answer.status())) continue;  // words without a letter or digit
      if (!answer.ok()) return answer.status();
      recovered.by_search = std::ranges::any_of(answer->hits, [&](const SearchHit& hit) {
        return Holds(session_.turns[hit.seq - 1], used.text);
      });
      if (recovered.by_search) break;
    }
    return recovered;
  }

 private:
  const Session& session_;
  MemoryStore& store_;
  const SessionKey key_;
  size_t appended_ = 0;  // turns in the store
};

}  // namespace

std::vector<std::string> SearchesFor(const Session& session, uint32_t string) {
  const UsedString& used = session.uses.strings[string];
  std::vector<std::string> searches;
  if (used.kind == ExactString::Kind::kPath || used.kind == ExactString::Kind::kUrl) {
    const size_t end = used.text.find_last_not_of('/');
    const size_t slash = used.text.rfind('/', end);
    if (slash != std::string::npos) searches.push_back(used.text.substr(slash + 1, end - slash));
  }
  AddContextOf(session.turns[used.occurrences.front().seq - 1], used.text, searches);
  return searches;
}

absl::StatusOr<Recoveries> RecoverAll(const Session& session, const std::vector<Moment>& moments,
                                      MemoryStore& store) {
  Recovery recovery(session, store);
  absl::Status status = recovery.Start();
  if (!status.ok()) return status;
  Recoveries recoveries;
  for (const Moment& moment : moments) {
    status = recovery.AppendUpTo(moment.seq);
    if (!status.ok()) return status;
    FOVEA_ASSIGN_OR_RETURN(auto recovered, recovery.Ask(moment.string));
    recoveries[{moment.seq, moment.string}] = recovered;
  }
  return recoveries;
}

absl::Status Recover(const std::vector<std::unique_ptr<Session>>& sessions,
                     const std::string& directory, const ExperimentOptions& options,
                     Experiment& experiment) {
  std::vector<absl::StatusOr<Recoveries>> recovered(sessions.size(), Recoveries());
  ForEach(sessions.size(), options.threads, [&](size_t i) {
    const std::string own = absl::StrCat(directory, "/", i);
    std::filesystem::create_directories(own);
    auto store = MemoryStore::Open({.directory = own, .search_wait = absl::Seconds(60)});
    recovered[i] =
        store.ok() ? RecoverAll(*sessions[i],
                                Sampled(sessions[i]->uses.moments, options.max_moments), **store)
                   : store.status();
  });
  std::filesystem::remove_all(directory);
  for (size_t i = 0; i < sessions.size(); ++i) {
    if (!recovered[i].ok()) return recovered[i].status();
    experiment.recoveries[sessions[i].get()] = *std::move(recovered[i]);
  }
  return absl::OkStatus();
}

}  // namespace fovea::replay
