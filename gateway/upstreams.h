// Where wrap has the gateway send requests.
#ifndef FOVEA_GATEWAY_UPSTREAMS_H_
#define FOVEA_GATEWAY_UPSTREAMS_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/claude_settings.h"
#include "gateway/settings_urls.h"

namespace fovea::gateway {

struct ChosenUpstream {
  std::string vendor;  // "anthropic", "openai" or "gemini"
  std::string url;
  std::string
      where;  // what names it: "ANTHROPIC_BASE_URL in the environment"; "" for the vendor's own
};

// By vendor: what `--anthropic-upstream` or FOVEA_ANTHROPIC_UPSTREAM says. Others are not in it.
using GivenUpstreams = std::map<std::string, std::string>;

// One for each vendor: what is given; what the agent's settings name (`claude`: ClaudeSettings;
// `own`: SettingsOf); a base URL that is set in the environment; the vendor's own. A base URL that
// leads to a gateway of an outer `fovea wrap` stands for that one's upstream. INVALID_ARGUMENT
// names what is no URL that requests can go to, without its password, and what of the
// agent's settings cannot be led through the gateway.
absl::StatusOr<std::vector<ChosenUpstream>> ChooseUpstreams(
    const std::string& agent, const GivenUpstreams& given,
    const std::map<std::string, ClaudeVariable>& claude,
    const std::map<std::string, SettingsUrl>& own);

// "FOVEA_ANTHROPIC_UPSTREAM", by which the gateway is told: a command line is seen by every user.
std::string UpstreamVariable(const std::string& vendor);

// The base URL of the `fovea wrap` that this process runs in; "" if it runs in none.
std::string OuterBase();

// The variable by which a wrap inside finds `base` and `upstreams` again, and its value.
std::pair<std::string, std::string> WrapVariable(const std::string& base,
                                                 const std::vector<ChosenUpstream>& upstreams);

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_UPSTREAMS_H_
