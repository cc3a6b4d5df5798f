// Reading a JSON object field by field, with errors that name the field's path.
#ifndef FOVEA_CORE_READER_JSON_FIELDS_H_
#define FOVEA_CORE_READER_JSON_FIELDS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace fovea {

// The value that `json` holds. INVALID_ARGUMENT naming `file`, and the line for a syntax error,
// the path for a field that stands twice in one object.
absl::StatusOr<nlohmann::json> ParseJson(std::string_view file, std::string_view json);

// One object that is being read. Getters return a zero value where the field is missing, of another
// type or out of range; the first such error of the whole document is kept in `*status` and later
// ones are dropped. Call Finish when all known fields have been read: it refuses the rest.
// Thread-compatible.
class JsonFields {
 public:
  // `value` and `status` outlive the object. `path` is "" for the document itself.
  JsonFields(const nlohmann::json& value, std::string path, absl::Status* status);

  bool Has(std::string_view name) const;
  std::string String(std::string_view name);  // required, not empty
  std::string OptionalString(std::string_view name);
  bool Bool(std::string_view name);                                        // required
  int64_t Int(std::string_view name, int64_t min, int64_t max);            // required
  double Number(std::string_view name, double min, double max);            // required
  std::vector<std::string> Strings(std::string_view name);                 // required
  std::vector<int> Ints(std::string_view name, int64_t min, int64_t max);  // required
  // The index of the field's value in `names`; 0 on error. Required.
  size_t Choice(std::string_view name, const std::vector<std::string_view>& names);
  // Reads a required object, or each object of a required array, with `read`.
  void Object(std::string_view name, const std::function<void(JsonFields&)>& read);
  void Objects(std::string_view name, const std::function<void(JsonFields&)>& read);

  // Notes an error of the field `name`, or of the object itself if it is "".
  void Fail(std::string_view name, const std::string& problem);
  bool ok() const { return status_->ok(); }
  void Finish();

 private:
  const nlohmann::json* Get(std::string_view name);
  std::string PathOf(std::string_view name) const;

  const nlohmann::json& value_;
  const std::string path_;
  absl::Status* const status_;
  std::set<std::string, std::less<>> known_;
};

}  // namespace fovea

#endif  // FOVEA_CORE_READER_JSON_FIELDS_H_
