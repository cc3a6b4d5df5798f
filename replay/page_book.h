// The pages that were served in a replay, with the text that is on each.
#ifndef FOVEA_REPLAY_PAGE_BOOK_H_
#define FOVEA_REPLAY_PAGE_BOOK_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "core/strip/strip.h"
#include "replay/session.h"

namespace fovea::replay {

struct SeenPage {
  uint64_t number = 0;  // in the order of first serving, within the book
  PlannedPage planned;
  double legibility = 0;          // the profile's, of the page's rung
  double exact_legibility = 0;    // the profile's, of exact strings
  double passage_legibility = 0;  // the profile's, of whole passages
  uint64_t characters = 0;
  std::string_view session;         // its name
  std::vector<uint32_t> strings;    // of the session's used strings, those on the page; sorted
  std::vector<size_t> edit_copies;  // of the session's, those whose passage is whole on the page

  bool Holds(uint32_t string) const;
};

// A sidecar or another note that was served.
struct SeenNote {
  uint64_t number = 0;
  std::vector<uint32_t> strings;  // sorted

  bool Holds(uint32_t string) const;
};

// Of one session. Thread-compatible.
class PageBook {
 public:
  explicit PageBook(const Session& session) : session_(session) {}  // which outlives the book
  // Lives as long as the book. Fails only if the page's strip is not in the session.
  absl::StatusOr<const SeenPage*> Page(const PlannedPage& page, const Rung& rung);
  const SeenNote* Note(const std::string& text);
  // What a page shows, rebuilt from the session.
  absl::StatusOr<std::string> TextOf(const SeenPage& page) const;
  const Session& session() const { return session_; }
  // In the order of first serving.
  const std::vector<std::unique_ptr<SeenPage>>& pages() const { return pages_; }

 private:
  std::vector<size_t> EditCopiesOn(const PageExtent& extent, const std::string& text) const;
  absl::StatusOr<const PageContent*> ContentOf(const Strip& strip);

  const Session& session_;
  absl::flat_hash_map<std::string, const SeenPage*> by_id_;
  std::vector<std::unique_ptr<SeenPage>> pages_;
  std::map<std::string, std::unique_ptr<SeenNote>, std::less<>> notes_;
  Strip last_strip_;
  PageContent last_content_;
};

// The text of a content between two positions, as the page shows it.
std::string TextBetween(const PageContent& content, PagePosition begin, PagePosition end);

}  // namespace fovea::replay

#endif  // FOVEA_REPLAY_PAGE_BOOK_H_
