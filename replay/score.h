// What an outcome is worth, given how well its pages are read.
#ifndef FOVEA_REPLAY_SCORE_H_
#define FOVEA_REPLAY_SCORE_H_

#include <array>
#include <cstdint>

#include "replay/page_book.h"
#include "replay/recovered.h"
#include "replay/replay.h"

namespace fovea::replay {

// A page counts as read for its gist if so much of it comes back.
constexpr double kGistShare = 0.85;

// How well pages are read. Thread-compatible.
class PageReading {
 public:
  virtual ~PageReading() = default;
  // The chance that the string comes back exactly from the page; 0 or 1 where it was tried.
  virtual double Exact(const SeenPage& page, uint32_t string) const = 0;
  // The share of such pages that come back to kGistShare or better; 0 or 1 where it was tried.
  virtual double Gist(const SeenPage& page) const = 0;
  // The chance that a passage that is whole on the page is copied byte for byte: by the profile,
  // as nobody reads passages back here.
  double Passage(const SeenPage& page) const { return page.passage_legibility; }
};

// By what the reader's profile expects of the rung.
class ExpectedReading final : public PageReading {
 public:
  double Exact(const SeenPage& page, uint32_t string) const override;
  double Gist(const SeenPage& page) const override;
};

// Moments may be fractions: a string on a page counts by its chance. The best page counts alone, as
// the errors of one string on two pages need not be independent.
struct Score {
  // The moments of one kind of string, and how many of them are lost on pages or not shown.
  struct OfKind {
    double moments = 0;
    double missing = 0;
  };

  double moments = 0;
  double in_text = 0;
  double in_sidecar = 0;
  double read_from_page = 0;
  double lost_on_page = 0;
  double not_shown = 0;
  // Of those lost or not shown; NaN if there are no recoveries.
  double by_recall = 0;
  double by_search = 0;
  std::array<OfKind, 9> by_kind;  // by ExactString::Kind; 0 is empty
  OfKind own;                     // strings that the agent itself had written before
  OfKind heard;                   // that stood in tool results or others' turns only

  double edit_copies = 0;
  double copies_in_text = 0;   // of them
  double copies_readable = 0;  // of them, in text or, by their chance, on a page

  double shown = 0;      // of the history's characters, in the last quarter of the requests
  double shown_end = 0;  // in the last request
  double gist = 0;       // in the last quarter, as text or on pages that are read

  // NaN if there was no moment.
  double Survival() const { return (in_text + in_sidecar + read_from_page) / moments; }
  double Recalls() const { return lost_on_page + not_shown; }
};

// `recoveries` may be null; else it holds every moment of the outcome.
Score ScoreOf(const Outcome& outcome, const PageBook& book, const PageReading& reading,
              const Recoveries* recoveries);

}  // namespace fovea::replay

#endif  // FOVEA_REPLAY_SCORE_H_
