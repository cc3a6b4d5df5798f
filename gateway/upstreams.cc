#include "gateway/upstreams.h"

#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/status_macros.h"
#include "gateway/config.h"
#include "gateway/environment.h"
#include "gateway/route.h"

namespace fovea::gateway {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kWrapVariable[] = "FOVEA_WRAP";

// What WrapVariable made, of an outer wrap; "" for what it does not say.
std::string OfOuter(const std::string& key) {
  const Json outer = Json::parse(Variable(kWrapVariable), nullptr, false);
  if (!outer.is_object() || !outer.contains(key) || !outer[key].is_string()) return "";
  return outer[key].get<std::string>();
}

bool IsBelow(absl::string_view url, absl::string_view base) {
  return !base.empty() && absl::StartsWith(url, base) &&
         (url.size() == base.size() || url[base.size()] == '/');
}

// Variables in the order in which they count.
std::vector<std::string> VariablesOf(const std::string& vendor, const std::string& agent) {
  if (vendor == "anthropic") return {"ANTHROPIC_BASE_URL"};
  if (vendor == "gemini") return {"GOOGLE_GEMINI_BASE_URL"};
  if (agent == "copilot") return {"COPILOT_PROVIDER_BASE_URL"};
  return {"OPENAI_BASE_URL", "OPENAI_API_BASE"};
}

ChosenUpstream Choose(ChosenUpstream vendors, const std::string& agent, const GivenUpstreams& given,
                      const std::map<std::string, ClaudeVariable>& claude,
                      const std::map<std::string, SettingsUrl>& own) {
  const std::string& vendor = vendors.vendor;
  if (const auto set = given.find(vendor); set != given.end()) {
    return {vendor, set->second, absl::StrCat("--", vendor, "-upstream")};
  }
  const auto setting = claude.find("ANTHROPIC_BASE_URL");
  if (agent == "claude" && vendor == "anthropic" && setting != claude.end()) {
    return {vendor, setting->second.value,
            absl::StrCat("ANTHROPIC_BASE_URL in ", setting->second.where)};
  }
  std::vector<std::pair<std::string, std::string>> set;  // where and what, in that order
  if (const auto found = own.find(vendor); found != own.end()) {
    set.emplace_back(found->second.where, found->second.url);
  }
  for (const std::string& name : VariablesOf(vendor, agent)) {
    set.emplace_back(absl::StrCat(name, " in the environment"), Variable(name));
  }
  for (auto& [where, url] : set) {
    if (url.empty()) continue;
    if (!IsBelow(url, OuterBase())) return {vendor, std::move(url), std::move(where)};
    url = OfOuter(vendor);
    if (!url.empty())
      return {vendor, std::move(url), "the upstream of the `fovea wrap` around this one"};
  }
  return vendors;
}

}  // namespace

absl::StatusOr<std::vector<ChosenUpstream>> ChooseUpstreams(
    const std::string& agent, const GivenUpstreams& given,
    const std::map<std::string, ClaudeVariable>& claude,
    const std::map<std::string, SettingsUrl>& own) {
  for (const auto& [vendor, set] : own) {
    if (set.problem.empty() || given.contains(vendor)) continue;
    return absl::InvalidArgumentError(absl::StrCat(set.where, ": ", set.problem));
  }
  const GatewayConfig defaults;
  std::vector<ChosenUpstream> chosen;
  for (const auto& [vendor, url] : {std::pair("anthropic", defaults.anthropic_upstream),
                                    std::pair("openai", defaults.openai_upstream),
                                    std::pair("gemini", defaults.gemini_upstream)}) {
    chosen.push_back(Choose({vendor, url, ""}, agent, given, claude, own));
    FOVEA_RETURN_IF_ERROR(CheckUpstream(chosen.back().where, chosen.back().url));
  }
  return chosen;
}

std::string UpstreamVariable(const std::string& vendor) {
  return absl::StrCat("FOVEA_", absl::AsciiStrToUpper(vendor), "_UPSTREAM");
}

std::string OuterBase() { return OfOuter("base"); }

std::pair<std::string, std::string> WrapVariable(const std::string& base,
                                                 const std::vector<ChosenUpstream>& upstreams) {
  Json json = {{"base", base}};
  for (const ChosenUpstream& upstream : upstreams) json[upstream.vendor] = upstream.url;
  return {kWrapVariable, json.dump(-1, ' ', false, Json::error_handler_t::replace)};
}

}  // namespace fovea::gateway
