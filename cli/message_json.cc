#include "cli/message_json.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace fovea::cli {
namespace {

using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// ROLE_TOOL of the enumeration Role is "tool".
std::string ShortName(const EnumValueDescriptor& value) {
  std::string prefix;
  for (const char c : value.type()->name()) {
    if (absl::ascii_isupper(static_cast<unsigned char>(c)) && !prefix.empty()) prefix += '_';
    prefix += c;
  }
  return absl::AsciiStrToLower(
      absl::StripPrefix(value.name(), absl::StrCat(absl::AsciiStrToUpper(prefix), "_")));
}

const EnumValueDescriptor* FindByShortName(const EnumDescriptor& type, const std::string& name) {
  for (int i = 0; i < type.value_count(); ++i) {
    if (ShortName(*type.value(i)) == name) return type.value(i);
  }
  return nullptr;
}

Json SingleToJson(const Message& message, const FieldDescriptor& field) {
  const Reflection& get = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return get.GetInt32(message, &field);
    case FieldDescriptor::CPPTYPE_INT64:
      return get.GetInt64(message, &field);
    case FieldDescriptor::CPPTYPE_UINT32:
      return get.GetUInt32(message, &field);
    case FieldDescriptor::CPPTYPE_UINT64:
      return get.GetUInt64(message, &field);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return get.GetDouble(message, &field);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return get.GetFloat(message, &field);
    case FieldDescriptor::CPPTYPE_BOOL:
      return get.GetBool(message, &field);
    case FieldDescriptor::CPPTYPE_ENUM:
      return ShortName(*get.GetEnum(message, &field));
    case FieldDescriptor::CPPTYPE_STRING:
      return JsonOf(get.GetString(message, &field));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return MessageToJson(get.GetMessage(message, &field));
  }
  return nullptr;
}

// The API repeats only messages and strings.
Json RepeatedToJson(const Message& message, const FieldDescriptor& field) {
  const Reflection& get = *message.GetReflection();
  Json list = Json::array();
  for (int i = 0; i < get.FieldSize(message, &field); ++i) {
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      list.push_back(MessageToJson(get.GetRepeatedMessage(message, &field, i)));
    } else {
      list.push_back(JsonOf(get.GetRepeatedString(message, &field, i)));
    }
  }
  return list;
}

absl::Status WrongType(const FieldDescriptor& field) {
  return absl::InvalidArgumentError(absl::StrCat("wrong value for ", field.full_name()));
}

absl::Status SetString(const Json& json, const FieldDescriptor& field, Message& message) {
  absl::StatusOr<std::string> bytes = BytesOf(json);
  if (!bytes.ok()) return WrongType(field);
  const Reflection& set = *message.GetReflection();
  if (field.is_repeated()) {
    set.AddString(&message, &field, *std::move(bytes));
  } else {
    set.SetString(&message, &field, *std::move(bytes));
  }
  return absl::OkStatus();
}

absl::Status SetMessage(const Json& json, const FieldDescriptor& field, Message& message) {
  const Reflection& set = *message.GetReflection();
  return JsonToMessage(json, field.is_repeated() ? *set.AddMessage(&message, &field)
                                                 : *set.MutableMessage(&message, &field));
}

absl::Status SetEnum(const Json& json, const FieldDescriptor& field, Message& message) {
  if (!json.is_string()) return WrongType(field);
  const EnumValueDescriptor* value =
      FindByShortName(*field.enum_type(), json.get_ref<const std::string&>());
  if (value == nullptr) return WrongType(field);
  message.GetReflection()->SetEnum(&message, &field, value);
  return absl::OkStatus();
}

absl::Status SetNumber(const Json& json, const FieldDescriptor& field, Message& message) {
  const Reflection& set = *message.GetReflection();
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_DOUBLE) {
    if (!json.is_number()) return WrongType(field);
    set.SetDouble(&message, &field, json.get<double>());
    return absl::OkStatus();
  }
  if (!json.is_number_integer()) return WrongType(field);
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      set.SetInt32(&message, &field, json.get<int32_t>());
      break;
    case FieldDescriptor::CPPTYPE_INT64:
      set.SetInt64(&message, &field, json.get<int64_t>());
      break;
    case FieldDescriptor::CPPTYPE_UINT32:
      set.SetUInt32(&message, &field, json.get<uint32_t>());
      break;
    case FieldDescriptor::CPPTYPE_UINT64:
      if (!json.is_number_unsigned()) return WrongType(field);
      set.SetUInt64(&message, &field, json.get<uint64_t>());
      break;
    default:
      return WrongType(field);
  }
  return absl::OkStatus();
}

absl::Status SetOne(const Json& json, const FieldDescriptor& field, Message& message) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return SetString(json, field, message);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return SetMessage(json, field, message);
    case FieldDescriptor::CPPTYPE_ENUM:
      return SetEnum(json, field, message);
    case FieldDescriptor::CPPTYPE_BOOL:
      if (!json.is_boolean()) return WrongType(field);
      message.GetReflection()->SetBool(&message, &field, json.get<bool>());
      return absl::OkStatus();
    default:
      return SetNumber(json, field, message);
  }
}

}  // namespace

Json MessageToJson(const Message& message) {
  Json json = Json::object();
  const google::protobuf::Descriptor& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (field.is_repeated()) {
      json[field.name()] = RepeatedToJson(message, field);
    } else if (!field.has_presence() || message.GetReflection()->HasField(message, &field)) {
      json[field.name()] = SingleToJson(message, field);
    }
  }
  return json;
}

absl::Status JsonToMessage(const Json& json, Message& message) {
  const google::protobuf::Descriptor& type = *message.GetDescriptor();
  if (!json.is_object()) {
    return absl::InvalidArgumentError(absl::StrCat(type.name(), " is not an object"));
  }
  for (const auto& [name, value] : json.items()) {
    const FieldDescriptor* field = type.FindFieldByName(name);
    if (field == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat(type.name(), " has no field ", name));
    }
    if (field->is_repeated()) {
      if (!value.is_array()) return WrongType(*field);
      for (const Json& item : value) {
        if (absl::Status status = SetOne(item, *field, message); !status.ok()) return status;
      }
    } else if (absl::Status status = SetOne(value, *field, message); !status.ok()) {
      return status;
    }
  }
  return absl::OkStatus();
}

}  // namespace fovea::cli
