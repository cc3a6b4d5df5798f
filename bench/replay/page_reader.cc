#include "bench/replay/page_reader.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <optional>
#include <sstream>
#include <thread>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "bench/replay/page_band.h"
#include "core/base/status_macros.h"
#include "core/strip/strip.h"

namespace fovea::replay {
namespace {

// Letters should be about 20 pixels high.
float EnlargementFor(int line_pitch_px) { return line_pitch_px <= 8 ? 3 : 2; }

std::optional<std::string> ReadFile(const std::string& file) {
  std::ifstream input(file, std::ios::binary);
  if (!input) return std::nullopt;
  std::ostringstream all;
  all << input.rdbuf();
  return all.str();
}

absl::Status WriteFile(const std::string& file, const std::string& text) {
  const std::string half = file + ".part";
  std::ofstream(half, std::ios::binary) << text;
  std::error_code error;
  std::filesystem::rename(half, file, error);
  if (error) return absl::InternalError(absl::StrCat("cannot write ", file));
  return absl::OkStatus();
}

// What was read of a page.
struct PageText {
  PageBand band;
  std::string text;
  double percent_right = 0;
};

class Work {
 public:
  Work(const std::vector<const PageDemand*>& pages, const PageRenderer& renderer,
       const ReadingOptions& options)
      : pages_(pages), renderer_(renderer), options_(options), read_(pages.size()) {
    if (!options.cached_only) return;
    for (const auto& file : std::filesystem::directory_iterator(options.cache_directory)) {
      const std::string name = file.path().filename();
      cached_ids_.insert(name.substr(0, name.find('-')));
    }
  }

  // Each thread takes the next page until none is left or one fails.
  void Run() {
    const std::unique_ptr<PictureReader> reader = options_.make_reader();
    if (reader == nullptr) return Fail(absl::UnavailableError("no reader of pages starts"));
    for (size_t i = next_++; i < pages_.size() && !failed_; i = next_++) {
      absl::Status status = ReadOne(*pages_[i], *reader, read_[i]);
      if (!status.ok()) return Fail(std::move(status));
      const std::lock_guard lock(mutex_);
      ++done_;
      if (options_.progress) options_.progress(done_);
    }
  }

  const absl::Status& status() const { return status_; }
  // By page; nothing where it was left out.
  const std::vector<std::optional<PageText>>& read() const { return read_; }

 private:
  void Fail(absl::Status status) {
    const std::lock_guard lock(mutex_);
    if (status_.ok()) status_ = std::move(status);
    failed_ = true;
  }

  absl::Status ReadOne(const PageDemand& demand, PictureReader& reader,
                       std::optional<PageText>& out) const {
    const PlannedPage& planned = demand.page->planned;
    if (options_.cached_only && !cached_ids_.contains(planned.page_id)) return absl::OkStatus();
    FOVEA_ASSIGN_OR_RETURN(auto band, BandOf(demand, options_.lines, renderer_));
    const std::string file = absl::StrCat(options_.cache_directory, "/", planned.page_id, "-",
                                          band.first_line, "-", band.last_line, ".txt");
    std::optional<std::string> text = ReadFile(file);
    if (!text.has_value()) {
      if (options_.cached_only) return absl::OkStatus();
      FOVEA_ASSIGN_OR_RETURN(auto content,
                             StripContent(planned.strip, demand.book->session().source));
      FOVEA_ASSIGN_OR_RETURN(auto drawn, DrawPlannedPage(planned, content, renderer_));
      text = reader.Read(drawn.png, band.top, band.bottom,
                         EnlargementFor(planned.typography.line_pitch_px));
      FOVEA_RETURN_IF_ERROR(WriteFile(file, *text));
    }
    const double right = reader.PercentRight(band.text, *text);
    out = PageText{std::move(band), *std::move(text), right};
    return absl::OkStatus();
  }

  const std::vector<const PageDemand*>& pages_;
  const PageRenderer& renderer_;
  const ReadingOptions& options_;
  absl::flat_hash_set<std::string> cached_ids_;  // where only these are wanted
  std::vector<std::optional<PageText>> read_;
  std::atomic<size_t> next_ = 0;
  std::atomic<bool> failed_ = false;
  std::mutex mutex_;
  size_t done_ = 0;
  absl::Status status_;
};

}  // namespace

absl::StatusOr<ReadBack> ReadPages(const std::vector<PageDemand>& demands,
                                   const std::vector<const PageDemand*>& pages,
                                   const PageRenderer& renderer, const ReadingOptions& options) {
  Work work(pages, renderer, options);
  {
    std::vector<std::jthread> threads;
    for (int i = 1; i < options.threads; ++i) threads.emplace_back([&work] { work.Run(); });
    work.Run();
  }
  if (!work.status().ok()) return work.status();
  absl::flat_hash_map<std::string, const PageText*> by_id;
  for (size_t i = 0; i < pages.size(); ++i) {
    if (work.read()[i].has_value()) by_id[pages[i]->page->planned.page_id] = &*work.read()[i];
  }
  ReadBack read_back;
  for (const PageDemand& demand : demands) {
    const auto read = by_id.find(demand.page->planned.page_id);
    if (read == by_id.end()) continue;
    const StringFinder& finder = demand.book->session().uses.finder;
    const PageBand& band = read->second->band;
    read_back.Add(demand, {.strings = finder.FindIn(band.text),
                           .found_strings = StringsRead(finder, read->second->text),
                           .characters = static_cast<double>(CountCharacters(band.text)),
                           .percent_right = read->second->percent_right});
  }
  return read_back;
}

std::vector<uint32_t> StringsRead(const StringFinder& finder, std::string_view read) {
  std::string joined;
  std::ranges::copy_if(read, std::back_inserter(joined), [](char c) { return c != '\n'; });
  const std::vector<uint32_t> found = finder.FindIn(read);
  const std::vector<uint32_t> over_lines = finder.FindIn(joined);
  std::vector<uint32_t> all;
  std::ranges::set_union(found, over_lines, std::back_inserter(all));
  return all;
}

}  // namespace fovea::replay
