#include "cli/verb.h"

#include <google/protobuf/descriptor.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "cli/client.h"
#include "cli/formats/json.h"
#include "cli/formats/suggest.h"
#include "cli/numbers.h"
#include "fovea/v1/context.pb.h"
#include "fovea/v1/session.pb.h"
#include "fovea/v1/turn.pb.h"

namespace fovea::cli {
namespace {

using google::protobuf::FieldDescriptor;

// Sets a field of the policy from "FIELD=VALUE"; false if there is no such field or value.
bool SetPolicyField(const std::string& assignment, v1::Policy& policy) {
  const std::pair<std::string, std::string> parts =
      absl::StrSplit(assignment, absl::MaxSplits('=', 1));
  if (v1::PolicyName name;
      parts.second.empty() && parts.first == absl::AsciiStrToLower(parts.first) &&
      v1::PolicyName_Parse(absl::StrCat("POLICY_NAME_", absl::AsciiStrToUpper(parts.first)),
                           &name)) {
    policy.set_name(name);
    return true;
  }
  const FieldDescriptor* field = policy.GetDescriptor()->FindFieldByName(parts.first);
  if (field == nullptr || field->cpp_type() == FieldDescriptor::CPPTYPE_ENUM) return false;
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
    const FieldDescriptor* field = policy.GetDescriptor()->field(i);
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_ENUM) continue;
    absl::StrAppend(&fields, fields.empty() ? "" : ", ", field->name());
  }
  return absl::StrCat(
      assignment, " is neither frugal, balanced or exact nor FIELD=VALUE with a FIELD of ", fields);
}

std::optional<uint64_t> ParseSeq(const std::string& text) {
  const absl::string_view digits = absl::StripPrefix(text, "#");
  return ParseWhole({digits.data(), digits.size()}, 0, UINT64_MAX);
}

bool ParseRange(const std::string& text, v1::SeqRange& range) {
  const std::pair<std::string, std::string> ends = absl::StrSplit(text, absl::MaxSplits('-', 1));
  const std::string last = text.find('-') == std::string::npos ? ends.first : ends.second;
  const std::optional<uint64_t> first_seq = ParseSeq(ends.first);
  const std::optional<uint64_t> last_seq = ParseSeq(last);
  if (!first_seq.has_value() || !last_seq.has_value()) return false;
  range.set_first(*first_seq);
  range.set_last(*last_seq);
  return *first_seq > 0 && *first_seq <= *last_seq;
}

// The API's formats by their names here: WIRE_FORMAT_OPENAI_CHAT is openai-chat.
std::map<std::string, v1::WireFormat> Formats() {
  std::map<std::string, v1::WireFormat> formats;
  const google::protobuf::EnumDescriptor& all = *v1::WireFormat_descriptor();
  for (int i = 0; i < all.value_count(); ++i) {
    std::string name =
        absl::AsciiStrToLower(absl::StripPrefix(std::string(all.value(i)->name()), "WIRE_FORMAT_"));
    absl::StrReplaceAll({{"_", "-"}}, &name);
    if (name != "unspecified") formats[name] = static_cast<v1::WireFormat>(all.value(i)->number());
  }
  return formats;
}

}  // namespace

void Environment::PrintJson(const Json& value, bool pretty) const {
  console.Exact() << DumpJson(value, pretty) << '\n' << std::flush;
}

CLI::App& Verbs::AddVerb(const std::string& name, const std::string& description, Work work) {
  CLI::App* verb = app_.add_subcommand(name, description);
  verb->fallthrough();
  verb->footer(kVerbFooter);
  verb->callback([this, work = std::move(work)] { chosen_ = work; });
  return *verb;
}

v1::View ViewOptions::ToView() const {
  v1::View view;
  view.set_session_id(session);
  view.set_reader(reader);
  view.set_token_budget(budget);
  view.set_as_of_seq(at);
  for (const std::string& assignment : policy) SetPolicyField(assignment, *view.mutable_policy());
  return view;
}

