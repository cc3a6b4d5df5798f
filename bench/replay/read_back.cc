#include "bench/replay/read_back.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "core/forgetting/run.h"

namespace fovea::replay {
namespace {

ReadBack::Typography TypographyOf(const SeenPage& page) {
  return {page.planned.typography.line_pitch_px, page.planned.typography.grey_bits};
}

// Letters should be about 20 pixels high.
float EnlargementFor(int line_pitch_px) { return line_pitch_px <= 8 ? 3 : 2; }

bool ReadFile(const std::string& file, std::string* text) {
  std::ifstream input(file, std::ios::binary);
  if (!input) return false;
  std::ostringstream all;
  all << input.rdbuf();
  *text = all.str();
  return true;
}

absl::Status WriteFile(const std::string& file, const std::string& text) {
  const std::string half = file + ".part";
  std::ofstream(half, std::ios::binary) << text;
  std::error_code error;
  std::filesystem::rename(half, file, error);
  if (error) return absl::InternalError(absl::StrCat("cannot write ", file));
  return absl::OkStatus();
}

std::string CacheFile(const BookPage& page, const std::string& cache_directory) {
  return absl::StrCat(cache_directory, "/", page.page->planned.page_id, ".txt");
}

}  // namespace

void ReadBack::Add(const SeenPage& page, std::vector<uint32_t> found_strings,
                   double percent_right) {
  const bool gist = percent_right >= 100 * kGistShare;
  Rate& rate = rates_[TypographyOf(page)];
  ++rate.pages;
  rate.characters += static_cast<double>(page.characters);
  if (gist) rate.gist += static_cast<double>(page.characters);
  rate.percent_sum += std::max(0.0, percent_right);
  rate.strings += page.strings.size();
  rate.strings_exact += static_cast<size_t>(std::ranges::count_if(
      page.strings, [&](uint32_t i) { return std::ranges::binary_search(found_strings, i); }));
  by_page_id_[page.planned.page_id] = {std::move(found_strings), gist};
}

double ReadBack::Exact(const SeenPage& page, uint32_t string) const {
  const auto tried = by_page_id_.find(page.planned.page_id);
  if (tried != by_page_id_.end()) {
    return std::ranges::binary_search(tried->second.strings, string) ? 1 : 0;
  }
  const auto rate = rates_.find(TypographyOf(page));
  if (rate == rates_.end() || rate->second.strings == 0) return page.exact_legibility;
  return static_cast<double>(rate->second.strings_exact) /
         static_cast<double>(rate->second.strings);
}

double ReadBack::Gist(const SeenPage& page) const {
  const auto tried = by_page_id_.find(page.planned.page_id);
  if (tried != by_page_id_.end()) return tried->second.gist ? 1 : 0;
  const auto rate = rates_.find(TypographyOf(page));
  if (rate == rates_.end() || rate->second.characters == 0) {
    return page.legibility >= kGistShare ? 1 : 0;
  }
  return rate->second.gist / rate->second.characters;
}

std::vector<BookPage> PagesToRead(const std::vector<const PageBook*>& books, size_t most) {
  std::map<std::string, BookPage> by_id;
  for (const PageBook* book : books) {
    for (const auto& page : book->pages()) {
      by_id.try_emplace(page->planned.page_id, BookPage{book, page.get()});
    }
  }
  std::map<ReadBack::Typography, size_t> taken;
  std::vector<BookPage> pages;
  for (const auto& [id, page] : by_id) {
    if (most == 0 || taken[TypographyOf(*page.page)]++ < most) pages.push_back(page);
  }
  return pages;
}

bool WasRead(const BookPage& page, const std::string& cache_directory) {
  return std::filesystem::exists(CacheFile(page, cache_directory));
}

absl::StatusOr<std::string> ReadPage(const BookPage& page, const PageRenderer& renderer,
                                     const std::string& cache_directory, PictureReader& reader) {
  const PlannedPage& planned = page.page->planned;
  const std::string file = CacheFile(page, cache_directory);
  std::string read;
  if (ReadFile(file, &read)) return read;
  auto content = StripContent(planned.strip, page.book->session().source);
  if (!content.ok()) return content.status();
  auto drawn = DrawPlannedPage(planned, *content, renderer);
  if (!drawn.ok()) return drawn.status();
  read = reader.Read(drawn->png, EnlargementFor(planned.typography.line_pitch_px));
  absl::Status status = WriteFile(file, read);
  if (!status.ok()) return status;
  return read;
}

std::vector<uint32_t> StringsRead(const StringFinder& finder, std::string_view read) {
  std::string joined;
  std::ranges::copy_if(read, std::back_inserter(joined), [](char c) { return c != '\n'; });
  std::vector<uint32_t> found = finder.FindIn(read);
  const std::vector<uint32_t> over_lines = finder.FindIn(joined);
  std::vector<uint32_t> all;
  std::ranges::set_union(found, over_lines, std::back_inserter(all));
  return all;
}

}  // namespace fovea::replay
