// Reading a JSON object member by member, so that what nobody asked for is kept and reported.
#ifndef FOVEA_TRANSCRIPTS_FIELDS_H_
#define FOVEA_TRANSCRIPTS_FIELDS_H_

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "transcripts/lossless_json.h"

namespace fovea::transcripts {

// The members of one object. Refers to it. Thread-compatible.
class Fields {
 public:
  // `path` names the object in messages: "" for the message itself, "content[2]" for a part.
  // A value that is no object has no members: the caller has looked.
  Fields(const Json& object, std::string path);

  const Json& object() const { return object_; }
  // "content[2].source" for the member `name` of content[2].
  std::string PathOf(std::string_view name) const;
  // INVALID_ARGUMENT: "content[2].source: PROBLEM".
  absl::Status Error(std::string_view name, std::string_view problem) const;

  bool Has(std::string_view name) const { return Find(name) != nullptr; }
  // The member, which counts as read; null if it is missing or is null.
  const Json* Take(std::string_view name);
  // The same of the text of a string; "" if it is missing or null. INVALID_ARGUMENT if it is
  // something else.
  absl::StatusOr<std::string> TakeText(std::string_view name);
  // The text of a string, and the JSON of anything else: for ids that are numbers in some files.
  std::string TakeTextOrJson(std::string_view name);
  // The member if it is a boolean. Otherwise it stays, and is reported with the rest.
  bool TakeBool(std::string_view name);

  // Counts the member as read without a look: it says nothing about the conversation.
  void Drop(std::string_view name) { taken_.emplace_back(name); }

  // What was not read, as an object; a member that is null is left out. Those not among `expected`
  // are added to `unknown_keys` by their paths.
  Json Rest(std::initializer_list<std::string_view> expected,
            std::vector<std::string>& unknown_keys) const;

 private:
  const Json* Find(std::string_view name) const;

  const Json& object_;
  const std::string path_;
  std::vector<std::string> taken_;
};

}  // namespace fovea::transcripts

#endif  // FOVEA_TRANSCRIPTS_FIELDS_H_
