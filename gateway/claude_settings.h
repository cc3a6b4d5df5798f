// Claude Code's settings, as far as they lead its requests.
#ifndef FOVEA_GATEWAY_CLAUDE_SETTINGS_H_
#define FOVEA_GATEWAY_CLAUDE_SETTINGS_H_

#include <map>
#include <string>
#include <vector>

namespace fovea::gateway {

// A variable of "env" in a settings file. Claude Code puts it over the variable of its environment.
struct ClaudeVariable {
  std::string value;
  std::string where;     // the file
  bool managed = false;  // by the machine's administrator: `--settings` does not win over it
};

// The base URL and the variables of proxies (HTTPS_PROXY, no_proxy, ...) that Claude Code would
// take from its settings when it is started in `folder`: from the file that wins. Appends to
// `broken` what is no JSON, cannot be read or has over 1 MiB, and takes nothing from it.
std::map<std::string, ClaudeVariable> ClaudeSettings(const std::string& folder,
                                                     std::vector<std::string>& broken);

// What `given` has in "env", which is a path or JSON as `claude --settings` takes it: the value of
// `name`; "" if there is none.
std::string ClaudeSettingOf(const std::string& given, const std::string& name);

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_CLAUDE_SETTINGS_H_
