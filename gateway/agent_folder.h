// A folder that an agent is given in the place of its own, and what becomes of it.
#ifndef FOVEA_GATEWAY_AGENT_FOLDER_H_
#define FOVEA_GATEWAY_AGENT_FOLDER_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gateway/socket.h"

namespace fovea::gateway {

// Below XDG_RUNTIME_DIR, or /tmp; the owner's alone. Held by a lock for as long as this object, or
// the process, lives. Thread-compatible.
class AgentFolder {
 public:
  // With a link to each entry of `own`, but `written`, which is made with `text`, some JSON. `own`
  // "": none, and nothing in it. UNAVAILABLE if it cannot be made; nothing is left then.
  static absl::StatusOr<AgentFolder> Make(const std::string& own, const std::string& written,
                                          const std::string& text);
  AgentFolder(AgentFolder&&) = default;
  AgentFolder& operator=(AgentFolder&&) = default;

  // For EndAgentFolder.
  const std::string& root() const { return root_; }
  // Where the agent's files are.
  std::string path() const;
  // Carries what the agent has made, written anew, renamed or removed to its own folder, and
  // removes this one. Of the file `written` the agent's changes are carried, and not the caller's.
  // What somebody else has changed there meanwhile stays, and the agent's is put beside it; a
  // folder of which the agent removed the link stays, too: a sentence for each. If something could
  // not be carried, this folder stays, and the status says so.
  absl::StatusOr<std::vector<std::string>> End();

 private:
  AgentFolder(std::string root, FileDescriptor lock);
  std::string root_;
  FileDescriptor lock_;
};

// AgentFolder::End for a folder whose maker is gone, and what it says; does nothing while it lives.
std::vector<std::string> EndAgentFolder(const std::string& root);

// EndAgentFolder for all of this user's.
std::vector<std::string> EndStaleAgentFolders();

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_AGENT_FOLDER_H_
