// Writes the seeds to a folder: write_page_seeds FOLDER
#include <filesystem>
#include <fstream>
#include <iostream>

#include "tests/render/fuzz/page_seeds.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: " << argv[0] << " FOLDER\n";
    return 2;
  }
  const std::filesystem::path folder = argv[1];
  std::filesystem::create_directories(folder);
  for (const fovea::render::PageSeed& seed : fovea::render::PageSeeds()) {
    std::ofstream file(folder / seed.name, std::ios::binary);
    file << seed.bytes;
    if (!file.flush()) {
      std::cerr << "cannot write " << folder / seed.name << '\n';
      return 1;
    }
  }
  return 0;
}
