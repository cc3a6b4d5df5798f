// The readers that a program counts for: built in and the user's own, with the vocabularies that
// there are. The server and fovea-replay must know the same ones, as both plan by them.
#ifndef FOVEA_READERS_FILES_LOAD_READERS_H_
#define FOVEA_READERS_FILES_LOAD_READERS_H_

#include <string>

#include "absl/status/statusor.h"
#include "core/reader/reader_profile.h"
#include "readers/files/vocabulary_file.h"

namespace fovea {

// $FOVEA_VOCABULARIES, or ~/.local/share/fovea/vocabularies.
std::string DefaultVocabularyDirectory();

// `profiles` is a folder of further profiles, *.json, each in the place of a built-in one with its
// name; "" for none. `vocabularies` is a folder with files of scripts/install-vocabularies.sh; a
// reader whose vocabulary is not there is estimated. They are read when they are first needed;
// `on_failure` is told of one that cannot be used then, whose readers are estimated from there on.
// INVALID_ARGUMENT for bad files, a line for each profile's with its name and what is wrong in it;
// NOT_FOUND if one cannot be read.
absl::StatusOr<ReaderCatalogue> LoadReaders(const std::string& profiles,
                                            const std::string& vocabularies,
                                            const VocabularyFile::OnFailure& on_failure = nullptr);

}  // namespace fovea

#endif  // FOVEA_READERS_FILES_LOAD_READERS_H_
