// Unicode's normalization form C, in time linear in the text.
#ifndef FOVEA_CORE_TOKENS_NORMAL_FORM_H_
#define FOVEA_CORE_TOKENS_NORMAL_FORM_H_

#include <string>
#include <string_view>

namespace fovea {

// Whether Nfc would give back the text itself. `text` is well-formed UTF-8, as for Nfc.
bool IsNfc(std::string_view text);

std::string Nfc(std::string_view text);

}  // namespace fovea

#endif  // FOVEA_CORE_TOKENS_NORMAL_FORM_H_
