// A folder for one file that an agent is given for as long as it runs.
#ifndef FOVEA_GATEWAY_AGENT_FOLDER_H_
#define FOVEA_GATEWAY_AGENT_FOLDER_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gateway/socket.h"

namespace fovea::gateway {

// Below XDG_RUNTIME_DIR, or /tmp; folder and file are the owner's alone. Held by a lock for as long
// as this object, or the process, lives. Thread-compatible.
class AgentFolder {
 public:
  // With a file `name` that holds `text`. UNAVAILABLE if it cannot be made; nothing is left then.
  static absl::StatusOr<AgentFolder> Make(const std::string& name, const std::string& text);
  AgentFolder(AgentFolder&&) = default;
  AgentFolder& operator=(AgentFolder&&) = default;

  // For EndAgentFolder.
  const std::string& root() const { return root_; }
  const std::string& file() const { return file_; }
  // Removes it.
  void End();

 private:
  AgentFolder(std::string root, FileDescriptor lock, std::string file);
  std::string root_;
  FileDescriptor lock_;
  std::string file_;
};

// AgentFolder::End for a folder whose maker is gone, or is within `patience`; else does nothing.
void EndAgentFolder(const std::string& root, absl::Duration patience = absl::ZeroDuration());

// EndAgentFolder for all of this user's. A folder of an earlier version, which stood for the
// agent's own, may have files of the agent's and stays: a sentence for each, in one call only.
std::vector<std::string> EndStaleAgentFolders();

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_AGENT_FOLDER_H_
