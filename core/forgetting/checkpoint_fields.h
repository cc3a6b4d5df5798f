// What a checkpoint of a planner holds, type by type.
//
// Each type is taken apart into all of its members: a member that is added to one and not here does
// not compile ("only N names provided"). Whoever adds one adds it to both places; a checkpoint of
// the build before is not read (service/view_checkpoints.h), so no version has to be counted up.
#ifndef FOVEA_CORE_FORGETTING_CHECKPOINT_FIELDS_H_
#define FOVEA_CORE_FORGETTING_CHECKPOINT_FIELDS_H_

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "core/exact/sidecar.h"
#include "core/exact/string_uses.h"
#include "core/forgetting/call_history.h"
#include "core/forgetting/checkpoint_bytes.h"
#include "core/forgetting/chunk.h"
#include "core/forgetting/memory.h"
#include "core/forgetting/plan.h"
#include "core/log/group.h"
#include "core/page/elision.h"
#include "core/page/page.h"
#include "core/sheet/sheet.h"
#include "core/strip/strip.h"

namespace fovea {

// T or const T.
template <class U, class T>
concept Of = std::same_as<std::remove_const_t<U>, T>;

template <class A>
void CheckpointFields(A& archive, Of<SeqRange> auto& range) {
  auto& [first, last] = range;
  archive(first, last);
}
template <class A>
void CheckpointFields(A& archive, Of<PartKey> auto& key) {
  auto& [seq, part] = key;
  archive(seq, part);
}
template <class A>
void CheckpointFields(A& archive, Of<Elision> auto& elision) {
  auto& [bulk, superseded] = elision;
  archive(bulk, superseded);
}
template <class A>
void CheckpointFields(A& archive, Of<PagePosition> auto& position) {
  auto& [block, byte] = position;
  archive(block, byte);
}
template <class A>
void CheckpointFields(A& archive, Of<PageExtent> auto& extent) {
  auto& [begin, end, width, height, first_seq, last_seq, characters] = extent;
  archive(begin, end, width, height, first_seq, last_seq, characters);
}
template <class A>
void CheckpointFields(A& archive, Of<PageTypography> auto& typography) {
  auto& [line_pitch, grey_bits, effort] = typography;
  archive(line_pitch, grey_bits, effort);
}
template <class A>
void CheckpointFields(A& archive, Of<PageHeader> auto& header) {
  auto& [text] = header;
  archive(text);
}
template <class A>
void CheckpointFields(A& archive, Of<Strip> auto& strip) {
  auto& [turns, parts, elision, colour_codes] = strip;
  archive(turns, parts, elision, colour_codes);
}
template <class A>
void CheckpointFields(A& archive, Of<PlannedPage> auto& page) {
  auto& [page_id, strip, extent, typography, header, rung, resolution, tokens] = page;
  archive(page_id, strip, extent, typography, header, rung, resolution, tokens);
}
template <class A>
void CheckpointFields(A& archive, Of<LaidOutStrip> auto& strip) {
  auto& [pages, tokens, bytes, hidden_characters, colour_characters] = strip;
  archive(pages, tokens, bytes, hidden_characters, colour_characters);
}

// By what it says of itself: verbatim, a rung, the gist, latent.
template <class A>
void CheckpointFields(A& archive, Of<Place> auto& place) {
  constexpr size_t kVerbatim = 0;
  constexpr size_t kGist = 1;
  constexpr size_t kLatent = 2;
  constexpr size_t kRungs = 3;
  if constexpr (A::kReads) {
    size_t number = 0;
    archive(number);
    place = number == kVerbatim ? Place::Verbatim()
            : number == kGist   ? Place::Gist()
            : number == kLatent ? Place::Latent()
                                : Place::Rung(number - kRungs);
  } else {
    archive(place.is_verbatim() ? kVerbatim
            : place.is_gist()   ? kGist
            : place.is_latent() ? kLatent
                                : kRungs + place.rung());
  }
}

template <class A>
void CheckpointFields(A& archive, Of<ChunkStep> auto& step) {
  auto& [epoch, place] = step;
  archive(epoch, place);
}
template <class A>
void CheckpointFields(A& archive, Of<Chunk> auto& chunk) {
  auto& [turns, text_tokens, characters, place, history] = chunk;
  archive(turns, text_tokens, characters, place, history);
}
template <class A>
void CheckpointFields(A& archive, Of<ExactString> auto& string) {
  auto& [kind, text, label, first_seq, occurrences] = string;
  archive(kind, text, label, first_seq, occurrences);
}
template <class A>
void CheckpointFields(A& archive, Of<Sidecar> auto& sidecar) {
  auto& [text, included, omitted, holds] = sidecar;
  archive(text, included, omitted, holds);
}
template <class A>
void CheckpointFields(A& archive, Of<DrawnResult> auto& result) {
  auto& [seq, rung, drawing] = result;
  archive(seq, rung, drawing);
}
template <class A>
void CheckpointFields(A& archive, Of<SheetPart::Origin> auto& origin) {
  auto& [first_chunk, last_chunk, gist_characters, drawn_results, exact] = origin;
  archive(first_chunk, last_chunk, gist_characters, drawn_results, exact);
}
template <class A>
void CheckpointFields(A& archive, Of<SheetPart> auto& part) {
  auto& [section, place, turns, count, tokens, text_tokens, characters, on_pages, rung, drawn,
         own_images, own_image_bytes, note, sidecar, sidecar_tokens, unanswered_tokens, elision,
         elided_characters, elided_of_turns, opaque_omitted, images_omitted, result_tokens,
         result_characters, recalled, origin, floor_tokens] = part;
  archive(section, place, turns, count, tokens, text_tokens, characters, on_pages, rung, drawn,
          own_images, own_image_bytes, note, sidecar, sidecar_tokens, unanswered_tokens, elision,
          elided_characters, elided_of_turns, opaque_omitted, images_omitted, result_tokens,
          result_characters, recalled, origin, floor_tokens);
}
// Its totals follow from its parts.
template <class A>
void CheckpointFields(A& archive, Of<Sheet> auto& sheet) {
  for (size_t i = 0; i < Sheet::kSections; ++i) {
    const auto section = static_cast<SheetSection>(i);
    if constexpr (A::kReads) {
      Sheet::Parts parts;
      archive(parts);
      for (SheetPart& part : parts) sheet.Add(section, std::move(part));
    } else {
      archive(sheet.parts(section));
    }
  }
}

template <class A>
void CheckpointFields(A& archive, Of<Group> auto& group) {
  auto& [turns, waiting_calls, open, orphan_result] = group;
  archive(turns, waiting_calls, open, orphan_result);
}
template <class A>
void CheckpointFields(A& archive, Of<EpochRecord> auto& record) {
  auto& [epoch, since_seq, reason, tokens_before, tokens_after, kept_tokens] = record;
  archive(epoch, since_seq, reason, tokens_before, tokens_after, kept_tokens);
}
template <class A>
void CheckpointFields(A& archive, Of<PinnedTurn> auto& pin) {
  auto& [tokens, characters] = pin;
  archive(tokens, characters);
}
template <class A>
void CheckpointFields(A& archive, Of<Plan> auto& plan) {
  auto& [last_seq, last_event, last_request_seq, cache_is_cold, sheet, chunks, tail_chunk, filling,
         coarse_filling_seq, pinned, tail_groups, epochs, required_tokens] = plan;
  archive(last_seq, last_event, last_request_seq, cache_is_cold, sheet, chunks, tail_chunk, filling,
          coarse_filling_seq, pinned, tail_groups, epochs, required_tokens);
}
template <class A>
void CheckpointFields(A& archive, Of<StringUses::Use> auto& use) {
  auto& [turns, agent_turns, last_seq] = use;
  archive(turns, agent_turns, last_seq);
}
template <class A>
void CheckpointFields(A& archive, Of<Memory> auto& memory) {
  auto& [calls, uses, head_strings, latent_strings, made_again] = memory;
  archive(calls, uses, head_strings, latent_strings);
}

}  // namespace fovea

#endif  // FOVEA_CORE_FORGETTING_CHECKPOINT_FIELDS_H_
