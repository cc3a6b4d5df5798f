// The same stretch of a session drawn at every rung of a reader's ladder, for people.
#ifndef FOVEA_SERVICE_LADDER_H_
#define FOVEA_SERVICE_LADDER_H_

#include "absl/status/status.h"
#include "core/log/turn_source.h"
#include "core/page/page.h"
#include "core/reader/reader_profile.h"
#include "fovea/v1/context.pb.h"

namespace fovea::service {

// Draws one page a rung, all beginning with turns.first and ending before turns.last at the latest,
// and a contact sheet of them. INVALID_ARGUMENT if the reader has no ladder; otherwise fails only
// if `turns` or the renderer does.
absl::Status DrawReaderLadder(SeqRange turns, const ReaderProfile& reader, const TurnSource& source,
                              const PageRenderer& renderer, v1::DrawLadderResponse* response);

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_LADDER_H_
