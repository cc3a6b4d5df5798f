// Vocabularies small enough to be written down in a test.
#ifndef FOVEA_TESTS_CORE_TOKENS_TINY_VOCABULARY_H_
#define FOVEA_TESTS_CORE_TOKENS_TINY_VOCABULARY_H_

#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace fovea::testing {

// A tiktoken file of the 256 bytes and then these tokens, in order.
inline std::string TiktokenFile(const std::vector<std::string>& tokens) {
  std::string file;
  size_t rank = 0;
  const auto add = [&](const std::string& token) {
    absl::StrAppend(&file, absl::Base64Escape(token), " ", rank++, "\n");
  };
  for (int byte = 0; byte < 256; ++byte) add(std::string(1, static_cast<char>(byte)));
  for (const std::string& token : tokens) add(token);
  return file;
}

}  // namespace fovea::testing

#endif  // FOVEA_TESTS_CORE_TOKENS_TINY_VOCABULARY_H_
