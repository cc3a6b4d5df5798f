#include "service/page_provider.h"

#include <algorithm>
#include <atomic>
#include <optional>

#include "absl/container/flat_hash_set.h"
#include "core/base/status_macros.h"

namespace fovea::service {
namespace {

// Enough that the threads do not wait for each other at the end of each batch.
constexpr size_t kPagesOfBatchForThread = 8;

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
    const auto begin = wanted.begin() + static_cast<std::ptrdiff_t>(first);
    const Pages part(begin,
                     begin + static_cast<std::ptrdiff_t>(std::min(batch, wanted.size() - first)));
    const absl::Status drawn = Draw(lease.state(), part, patience, first == 0, found);
    Keep(lease.state(), part, found);
    FOVEA_RETURN_IF_ERROR(drawn);
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
                                const Patience& patience, bool first, wire::PageBytes& drawn) {
  const auto still_wanted = [&patience] { return patience.StillWanted(); };
  const Strips strips = FindStrips(wanted);
  std::vector<PageContent> contents(strips.strips.size());
  FOVEA_RETURN_IF_ERROR(in_.drawing->ForEach(state->key, contents.size(), [&](size_t i) {
    FOVEA_RETURN_IF_ERROR(still_wanted());
    FOVEA_ASSIGN_OR_RETURN(contents[i], StripContent(strips.strips[i], state->turns));
    return absl::OkStatus();
  }));

  std::vector<Png> pngs(wanted.size());
  // A call that is out of time comes again: it must find more than it found this time.
  std::atomic<bool> got_on = !first;
  const absl::Status status =
      in_.drawing->ForEach(state->key, wanted.size(), [&](size_t i) -> absl::Status {
        FOVEA_RETURN_IF_ERROR(got_on ? patience.Check() : still_wanted());
        FOVEA_ASSIGN_OR_RETURN(
            DrawnPage page,
            DrawPlannedPage(*wanted[i], contents[strips.of_page[i]], *in_.renderer, still_wanted));
        pngs[i] = std::make_shared<const std::string>(std::move(page.png));
        got_on = true;
        ++in_.metrics->pages_drawn;
        return absl::OkStatus();
      });
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (pngs[i] != nullptr) drawn[wanted[i]->page_id] = std::move(pngs[i]);
  }
  return status;
}

void PageProvider::Keep(const StatePtr& state, const Pages& pages, const wire::PageBytes& bytes) {
  std::vector<std::pair<std::string, Png>> kept;
  kept.reserve(pages.size());
  for (const PlannedPage* page : pages) {
    const auto png = bytes.find(page->page_id);
    if (png == bytes.end()) continue;
    cache_.Put({state->id, page->page_id}, png->second, png->second->size());
    kept.emplace_back(page->page_id, png->second);
  }
  if (kept.empty()) return;
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
