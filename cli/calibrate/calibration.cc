#include "cli/calibrate/calibration.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/client.h"
#include "cli/formats/console.h"
#include "core/base/status_macros.h"
#include "fovea/v1/page.pb.h"

namespace fovea::cli {
namespace {

constexpr char kInstruction[] =
    "The image is a page of text in small type. Transcribe it from its second line on, exactly as "
    "it stands: every character, nothing corrected, nothing added, no comment. Light marks stand "
    "for line breaks: break the line there. Leave out what you cannot read.";
// Enough to know it by, and not what a page could hold.
constexpr char kInstructionPart[] = "Transcribe it from its second line on";
constexpr size_t kLongestRefusal = 400;
constexpr size_t kQuotedColumns = 200;

struct DrawnProbe {
  ProbeKind kind = ProbeKind::kProse;
  int pitch = 0;
  Probe probe;
  v1::DocumentPage page;  // the first, which is full
};

bool IsMixed(ProbeKind kind) { return kind != ProbeKind::kCjk; }

// Text for more than a page: the smallest glyphs take about a third of a line's height in width.
size_t CharactersForPage(const CalibrationOptions& options, int pitch) {
  const double area = static_cast<double>(options.width) * options.height;
  return static_cast<size_t>(area / (0.25 * pitch * pitch)) + 200;
}

absl::StatusOr<v1::DocumentPage> DrawFirstPage(Client& client,
                                               const v1::RenderDocumentRequest& request) {
  FOVEA_ASSIGN_OR_RETURN(auto stream, client.Start(pages::kRenderDocument, request, Pace::kSlow));
  v1::RenderDocumentResponse response;
  const bool drawn = stream.Read(&response) && response.has_page();
  if (drawn) stream.Cancel();
  const absl::Status finished = stream.Finish();
  if (!drawn && !finished.ok()) return finished;
  const v1::DocumentPage& page = response.page();
  if (!drawn || page.last_byte() >= request.text().size() || page.first_byte() > page.last_byte()) {
    return absl::InternalError("the server drew no page of the probe");
  }
  return page;
}

absl::StatusOr<DrawnProbe> Draw(Client& client, const CalibrationOptions& options, ProbeKind kind,
                                int pitch, int number) {
  // Another text for each probe, so that no answer can come from an earlier one.
  const uint64_t seed =
      (options.seed * 1000 + static_cast<uint64_t>(pitch)) * 1000 + static_cast<uint64_t>(number);
  DrawnProbe drawn{.kind = kind,
                   .pitch = pitch,
                   .probe = MakeProbe(kind, seed, CharactersForPage(options, pitch))};
  v1::RenderDocumentRequest request;
  request.set_title("probe");
  request.set_text(drawn.probe.text);
  request.mutable_setting()->set_line_pitch_px(pitch);
  request.mutable_setting()->set_grey_bits(options.grey_bits);
  request.mutable_setting()->set_width(options.width);
  request.mutable_setting()->set_height(options.height);
  FOVEA_ASSIGN_OR_RETURN(drawn.page, DrawFirstPage(client, request));
  return drawn;
}

bool SaysThatItCannot(const std::string& answer) {
  if (answer.size() > kLongestRefusal) return false;
  const std::string lower = absl::AsciiStrToLower(answer);
  return absl::StrContains(lower, "cannot") || absl::StrContains(lower, "can't") ||
         absl::StrContains(lower, "unable") || absl::StrContains(lower, "sorry");
}

struct ReadProbe {
  KindResult result;
  std::string said;  // another text than the page's; "" if it was not
};

absl::StatusOr<ReadProbe> Read(const ReaderEndpoint& endpoint, const DrawnProbe& drawn) {
  auto answer = endpoint.Ask(kInstruction, drawn.page.png());
  if (!answer.ok()) {
    return absl::Status(answer.status().code(),
                        absl::StrCat(Name(drawn.kind), " at ", drawn.pitch,
                                     " px a line: ", std::string(answer.status().message())));
  }
  const bool echoed = absl::StrContains(answer->text, kInstructionPart);
  KindResult read{.score = ScoreAnswer(drawn.probe, drawn.page.first_byte(),
                                       drawn.page.last_byte() + 1, echoed ? "" : answer->text),
                  .probes = 1};
  const bool empty = absl::StripAsciiWhitespace(answer->text).empty();
  const bool wrong = read.score.characters.Share() < kLowestShare;
  read.echoed = echoed ? 1 : 0;
  read.cut = answer->cut ? 1 : 0;
  read.refused = answer->refused || (wrong && SaysThatItCannot(answer->text)) ? 1 : 0;
  read.empty = empty && !answer->refused ? 1 : 0;
  const bool nothing = read.echoed + read.refused + read.empty > 0;
  read.other_text = !nothing && read.score.characters.Share() < kOtherShare ? 1 : 0;
  return ReadProbe{read, read.other_text > 0 ? std::move(answer->text) : ""};
}

// Reads all, some at a time. The error is that of the first probe that has one.
absl::StatusOr<std::vector<ReadProbe>> ReadAll(const ReaderEndpoint& endpoint,
                                               const std::vector<DrawnProbe>& drawn, int parallel,
                                               const std::function<void()>& done) {
  std::vector<absl::StatusOr<ReadProbe>> read(drawn.size(), ReadProbe());
  std::atomic<size_t> next = 0;
  std::atomic<bool> failed = false;
  std::mutex reporting;
  const auto work = [&] {
    for (size_t i = next++; i < drawn.size() && !failed; i = next++) {
      read[i] = Read(endpoint, drawn[i]);
      if (!read[i].ok()) failed = true;
      const std::lock_guard lock(reporting);
      done();
    }
  };
  std::vector<std::thread> threads;
  for (int i = 1; i < parallel; ++i) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
  std::vector<ReadProbe> all;
  for (absl::StatusOr<ReadProbe>& one : read) {
    if (!one.ok()) return one.status();
    all.push_back(*std::move(one));
  }
  return all;
}

Cell Summarise(const CalibrationOptions& options, const std::vector<DrawnProbe>& drawn,
               const std::vector<ReadProbe>& read) {
  Cell cell{.line_pitch_px = drawn.front().pitch};
  uint64_t characters = 0;
  int pages = 0;
  for (size_t i = 0; i < drawn.size(); ++i) {
    cell.kinds[static_cast<size_t>(drawn[i].kind)] += read[i].result;
    if (!IsMixed(drawn[i].kind)) continue;
    characters += drawn[i].page.characters();
    ++pages;
  }
  const double area = static_cast<double>(options.width) * (options.height - cell.line_pitch_px);
  cell.pixels_per_character = area * pages / static_cast<double>(std::max<uint64_t>(characters, 1));
  return cell;
}

// An error if nearly all pages of mixed text were answered with another text.
absl::Status CheckThatPagesAreRead(const Cell& cell, const std::vector<ReadProbe>& read) {
  const KindResult mixed = cell.Mixed();
  if (mixed.score.characters.Share() >= kOtherShare || 5 * mixed.other_text < 4 * mixed.probes) {
    return absl::OkStatus();
  }
  const auto said = std::find_if(read.begin(), read.end(),
                                 [](const ReadProbe& p) { return p.result.other_text > 0; });
  return absl::FailedPreconditionError(absl::StrFormat(
      "%d of %d pages at %d px a line were answered with another text than stands there (%.1f %% "
      "of the characters): is the model shown the image? It said: %s",
      mixed.other_text, mixed.probes, cell.line_pitch_px, 100 * mixed.score.characters.Share(),
      OneLine(said->said, kQuotedColumns)));
}

}  // namespace

KindResult& KindResult::operator+=(const KindResult& other) {
  score += other.score;
  probes += other.probes;
  empty += other.empty;
  refused += other.refused;
  echoed += other.echoed;
  cut += other.cut;
  other_text += other.other_text;
  return *this;
}

KindResult Cell::Mixed() const {
  KindResult mixed;
  for (const ProbeKind kind : kProbeKinds) {
    if (IsMixed(kind)) mixed += kinds[static_cast<size_t>(kind)];
  }
  return mixed;
}

absl::StatusOr<std::vector<Cell>> MeasureReader(Client& client, const ReaderEndpoint& endpoint,
                                                const CalibrationOptions& options,
                                                const CalibrationProgress& progress) {
  std::vector<Cell> cells;
  int probes_read = 0;
  for (const int pitch : options.pitches) {
    std::vector<DrawnProbe> drawn;
    for (const ProbeKind kind : kProbeKinds) {
      const bool lost =
          !cells.empty() && cells.back()[kind].score.characters.Share() < kLowestShare;
      for (int i = 0; i < options.probes && !(lost && !IsMixed(kind)); ++i) {
        FOVEA_ASSIGN_OR_RETURN(auto probe, Draw(client, options, kind, pitch, i));
        drawn.push_back(std::move(probe));
      }
    }
    FOVEA_ASSIGN_OR_RETURN(const auto read, ReadAll(endpoint, drawn, options.parallel, [&] {
                             ++probes_read;
                             if (progress.probe) progress.probe(pitch, probes_read);
                           }));
    cells.push_back(Summarise(options, drawn, read));
    if (progress.pitch) progress.pitch(cells.back());
    if (cells.size() == 1) {
      FOVEA_RETURN_IF_ERROR(CheckThatPagesAreRead(cells.front(), read));
    }
    if (cells.back().Mixed().score.characters.Share() < kLowestShare) break;
  }
  return cells;
}

}  // namespace fovea::cli
