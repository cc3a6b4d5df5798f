// "Did you mean ...": for names that there are not.
#ifndef FOVEA_CLI_FORMATS_SUGGEST_H_
#define FOVEA_CLI_FORMATS_SUGGEST_H_

#include <string>
#include <vector>

namespace fovea::cli {

// The candidate that is at most a third of its letters, rounded up, away from `word`; "" if
// there is none.
std::string Nearest(const std::string& word, const std::vector<std::string>& candidates);

// "; did you mean NEAREST?", or "".
std::string DidYouMean(const std::string& word, const std::vector<std::string>& candidates);

}  // namespace fovea::cli

#endif  // FOVEA_CLI_FORMATS_SUGGEST_H_
