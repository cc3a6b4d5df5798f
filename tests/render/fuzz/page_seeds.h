// Inputs to begin fuzzing with: texts of many scripts, kinds and faults.
#ifndef FOVEA_TESTS_RENDER_FUZZ_PAGE_SEEDS_H_
#define FOVEA_TESTS_RENDER_FUZZ_PAGE_SEEDS_H_

#include <string>
#include <vector>

namespace fovea::render {

struct PageSeed {
  std::string name;  // good as a file's name
  std::string bytes;
};

// Always the same.
std::vector<PageSeed> PageSeeds();

}  // namespace fovea::render

#endif  // FOVEA_TESTS_RENDER_FUZZ_PAGE_SEEDS_H_
