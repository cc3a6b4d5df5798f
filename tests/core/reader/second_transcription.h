// Each reader's image price once more, by name and with its own numbers, straight from the
// statement of its rule. Shares nothing with core/reader.
#ifndef FOVEA_TESTS_CORE_READER_SECOND_TRANSCRIPTION_H_
#define FOVEA_TESTS_CORE_READER_SECOND_TRANSCRIPTION_H_

#include <cstdint>
#include <string>

namespace fovea::transcription {

// Tokens of a W×H image with all overheads; -1: the reader takes no such image; -2: the name is
// not known here.
int64_t TokensOnceMore(const std::string& reader, int width, int height);

}  // namespace fovea::transcription

#endif  // FOVEA_TESTS_CORE_READER_SECOND_TRANSCRIPTION_H_
