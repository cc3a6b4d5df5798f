// Reading a JSON object field by field, with errors that name the field's path.
#ifndef FOVEA_CORE_READER_JSON_FIELDS_H_
#define FOVEA_CORE_READER_JSON_FIELDS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace fovea {

// A JSON text that is being read, and the first thing that is wrong with it.
struct JsonReading {
  nlohmann::json value;
  // Where each value begins or, for an object or array, opens: by path, "" for the document itself.
  std::map<std::string, size_t, std::less<>> lines;
  size_t line_count = 1;
  absl::Status status;  // names a line where there is more than one
};

// Parses `json`, of at most 1 MiB and within the bounds of core/base/bounded_json.h.
// INVALID_ARGUMENT naming `file` and the bound that it is over, or the line of a syntax error or of
// a field that stands twice in one object.
absl::StatusOr<JsonReading> ParseJson(std::string_view file, std::string_view json);

// One object that is being read. Getters return a zero value where the field is missing, of another
// type or out of range; the first such error of the whole document is kept in the reading's status,
// with its line, and later ones are dropped. Call Finish when all known fields have been read: it
// refuses the rest. Thread-compatible.
class JsonFields {
 public:
  // The document itself; `reading` outlives the object.
  explicit JsonFields(JsonReading* reading);

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

  // Another reads the field, if it is there.
  void Skip(std::string_view name) { known_.emplace(name); }

  // Notes an error of the field `name`, or of the object itself if it is "".
  void Fail(std::string_view name, const std::string& problem);
  bool ok() const { return reading_->status.ok(); }
  void Finish();

 private:
  JsonFields(const nlohmann::json& value, std::string path, JsonReading* reading);
  const nlohmann::json* Get(std::string_view name);
  std::string PathOf(std::string_view name) const;

  const nlohmann::json& value_;
  const std::string path_;
  JsonReading* const reading_;
  std::set<std::string, std::less<>> known_;
};

}  // namespace fovea

#endif  // FOVEA_CORE_READER_JSON_FIELDS_H_
