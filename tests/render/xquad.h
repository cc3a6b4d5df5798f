// XQuAD's paragraphs in twelve languages, out of the shared data.
#ifndef FOVEA_TESTS_RENDER_XQUAD_H_
#define FOVEA_TESTS_RENDER_XQUAD_H_

#include <map>
#include <string>
#include <vector>

namespace fovea::render {

// By language ("ar", "de"); empty if the data is absent: the test must then skip and say so.
const std::map<std::string, std::vector<std::string>>& XquadParagraphs();

}  // namespace fovea::render

#endif  // FOVEA_TESTS_RENDER_XQUAD_H_
