#include "cli/formats/message_json.h"

#include <google/protobuf/descriptor.h>

#include <string>

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

}  // namespace fovea::cli
