// The verb that lists how sessions are looked at: views.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <CLI/CLI.hpp>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "cli/client.h"
#include "cli/formats/message_json.h"
#include "cli/verb.h"
#include "core/base/status_macros.h"
#include "fovea/v1/context.pb.h"

namespace fovea::cli {
namespace {

struct ViewsOptions {
  std::string session;
};

// "frugal, entry_rung=1"; "" for the usual policy.
std::string PolicyText(const v1::Policy& policy) {
  std::vector<std::string> words;
  if (policy.name() == v1::POLICY_NAME_FRUGAL) words.emplace_back("frugal");
  if (policy.name() == v1::POLICY_NAME_EXACT) words.emplace_back("exact");
  std::vector<const google::protobuf::FieldDescriptor*> set;
  policy.GetReflection()->ListFields(policy, &set);
  for (const google::protobuf::FieldDescriptor* field : set) {
    if (field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_ENUM) continue;
    const bool flag = field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_BOOL;
    words.push_back(absl::StrCat(
        field->name(), "=",
        flag ? std::string(policy.GetReflection()->GetBool(policy, field) ? "true" : "false")
             : absl::StrCat(policy.GetReflection()->GetInt32(policy, field))));
  }
  return absl::StrJoin(words, ", ");
}

std::string Describe(const v1::ListViewsResponse::Entry& entry) {
  std::string text =
      absl::StrCat("turn ", entry.last_seq(), ", epoch ", entry.epoch(), ", ",
                   entry.tokens() > 0 ? absl::StrCat(Grouped(entry.tokens()), " tokens")
                                      : std::string("over its budget"),
                   ", ",
                   absl::FormatTime("%Y-%m-%d %H:%M", absl::FromUnixMicros(entry.used_us()),
                                    absl::UTCTimeZone()));
  const std::string policy = PolicyText(entry.view().policy());
  if (entry.view().as_of_seq() > 0) text += ", a look back";
  if (!policy.empty()) absl::StrAppend(&text, ", policy ", policy);
  return text;
}

absl::Status RunViews(const Environment& environment, const ViewsOptions& options) {
  v1::ListViewsRequest request;
  request.set_session_id(options.session);
  FOVEA_ASSIGN_OR_RETURN(const v1::ListViewsResponse response,
                         environment.client.Call(contexts::kListViews, request));
  if (environment.json) {
    environment.PrintJson(MessageToJson(response));
    return absl::OkStatus();
  }
  std::ostream& out = environment.console.out;
  if (response.entries().empty()) {
    out << "no views in use; `fovea tiers` or a context makes one\n";
    return absl::OkStatus();
  }
  for (const v1::ListViewsResponse::Entry& entry : response.entries()) {
    const v1::View& view = entry.view();
    std::string head = absl::StrCat(view.reader(), "  ", Grouped(view.token_budget()), " tokens");
    if (options.session.empty()) head = absl::StrCat(view.session_id(), "  ", head);
    out << head << "\n  " << Describe(entry) << '\n';
  }
  return absl::OkStatus();
}

}  // namespace

void AddViewsVerb(Verbs& verbs) {
  verbs.Add<ViewsOptions>(
      "views", "list the readers and budgets that sessions are looked at with",
      [](CLI::App& verb, ViewsOptions& options) {
        verb.add_option("session", options.session, "one session's; all if not given");
      },
      RunViews);
}

}  // namespace fovea::cli
