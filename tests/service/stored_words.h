// Whether files hold a word, also where they hold it compressed.
#ifndef FOVEA_TESTS_SERVICE_STORED_WORDS_H_
#define FOVEA_TESTS_SERVICE_STORED_WORDS_H_

#include <string>
#include <vector>

namespace fovea::testing {

// In the bytes, or in what the zstd frames in them hold, as far as these can be read: a frame that
// is cut off counts as far as it goes.
bool HoldsWord(const std::string& bytes, const std::string& word);

// Names of the files in the directory that hold the word. Files that vanish meanwhile do not count.
std::vector<std::string> FilesWithWord(const std::string& directory, const std::string& word);

}  // namespace fovea::testing

#endif  // FOVEA_TESTS_SERVICE_STORED_WORDS_H_