void DeclareView(CLI::App& verb, ViewOptions& options, bool with_at) {
  DeclareSession(verb, options.session);
  verb.add_option("--reader", options.reader, "the model that will read (see `fovea readers`)")
      ->capture_default_str();
  verb.add_option_function<std::string>(
          "--budget",
          [&options](const std::string& text) {
            if (!ParseTokens(text, &options.budget)) {
              throw CLI::ValidationError(
                  "--budget", absl::StrCat(text, " is no number of tokens, such as 64000 or 64k"));
            }
          },
          "tokens that the context may cost, such as 64k")
      ->default_str(absl::StrCat(options.budget))
      ->type_name("TOKENS");
  if (with_at) DeclareSeq(verb, "--at", options.at, "as of this turn; 0: the newest");
  verb.add_option("--policy", options.policy, "FIELD=VALUE of the policy, may be repeated")
      ->check(CLI::Validator(CheckPolicy, "FIELD=VALUE"));
}

CLI::Option* DeclareFormat(CLI::App& verb, v1::WireFormat& format) {
  const std::map<std::string, v1::WireFormat> formats = Formats();
  std::vector<std::string> names;
  for (const auto& [name, value] : formats) names.push_back(name);
  return verb
      .add_option_function<std::string>(
          "--format", [&format, formats](const std::string& name) { format = formats.at(name); },
          "the API that the context is for")
      ->check(CLI::IsMember(names));
}

CLI::Option* DeclareSeq(CLI::App& verb, const std::string& name, uint64_t& seq,
                        const std::string& description) {
  return DeclareSeq(
      verb, name, [&seq](uint64_t value) { seq = value; }, description);
}

CLI::Option* DeclareSeq(CLI::App& verb, const std::string& name, std::function<void(uint64_t)> set,
                        const std::string& description) {
  return verb
      .add_option_function<std::string>(
          name,
          [name, set = std::move(set)](const std::string& text) {
            const std::optional<uint64_t> seq = ParseSeq(text);
            if (!seq.has_value()) {
              throw CLI::ValidationError(
                  name, absl::StrCat(text, " is no turn's number, such as 57 or #57"));
            }
            set(*seq);
          },
          description)
      ->type_name("TURN");
}

bool ParseTokens(const std::string& text, int64_t* tokens) {
  std::string digits = absl::StrReplaceAll(text, {{",", ""}, {"_", ""}});
  double unit = 1;
  if (!digits.empty()) {
    const char last = absl::ascii_tolower(static_cast<unsigned char>(digits.back()));
    if (last == 'k') unit = 1e3;
    if (last == 'm') unit = 1e6;
    if (unit > 1) digits.pop_back();
  }
  double number = 0;
  if (digits.find_first_not_of("0123456789.") != std::string::npos ||
      !absl::SimpleAtod(digits, &number)) {
    return false;
  }
  constexpr double kMax = 1e12;
  if (!(number * unit >= 1) || number * unit > kMax) return false;
  *tokens = static_cast<int64_t>(number * unit);
  return true;
}

absl::Status WithNearestSession(const Environment& environment, const std::string& session,
                                const absl::Status& status) {
  if (!absl::IsNotFound(status)) return status;
  v1::ListSessionsRequest request;
  constexpr int kMax = 1'000;
  request.set_page_size(kMax);
  const absl::StatusOr<v1::ListSessionsResponse> response =
      environment.client.Call(sessions::kListSessions, request);
  if (!response.ok()) return status;
  std::vector<std::string> ids;
  for (const v1::Session& known : response->sessions()) {
    if (known.session_id() == session) return status;  // it is something else that is not there
    ids.push_back(known.session_id());
  }
  return absl::NotFoundError(absl::StrCat(status.message(), DidYouMean(session, ids)));
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
  if (sides.size() != 2) return false;
  const std::optional<uint64_t> first = ParseWhole(sides[0], 0, INT32_MAX);
  const std::optional<uint64_t> second = ParseWhole(sides[1], 0, INT32_MAX);
  if (!first.has_value() || !second.has_value()) return false;
  *width = static_cast<int>(*first);
  *height = static_cast<int>(*second);
  return true;
}

std::string RangeText(uint64_t first, uint64_t last) {
  return first == last ? absl::StrCat("turn ", first) : absl::StrCat("turns ", first, " to ", last);
}

}  // namespace fovea::cli
