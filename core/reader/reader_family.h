// Files of readers that hold a family of models: one profile, and what its models have different.
#ifndef FOVEA_CORE_READER_READER_FAMILY_H_
#define FOVEA_CORE_READER_READER_FAMILY_H_

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/reader/reader_profile.h"

namespace fovea {

// The profiles of a file: the family's, and one for each object of its optional `variants`. A
// variant is the family's profile with the members that it states in their place (objects member by
// member), but for its ladder, because evidence holds for the model that it was measured on:
//   - `ladder` is an object by rung. A rung that it names is the family's with those differences.
//   - Any other rung is assumed to be read as the family reads it, and exact strings and passages
//     not at all; the family's deepest is left out.
// INVALID_ARGUMENT as ParseReaderProfile, naming the variant.
absl::StatusOr<std::vector<ReaderProfile>> ParseReaderFile(std::string_view file,
                                                           std::string_view json);

}  // namespace fovea

#endif  // FOVEA_CORE_READER_READER_FAMILY_H_
