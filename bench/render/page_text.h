// The text that drawing is measured with.
#ifndef FOVEA_BENCH_RENDER_PAGE_TEXT_H_
#define FOVEA_BENCH_RENDER_PAGE_TEXT_H_

#include <cstdio>
#include <cstdlib>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "core/page/page.h"

namespace fovea::bench {

inline constexpr PageBox kBox{
    .width = 1092, .min_height = 84, .max_height = 1092, .height_step = 28};

// A megabyte of this repository's own sources between lines of a made-up log, or the file that
// FOVEA_BENCH_TEXT names.
const PageContent& Content();

// Exits with the error: a benchmark without fonts measures nothing.
template <typename T>
T Value(absl::StatusOr<T> value) {
  if (value.ok()) return *std::move(value);
  std::fprintf(stderr, "%s\n", value.status().ToString().c_str());
  std::exit(1);
}

// All of Content() on pages of kBox.
std::vector<PageExtent> LayOutAll(const PageRenderer& renderer, const PageTypography& typography);

uint64_t Characters(const std::vector<PageExtent>& pages);

}  // namespace fovea::bench

#endif  // FOVEA_BENCH_RENDER_PAGE_TEXT_H_
