#include "tests/render/xquad.h"

#include <variant>

#include "tests/support/histories.h"

namespace fovea::render {

const std::map<std::string, std::vector<std::string>>& XquadParagraphs() {
  static const auto& paragraphs = *[] {
    auto* result = new std::map<std::string, std::vector<std::string>>;
    for (const auto& session : testing::SharedSessions("multilingual/xquad.jsonl.gz")) {
      auto& texts = (*result)[session.name.substr(0, session.name.find(':'))];
      for (const Turn& turn : session.turns) {
        for (const Part& part : turn.parts) {
          if (const auto* text = std::get_if<TextPart>(&part)) texts.push_back(text->text);
          if (const auto* tool = std::get_if<ToolResultPart>(&part)) {
            for (const auto& item : tool->content) {
              if (const auto* text = std::get_if<TextPart>(&item)) texts.push_back(text->text);
            }
          }
        }
      }
    }
    return result;
  }();
  return paragraphs;
}

}  // namespace fovea::render
