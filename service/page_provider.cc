#include "service/page_provider.h"

#include <algorithm>
#include <optional>

#include "absl/container/flat_hash_set.h"
#include "core/base/status_macros.h"

namespace fovea::service {
namespace {

// Enough that the threads do not wait for each other at the end of each batch.
constexpr size_t kPagesOfBatchForThread = 8;

absl::Status FirstError(const std::vector<absl::Status>& statuses) {
  const auto failed = std::find_if(statuses.begin(), statuses.end(),
                                   [](const absl::Status& status) { return !status.ok(); });
  return failed == statuses.end() ? absl::OkStatus() : *failed;
}

// The strips that pages are parts of, each once, and for each page the index of its own.
struct Strips {
  std::vector<Strip> strips;
  std::vector<size_t> of_page;
};

Strips FindStrips(const std::vector<const PlannedPage*>& pages) {
  Strips found;
  for (const PlannedPage* page : pages) {
    auto at = std::find(found.strips.rbegin(), found.strips.rend(), page->strip);
    if (at == found.strips.rend()) {
      found.strips.push_back(page->strip);
      at = found.strips.rbegin();
    }
    found.of_page.push_back(static_cast<size_t>(std::distance(at, found.strips.rend())) - 1);
  }
  return found;
}

}  // namespace

absl::StatusOr<wire::PageBytes> PageProvider::Load(const SessionLease& lease,
                                                   const std::vector<const PlannedPage*>& pages,
                                                   const Patience& patience) {
  Pages wanted;
  absl::flat_hash_set<std::string> seen;
  for (const PlannedPage* page : pages) {
    if (seen.insert(page->page_id).second) wanted.push_back(page);
  }
  wire::PageBytes found;
  FromMemory(lease.state()->id, wanted, found);
  if (!wanted.empty()) FromStore(*lease.state(), wanted, found);
  in_.metrics->pages_from_cache += found.size();
  const size_t batch = kPagesOfBatchForThread * in_.drawing->threads();
  for (size_t first = 0; first < wanted.size(); first += batch) {
    // What was drawn before is kept, and found by who comes again.
    if (first > 0) FOVEA_RETURN_IF_ERROR(patience.Check());
    const auto begin = wanted.begin() + static_cast<std::ptrdiff_t>(first);
    const Pages part(begin,
                     begin + static_cast<std::ptrdiff_t>(std::min(batch, wanted.size() - first)));
    FOVEA_RETURN_IF_ERROR(Draw(lease.state(), part, found));
    in_.metrics->pages_drawn += part.size();
    Keep(lease.state(), part, found);
  }
  return found;
}

void PageProvider::Forget(uint64_t state_id) {
  cache_.EraseIf([&](const auto& key) { return key.first == state_id; });
}

void PageProvider::ForgetAll() {
  cache_.EraseIf([](const auto&) { return true; });
}

void PageProvider::FromMemory(uint64_t state_id, Pages& wanted, wire::PageBytes& found) {
  Pages missing;
  for (const PlannedPage* page : wanted) {
    if (auto png = cache_.Get({state_id, page->page_id})) {
      found[page->page_id] = *std::move(png);
    } else {
      missing.push_back(page);
    }
  }
  wanted = std::move(missing);
}

void PageProvider::FromStore(const SessionState& state, Pages& wanted, wire::PageBytes& found) {
  std::vector<std::string> ids;
  ids.reserve(wanted.size());
  for (const PlannedPage* page : wanted) ids.push_back(page->page_id);
  auto stored = in_.store->Get(state.key, ids);
  if (!stored.ok()) return;
  Pages missing;
  for (size_t i = 0; i < wanted.size(); ++i) {
    std::optional<std::string>& png = (*stored)[i];
    if (!png.has_value()) {
      missing.push_back(wanted[i]);
      continue;
    }
    auto shared = std::make_shared<const std::string>(*std::move(png));
    cache_.Put({state.id, ids[i]}, shared, shared->size());
    found[ids[i]] = std::move(shared);
  }
  wanted = std::move(missing);
}

absl::Status PageProvider::Draw(const StatePtr& state, const Pages& wanted,
                                wire::PageBytes& drawn) {
  const Strips strips = FindStrips(wanted);
  std::vector<PageContent> contents(strips.strips.size());
  std::vector<absl::Status> statuses(strips.strips.size());
  in_.drawing->ParallelFor(strips.strips.size(), [&](size_t i) {
    auto content = StripContent(strips.strips[i], state->turns);
    statuses[i] = content.status();
    if (content.ok()) contents[i] = *std::move(content);
  });
  absl::Status status = FirstError(statuses);
  if (!status.ok()) return status;

  std::vector<Png> pngs(wanted.size());
  statuses.assign(wanted.size(), absl::OkStatus());
  in_.drawing->ParallelFor(wanted.size(), [&](size_t i) {
    auto page = DrawPlannedPage(*wanted[i], contents[strips.of_page[i]], *in_.renderer);
    statuses[i] = page.status();
    if (page.ok()) pngs[i] = std::make_shared<const std::string>(std::move(page->png));
  });
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (pngs[i] != nullptr) drawn[wanted[i]->page_id] = std::move(pngs[i]);
  }
  return FirstError(statuses);
}

void PageProvider::Keep(const StatePtr& state, const Pages& pages, const wire::PageBytes& bytes) {
  std::vector<std::pair<std::string, Png>> kept;
  kept.reserve(pages.size());
  for (const PlannedPage* page : pages) {
    const Png& png = bytes.at(page->page_id);
    cache_.Put({state->id, page->page_id}, png, png->size());
    kept.emplace_back(page->page_id, png);
  }
  // A page that is not kept is drawn again: nothing to report if the pool is full or the store
  // refuses.
  (void)in_.background->Post([this, state, kept = std::move(kept)] {
    const SessionLease lease(state);
    if (!lease.valid()) return;
    std::vector<StoredPage> stored;
    stored.reserve(kept.size());
    for (const auto& [id, png] : kept) stored.push_back({.page_id = id, .png = *png});
    in_.store->Put(state->key, std::move(stored)).IgnoreError();
  });
}

}  // namespace fovea::service
