#include "transcripts/fields.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

namespace fovea::transcripts {
namespace {

const Json& Empty() {
  static const Json* const kEmpty = new Json(Json::object());
  return *kEmpty;
}

}  // namespace

Fields::Fields(const Json& object, std::string path)
    : object_(object.is_object() ? object : Empty()), path_(std::move(path)) {}

std::string Fields::PathOf(std::string_view name) const {
  return path_.empty() ? std::string(name) : absl::StrCat(path_, ".", std::string(name));
}

absl::Status Fields::Error(std::string_view name, std::string_view problem) const {
  return absl::InvalidArgumentError(absl::StrCat(PathOf(name), ": ", std::string(problem)));
}

const Json* Fields::Find(std::string_view name) const {
  for (const auto& [key, value] : object_.get_ref<const Json::object_t&>()) {
    if (key == name) return value.is_null() ? nullptr : &value;
  }
  return nullptr;
}

const Json* Fields::Take(std::string_view name) {
  const Json* const value = Find(name);
  if (value != nullptr) Drop(name);
  return value;
}

absl::StatusOr<std::string> Fields::TakeText(std::string_view name) {
  const Json* const value = Take(name);
  if (value == nullptr) return "";
  absl::StatusOr<std::string> text = BytesOf(*value);
  if (!text.ok()) return Error(name, "must be a string");
  return text;
}

std::string Fields::TakeTextOrJson(std::string_view name) {
  const Json* const value = Take(name);
  if (value == nullptr) return "";
  absl::StatusOr<std::string> text = BytesOf(*value);
  return text.ok() ? *std::move(text) : DumpJson(*value);
}

bool Fields::TakeBool(std::string_view name) {
  const Json* const value = Find(name);
  if (value == nullptr || !value->is_boolean()) return false;
  Drop(name);
  return value->get<bool>();
}

Json Fields::Rest(std::initializer_list<std::string_view> expected,
                  std::vector<std::string>& unknown_keys) const {
  Json rest = Json::object();
  for (const auto& [key, value] : object_.get_ref<const Json::object_t&>()) {
    if (value.is_null() || std::find(taken_.begin(), taken_.end(), key) != taken_.end()) continue;
    rest.get_ref<Json::object_t&>().emplace_back(key, value);
    if (std::find(expected.begin(), expected.end(), key) == expected.end()) {
      unknown_keys.push_back(PathOf(key));
    }
  }
  return rest;
}

}  // namespace fovea::transcripts
