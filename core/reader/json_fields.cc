#include "core/reader/json_fields.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/bounded_json.h"

namespace fovea {
namespace {

using nlohmann::json;

// A document that people write: a profile, a configuration, a line of a tokens file.
constexpr size_t kMaxDocumentBytes = size_t{1} << 20;
// Of all the paths that are noted while parsing: a long name above many values would stand in each.
constexpr size_t kMaxPathBytes = size_t{16} << 20;

absl::Status CheckSize(std::string_view text) {
  if (text.size() > kMaxDocumentBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("has ", text.size(), " bytes; at most ", kMaxDocumentBytes));
  }
  const JsonSize size = MeasureJson(text);
  if (size.depth > kMaxJsonDepth) {
    return absl::InvalidArgumentError(
        absl::StrCat("is nested ", size.depth, " levels deep; at most ", kMaxJsonDepth));
  }
  if (size.values > kMaxJsonValues) {
    return absl::InvalidArgumentError(
        absl::StrCat("has ", size.values, " names and values; at most ", kMaxJsonValues));
  }
  return absl::OkStatus();
}

// A text that counts the lines of what was taken from it: a parse has no other way to tell where a
// value stands.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, size_t* line) : at_(at), line_(line) {}
  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    if (*at_++ == '\n') ++*line_;
    return *this;
  }
  CountingIterator operator++(int) {
    CountingIterator before = *this;
    ++*this;
    return before;
  }
  bool operator==(const CountingIterator& other) const { return at_ == other.at_; }
  bool operator!=(const CountingIterator& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  size_t* line_;
};

// Watches a parse: notes each value's line, and the first field that stands twice in one object.
class ParseWatch {
 public:
  ParseWatch(const size_t* line, JsonReading* reading) : line_(*line), reading_(*reading) {}

  bool operator()(int /*depth*/, json::parse_event_t event, json& parsed) {
    switch (event) {
      case json::parse_event_t::object_start:
      case json::parse_event_t::array_start:
        Begin();
        open_.push_back({.is_array = event == json::parse_event_t::array_start});
        break;
      case json::parse_event_t::object_end:
      case json::parse_event_t::array_end:
        open_.pop_back();
        break;
      case json::parse_event_t::key:
        Key(parsed.get<std::string>());
        break;
      case json::parse_event_t::value:
        Begin();
        break;
    }
    return true;
  }

 private:
  struct Open {
    bool is_array = false;
    size_t items = 0;
    std::set<std::string> names;
    std::string current;
  };

  void Begin() {
    if (!open_.empty() && open_.back().is_array) {
      open_.back().current = absl::StrCat("[", open_.back().items++, "]");
    }
    std::string path = Path();
    path_bytes_ += path.size();
    if (path_bytes_ <= kMaxPathBytes) {
      reading_.lines.emplace(std::move(path), line_);
    } else if (reading_.status.ok()) {
      reading_.status = absl::InvalidArgumentError("its names are too long for so many values");
    }
  }

  void Key(std::string name) {
    open_.back().current = std::move(name);
    if (open_.back().names.insert(open_.back().current).second || !reading_.status.ok()) return;
    reading_.status = absl::InvalidArgumentError(
        absl::StrCat("line ", line_, ": ", Path(), ": stands twice in one object"));
  }

  std::string Path() const {
    std::string path;
    for (const Open& open : open_) {
      absl::StrAppend(&path, path.empty() || open.is_array ? "" : ".", open.current);
    }
    return path;
  }

  const size_t& line_;
  JsonReading& reading_;
  std::vector<Open> open_;
  size_t path_bytes_ = 0;
};

}  // namespace

absl::StatusOr<JsonReading> ParseJson(std::string_view file, std::string_view text) {
  absl::Status small = CheckSize(text);
  if (!small.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(std::string(file), ": ", std::string(small.message())));
  }
  JsonReading reading;
  size_t line = 1;
  ParseWatch watch(&line, &reading);
  // The library's only way to tell where a syntax error is.
  try {
    reading.value =
        json::parse(CountingIterator(text.data(), &line),
                    CountingIterator(text.data() + text.size(), &line), std::ref(watch));
  } catch (const json::exception& error) {
    return absl::InvalidArgumentError(
        absl::StrCat(std::string(file), ": line ", line, ": not JSON: ", error.what()));
  }
  reading.line_count = line;
  if (!reading.status.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(std::string(file), ": ", std::string(reading.status.message())));
  }
  return reading;
}

JsonFields::JsonFields(JsonReading* reading) : JsonFields(reading->value, "", reading) {}

JsonFields::JsonFields(const json& value, std::string path, JsonReading* reading)
    : value_(value), path_(std::move(path)), reading_(reading) {
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
  if (!ok()) return;
  std::string place;
  if (reading_->line_count > 1) {
    // A field that is missing is looked for where its object opens.
    auto line = reading_->lines.find(name.empty() ? path_ : PathOf(name));
    if (line == reading_->lines.end()) line = reading_->lines.find(path_);
    place = absl::StrCat("line ", line == reading_->lines.end() ? 1 : line->second, ": ");
  }
  reading_->status = absl::InvalidArgumentError(absl::StrCat(place, PathOf(name), ": ", problem));
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
  JsonFields fields(*field, PathOf(name), reading_);
  if (!ok()) return;
  read(fields);
  fields.Finish();
}

void JsonFields::Objects(std::string_view name, const std::function<void(JsonFields&)>& read) {
  const json* field = Get(name);
  if (field == nullptr) return;
  if (!field->is_array()) return Fail(name, "must be an array of objects");
  for (size_t i = 0; i < field->size() && ok(); ++i) {
    JsonFields fields((*field)[i], absl::StrCat(PathOf(name), "[", i, "]"), reading_);
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
