// Text for tests that takes its room on disk.
#ifndef FOVEA_TESTS_SUPPORT_RANDOM_LETTERS_H_
#define FOVEA_TESTS_SUPPORT_RANDOM_LETTERS_H_

#include <cstddef>
#include <string>

namespace fovea::testing {

// `size` letters, a to z, that do not compress well.
template <class Random>
std::string RandomLetters(Random& random, size_t size) {
  std::string letters(size, '\0');
  for (char& letter : letters) letter = static_cast<char>('a' + random() % 26);
  return letters;
}

}  // namespace fovea::testing

#endif  // FOVEA_TESTS_SUPPORT_RANDOM_LETTERS_H_
