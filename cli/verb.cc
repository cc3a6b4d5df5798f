#include "cli/verb.h"

#include <google/protobuf/descriptor.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace fovea::cli {
namespace {

using google::protobuf::FieldDescriptor;

// Sets a field of the policy from "FIELD=VALUE"; false if there is no such field or value.
bool SetPolicyField(const std::string& assignment, v1::Policy& policy) {
  const std::pair<std::string, std::string> parts =
      absl::StrSplit(assignment, absl::MaxSplits('=', 1));
  const FieldDescriptor* field = policy.GetDescriptor()->FindFieldByName(parts.first);
  if (field == nullptr) return false;
  if (field->cpp_type() == FieldDescriptor::CPPTYPE_BOOL) {
    bool value = false;
    if (!absl::SimpleAtob(parts.second, &value)) return false;
    policy.GetReflection()->SetBool(&policy, field, value);
    return true;
  }
  int32_t value = 0;
  if (!absl::SimpleAtoi(parts.second, &value)) return false;
  policy.GetReflection()->SetInt32(&policy, field, value);
  return true;
}

std::string CheckPolicy(const std::string& assignment) {
  v1::Policy policy;
  if (SetPolicyField(assignment, policy)) return "";
  std::string fields;
  for (int i = 0; i < policy.GetDescriptor()->field_count(); ++i) {
    absl::StrAppend(&fields, i == 0 ? "" : ", ", policy.GetDescriptor()->field(i)->name());
  }
  return absl::StrCat(assignment, " is not FIELD=VALUE with a FIELD of ", fields);
}

bool ParseRange(const std::string& text, v1::SeqRange& range) {
  const std::pair<std::string, std::string> ends = absl::StrSplit(text, absl::MaxSplits('-', 1));
  const std::string last = text.find('-') == std::string::npos ? ends.first : ends.second;
  uint64_t first_seq = 0;
  uint64_t last_seq = 0;
  if (!absl::SimpleAtoi(absl::StripPrefix(ends.first, "#"), &first_seq) ||
      !absl::SimpleAtoi(absl::StripPrefix(last, "#"), &last_seq)) {
    return false;
  }
  range.set_first(first_seq);
  range.set_last(last_seq);
  return first_seq > 0 && first_seq <= last_seq;
}

const std::map<std::string, v1::WireFormat>& Formats() {
  static const auto* const kFormats = new std::map<std::string, v1::WireFormat>{
      {"native", v1::WIRE_FORMAT_NATIVE},
      {"openai-chat", v1::WIRE_FORMAT_OPENAI_CHAT},
      {"openai-responses", v1::WIRE_FORMAT_OPENAI_RESPONSES},
      {"anthropic", v1::WIRE_FORMAT_ANTHROPIC},
      {"gemini", v1::WIRE_FORMAT_GEMINI},
      {"vllm", v1::WIRE_FORMAT_VLLM},
      {"deepseek", v1::WIRE_FORMAT_DEEPSEEK}};
  return *kFormats;
}

}  // namespace

v1::View ViewOptions::ToView() const {
  v1::View view;
  view.set_session_id(session);
  view.set_reader(reader);
  view.set_token_budget(budget);
  view.set_as_of_seq(at);
  for (const std::string& assignment : policy) SetPolicyField(assignment, *view.mutable_policy());
  return view;
}

void DeclareView(CLI::App& verb, ViewOptions& options) {
  DeclareSession(verb, options.session);
  verb.add_option("--reader", options.reader, "the model that will read (see `fovea readers`)")
      ->capture_default_str();
  verb.add_option("--budget", options.budget, "tokens that the context may cost")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  verb.add_option("--at", options.at, "as of this turn; 0: the newest");
  verb.add_option("--policy", options.policy, "FIELD=VALUE of the policy, may be repeated")
      ->check(CLI::Validator(CheckPolicy, "FIELD=VALUE"));
}

CLI::Option* DeclareFormat(CLI::App& verb, v1::WireFormat& format) {
  return verb
      .add_option("--format", format,
                  "native, openai-chat, openai-responses, anthropic, gemini, vllm or deepseek")
      ->transform(CLI::CheckedTransformer(Formats()));
}

void DeclareSession(CLI::App& verb, std::string& session) {
  verb.add_option("session", session, "the session's id")->required();
}

void DeclareRange(CLI::App& verb, v1::SeqRange& range, const std::string& description) {
  verb.add_option_function<std::string>(
          "turns",
          [&range](const std::string& text) {
            if (!ParseRange(text, range)) {
              throw CLI::ValidationError("turns", absl::StrCat(text, " is neither A nor A-B"));
            }
          },
          description)
      ->required();
}

bool ParseSides(const std::string& text, int* width, int* height) {
  const std::vector<std::string> sides = absl::StrSplit(text, 'x');
  int first = 0;
  int second = 0;
  if (sides.size() != 2 || !absl::SimpleAtoi(sides[0], &first) ||
      !absl::SimpleAtoi(sides[1], &second)) {
    return false;
  }
  *width = first;
  *height = second;
  return true;
}

std::string RangeText(uint64_t first, uint64_t last) {
  return first == last ? absl::StrCat("turn ", first) : absl::StrCat("turns ", first, " to ", last);
}

}  // namespace fovea::cli
