#include "bench/replay/page_demand.h"

#include <algorithm>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"

namespace fovea::replay {
namespace {

using Book = std::vector<const PageDemand*>;  // by id

const std::string& IdOf(const PageDemand* demand) { return demand->page->planned.page_id; }

// One page of each book after the other, the book whose first id is smallest before the others.
// Takes the books.
std::vector<const PageDemand*> InTurns(std::map<const PageBook*, Book>& by_book) {
  std::vector<Book> books;
  for (auto& [book, pages] : by_book) {
    std::ranges::sort(pages, {}, IdOf);
    books.push_back(std::move(pages));
  }
  std::ranges::sort(books, {}, [](const Book& pages) { return IdOf(pages.front()); });
  std::vector<const PageDemand*> in_turns;
  for (size_t i = 0, before = 1; before != in_turns.size(); ++i) {
    before = in_turns.size();
    for (const Book& pages : books) {
      if (i < pages.size()) in_turns.push_back(pages[i]);
    }
  }
  return in_turns;
}

int RankOf(const PageDemand& demand) {
  if (demand.by_fovea) return 0;
  return demand.moments.empty() ? 2 : 1;
}

}  // namespace

Typography TypographyOf(const SeenPage& page) {
  return {page.planned.typography.line_pitch_px, page.planned.typography.grey_bits};
}

std::vector<PageDemand> DemandsOf(const Experiment& experiment) {
  std::vector<PageDemand> demands;
  absl::flat_hash_map<const SeenPage*, size_t> index;
  for (const auto& book : experiment.books) {
    for (const auto& page : book->pages()) {
      index[page.get()] = demands.size();
      demands.push_back({.book = book.get(), .page = page.get()});
    }
  }
  for (const Lived& lived : experiment.lived) {
    for (const Verdict& verdict : lived.outcome.verdicts) {
      for (const SeenPage* page : verdict.pages) {
        PageDemand& demand = demands[index.at(page)];
        demand.moments[verdict.string] += 1;
        demand.by_fovea = demand.by_fovea || lived.row.strategy == kFovea;
      }
    }
  }
  return demands;
}

std::vector<const PageDemand*> PagesToRead(const std::vector<PageDemand>& demands, size_t most) {
  std::map<std::pair<Typography, int>, std::map<const PageBook*, Book>> ranked;
  for (const PageDemand& demand : demands) {
    ranked[{TypographyOf(*demand.page), RankOf(demand)}][demand.book].push_back(&demand);
  }
  std::map<Typography, size_t> taken;
  absl::flat_hash_set<std::string> ids;
  std::vector<const PageDemand*> pages;
  for (auto& [typography_and_rank, by_book] : ranked) {
    size_t& count = taken[typography_and_rank.first];
    for (const PageDemand* demand : InTurns(by_book)) {
      if ((most > 0 && count >= most) || !ids.insert(IdOf(demand)).second) continue;
      ++count;
      pages.push_back(demand);
    }
  }
  return pages;
}

}  // namespace fovea::replay
