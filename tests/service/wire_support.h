// Turns in short words, and what a format makes of them.
#ifndef FOVEA_TESTS_SERVICE_WIRE_SUPPORT_H_
#define FOVEA_TESTS_SERVICE_WIRE_SUPPORT_H_

#include <string>
#include <vector>

#include "core/context/context.h"
#include "core/log/turn.h"
#include "service/wire/payload.h"

namespace fovea::testing {

Turn Make(Role role, std::vector<Part> parts);
Part Text(std::string text);
Part Call(std::string id, std::string arguments = "{}");  // of the function bash
Part Result(std::string id, std::string text);

// The header of a JPEG of 1x1 pixels, 11 bytes: "/9j/wAALCAABAAE=" in base64.
ImagePart Picture();

// The turns as they are served after a prefix.
Context TailOf(std::vector<Turn> turns);
// No page has bytes: all are references.
absl::StatusOr<wire::PageBytes> NoPages(const std::vector<const PlannedPage*>& pages);
// The payload, or the error as text.
std::string Written(const Context& context, wire::PayloadFormat format,
                    const wire::ReaderTraits& reader = {});
// `text` without any `part`.
std::string Without(std::string text, const std::string& part);

}  // namespace fovea::testing

#endif  // FOVEA_TESTS_SERVICE_WIRE_SUPPORT_H_
