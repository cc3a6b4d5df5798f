// What Fovea itself says in a context of its turns, and what that costs: titles of pages, and notes
// before and behind pages and in the place of turns and results. Said elsewhere are the marks
// within a page's or a turn's text (core/page, core/log/part_text.h, core/log/blobs.h) and what a
// wire format demands (service/wire).
#ifndef FOVEA_CORE_VOICE_NOTES_H_
#define FOVEA_CORE_VOICE_NOTES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/log/turn.h"
#include "core/log/turn_source.h"
#include "core/page/elision.h"
#include "core/tokens/token_counter.h"

namespace fovea {

// A page's first line: "#12–#57 · soft", and "· gist" if the middle of what is long is left out.
std::string PageTitle(SeqRange turns, const std::string& rung, bool gist);

// Before the first page of a context: how pages are to be read. It says nothing of what is on them,
// which their titles do, so that it stays as it is when pages are added.
extern const char kLegend[];
// Where there are few tokens for it.
extern const char kShortLegend[];
// Behind them; "" without a sidecar.
std::string SidecarNote(SeqRange turns, const std::string& sidecar);
// In the place of `count` turns that are not shown; "" if there are none.
std::string LatentNote(uint64_t count, SeqRange turns, const std::string& sidecar);
// A turn's text as a note: "#57 tool" on a line of its own, then its texts, calls and results.
std::string TurnNote(const Turn& turn, const Elision& elision = {});
// The notes of consecutive turns, one below the other.
std::string TurnsNote(const std::vector<TurnPtr>& turns, const Elision& elision);

// In the place of a tool result that had not come, whether it came later or never; and its tokens,
// framing included.
extern const char kUnansweredCallNote[];
int64_t UnansweredCallTokens(const TokenCounter& counter);
// Before a result that stands apart from its call, or has none; and an upper bound of its tokens.
std::string OrphanResultNote(const Turn& turn, const std::string& call_id);
inline constexpr int64_t kOrphanNoteTokens = 60;
// In a result whose text is on pages. The bound of its tokens counts the message that brings the
// pages, too, where an API wants them in one of their own.
std::string DrawnResultNote(uint64_t seq, size_t pages);
inline constexpr int64_t kDrawnNoteTokens = 80;

}  // namespace fovea

#endif  // FOVEA_CORE_VOICE_NOTES_H_
