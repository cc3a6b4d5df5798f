#include "core/voice/notes.h"

#include "absl/strings/str_cat.h"
#include "core/base/utf8.h"
#include "core/page/page.h"

namespace fovea {
namespace {

std::string RangeName(SeqRange turns) {
  return turns.first == turns.last ? absl::StrCat("#", turns.first)
                                   : absl::StrCat("#", turns.first, "–#", turns.last);
}

}  // namespace

std::string PageTitle(SeqRange turns, const std::string& rung, bool gist) {
  return absl::StrCat(RangeName(turns), " · ", rung, gist ? " · gist" : "");
}

const char kLegend[] =
    "[Older turns follow on pages, oldest first. White on black is Fovea's: #57 starts turn 57. A "
    "grey block ends a line; a bar after it is 4 spaces, a lower one fewer, a broad one 16. Bold: "
    "a user's words, errors. Small text misleads: copy out what matters before you reason on it; "
    "recall #n gives exact text.]";

const char kShortLegend[] =
    "[Older turns on pages: #57 starts turn 57, white on black is a note. Recall #n for exact "
    "text.]";

std::string SidecarNote(SeqRange turns, const std::string& sidecar) {
  if (sidecar.empty()) return "";
  return absl::StrCat("[Exact strings of turns ", RangeName(turns), "]\n", sidecar);
}

std::string LatentNote(uint64_t count, SeqRange turns, const std::string& sidecar) {
  if (count == 0) return "";
  return absl::StrCat("[", count, " turns between #", turns.first, " and #", turns.last,
                      " are not shown: recall #n, or search by words.]",
                      sidecar.empty() ? "" : "\n[Exact strings of them]\n", sidecar);
}

std::string TurnNote(const Turn& turn, const Elision& elision) {
  PageContent content;
  AppendTurnToPage(turn, elision, &content);
  std::string note;
  for (const PageBlock& block : content.blocks) {
    if (!note.empty() && !block.joined) note += '\n';
    note += block.text;
  }
  return note;
}

std::string TurnsNote(const std::vector<TurnPtr>& turns, const Elision& elision) {
  std::string note;
  for (const TurnPtr& turn : turns) {
    if (!note.empty()) note += '\n';
    note += TurnNote(*turn, elision);
  }
  return note;
}

const char kUnansweredCallNote[] = "[its result had not come when the conversation went on]";

int64_t UnansweredCallTokens(const TokenCounter& counter) {
  return TokenCounter::kResultTokens + counter.Text(kUnansweredCallNote);
}

std::string OrphanResultNote(const Turn& turn, const std::string& call_id) {
  constexpr size_t kShown = 24;  // bytes of an id, so that kOrphanNoteTokens bounds any
  if (call_id.empty()) return absl::StrCat("[#", turn.seq, ": what a tool gave]");
  return absl::StrCat("[#", turn.seq, ": the result of call ",
                      call_id.substr(0, CharacterStart(call_id, kShown)), "]");
}

std::string DrawnResultNote(uint64_t seq, size_t pages) {
  return absl::StrCat("[#", seq, ": this result is drawn on ", pages,
                      pages == 1 ? " page." : " pages.", " Recall #", seq, " for its exact text.]");
}

}  // namespace fovea
