#include "core/reader/json_fields.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"

namespace fovea {
namespace {

using nlohmann::json;

size_t LineOf(std::string_view text, size_t at) {
  return 1 +
         static_cast<size_t>(std::ranges::count(text.substr(0, std::min(at, text.size())), '\n'));
}

// Watches a parse for a field that stands twice in one object.
class DuplicateWatch {
 public:
  bool operator()(int /*depth*/, json::parse_event_t event, json& parsed) {
    if (event == json::parse_event_t::object_start) open_.emplace_back();
    if (event == json::parse_event_t::object_end) open_.pop_back();
    if (event == json::parse_event_t::key) {
      open_.back().current = parsed.get<std::string>();
      if (!open_.back().names.insert(open_.back().current).second && path_.empty()) NotePath();
    }
    return true;
  }
  // Of the first such field, without the places in arrays; "" if there is none.
  const std::string& path() const { return path_; }

 private:
  struct Open {
    std::set<std::string> names;
    std::string current;
  };
  void NotePath() {
    for (const Open& object : open_) {
      absl::StrAppend(&path_, path_.empty() ? "" : ".", object.current);
    }
  }

  std::vector<Open> open_;
  std::string path_;
};

}  // namespace

absl::StatusOr<json> ParseJson(std::string_view file, std::string_view text) {
  DuplicateWatch watch;
  json value;
  // The library's only way to tell where a syntax error is.
  try {
    value = json::parse(text, std::ref(watch));
  } catch (const json::exception& error) {
    const auto* syntax = dynamic_cast<const json::parse_error*>(&error);
    const size_t at = syntax != nullptr && syntax->byte > 0 ? syntax->byte - 1 : 0;
    return absl::InvalidArgumentError(
        absl::StrCat(std::string(file), ": line ", LineOf(text, at), ": not JSON: ", error.what()));
  }
  if (!watch.path().empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(std::string(file), ": ", watch.path(), ": stands twice in one object"));
  }
  return value;
}

JsonFields::JsonFields(const json& value, std::string path, absl::Status* status)
    : value_(value), path_(std::move(path)), status_(status) {
  if (!value_.is_object()) Fail("", "must be an object");
}

bool JsonFields::Has(std::string_view name) const {
  return value_.is_object() && value_.find(name) != value_.end();
}

std::string JsonFields::PathOf(std::string_view name) const {
  if (name.empty()) return path_.empty() ? "the document" : path_;
  return path_.empty() ? std::string(name) : absl::StrCat(path_, ".", std::string(name));
}

void JsonFields::Fail(std::string_view name, const std::string& problem) {
  if (ok()) *status_ = absl::InvalidArgumentError(absl::StrCat(PathOf(name), ": ", problem));
}

const json* JsonFields::Get(std::string_view name) {
  known_.emplace(name);
  if (Has(name)) return &*value_.find(name);
  Fail(name, "is missing");
  return nullptr;
}

std::string JsonFields::OptionalString(std::string_view name) {
  known_.emplace(name);
  if (!Has(name)) return "";
  const json* field = Get(name);
  if (field->is_string()) return field->get<std::string>();
  Fail(name, "must be a string");
  return "";
}

std::string JsonFields::String(std::string_view name) {
  if (Get(name) == nullptr) return "";
  std::string text = OptionalString(name);
  if (text.empty()) Fail(name, "must not be empty");
  return text;
}

bool JsonFields::Bool(std::string_view name) {
  const json* field = Get(name);
  if (field == nullptr) return false;
  if (!field->is_boolean()) {
    Fail(name, "must be true or false");
    return false;
  }
  return field->get<bool>();
}

int64_t JsonFields::Int(std::string_view name, int64_t min, int64_t max) {
  const json* field = Get(name);
  if (field == nullptr) return 0;
  // An unsigned value past 2^63 turns negative here, and is refused: no `min` is below 0.
  if (!field->is_number_integer() || field->get<int64_t>() < min || field->get<int64_t>() > max) {
    Fail(name, absl::StrCat("must be a whole number from ", min, " to ", max));
    return 0;
  }
  return field->get<int64_t>();
}

double JsonFields::Number(std::string_view name, double min, double max) {
  const json* field = Get(name);
  if (field == nullptr) return 0;
  if (!field->is_number() || !(field->get<double>() >= min && field->get<double>() <= max)) {
    Fail(name, absl::StrCat("must be a number from ", min, " to ", max));
    return 0;
  }
  return field->get<double>();
}

std::vector<std::string> JsonFields::Strings(std::string_view name) {
  std::vector<std::string> strings;
  const json* field = Get(name);
  if (field == nullptr) return strings;
  if (!field->is_array()) {
    Fail(name, "must be an array of strings");
    return strings;
  }
  for (const json& item : *field) {
    if (item.is_string() && !item.get_ref<const std::string&>().empty()) {
      strings.push_back(item.get<std::string>());
    } else {
      Fail(absl::StrCat(std::string(name), "[", strings.size(), "]"),
           "must be a string that is not empty");
      return strings;
    }
  }
  return strings;
}

std::vector<int> JsonFields::Ints(std::string_view name, int64_t min, int64_t max) {
  std::vector<int> numbers;
  const json* field = Get(name);
  if (field == nullptr) return numbers;
  if (!field->is_array() || field->empty()) {
    Fail(name, "must be an array of whole numbers, not empty");
    return numbers;
  }
  for (const json& item : *field) {
    if (!item.is_number_integer() || item.get<int64_t>() < min || item.get<int64_t>() > max) {
      Fail(absl::StrCat(std::string(name), "[", numbers.size(), "]"),
           absl::StrCat("must be a whole number from ", min, " to ", max));
      return numbers;
    }
    numbers.push_back(static_cast<int>(item.get<int64_t>()));
  }
  return numbers;
}

size_t JsonFields::Choice(std::string_view name, const std::vector<std::string_view>& names) {
  const std::string chosen = String(name);
  const auto at = std::ranges::find(names, chosen);
  if (at != names.end()) return static_cast<size_t>(at - names.begin());
  std::string all;
  for (const std::string_view known : names) {
    if (!all.empty()) all += ", ";
    all += known;
  }
  Fail(name, absl::StrCat("\"", chosen, "\" is none of: ", all));
  return 0;
}

void JsonFields::Object(std::string_view name, const std::function<void(JsonFields&)>& read) {
  const json* field = Get(name);
  if (field == nullptr) return;
  JsonFields fields(*field, PathOf(name), status_);
  if (!ok()) return;
  read(fields);
  fields.Finish();
}

void JsonFields::Objects(std::string_view name, const std::function<void(JsonFields&)>& read) {
  const json* field = Get(name);
  if (field == nullptr) return;
  if (!field->is_array()) return Fail(name, "must be an array of objects");
  for (size_t i = 0; i < field->size() && ok(); ++i) {
    JsonFields fields((*field)[i], absl::StrCat(PathOf(name), "[", i, "]"), status_);
    if (!ok()) return;
    read(fields);
    fields.Finish();
  }
}

void JsonFields::Finish() {
  if (!value_.is_object()) return;
  for (const auto& [name, ignored] : value_.items()) {
    if (known_.find(name) == known_.end()) return Fail(name, "is not a known field");
  }
}

}  // namespace fovea
