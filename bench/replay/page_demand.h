// Which strings are looked for on which pages, and which pages to read for it.
#ifndef FOVEA_BENCH_REPLAY_PAGE_DEMAND_H_
#define FOVEA_BENCH_REPLAY_PAGE_DEMAND_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "replay/experiment.h"
#include "replay/page_book.h"

namespace fovea::replay {

using Typography = std::pair<int, int>;  // line pitch in pixels, grey bits
Typography TypographyOf(const SeenPage& page);

// A page of a book, with the moments that looked for a string there.
struct PageDemand {
  const PageBook* book = nullptr;
  const SeenPage* page = nullptr;
  std::map<uint32_t, double> moments;  // by string: how many
  bool by_fovea = false;               // whether any of them is Fovea's
};

// Every page of every book once, by book and number. The experiment outlives them.
std::vector<PageDemand> DemandsOf(const Experiment& experiment);

// The pages to read: all, or `most` of each typography. First come pages on which Fovea's moments
// look for strings, then those of other strategies' moments, then the rest; among these one of each
// book after the other, so that sessions and readers are alike, and within a book by id, which is
// as good as at random. A page that is in several books comes once.
std::vector<const PageDemand*> PagesToRead(const std::vector<PageDemand>& demands, size_t most);

}  // namespace fovea::replay

#endif  // FOVEA_BENCH_REPLAY_PAGE_DEMAND_H_
