// What every verb of the command line is made of.
#ifndef FOVEA_CLI_VERB_H_
#define FOVEA_CLI_VERB_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "cli/formats/console.h"
#include "cli/formats/json_fwd.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace fovea::v1 {
class SeqRange;
class View;
enum WireFormat : int;
}  // namespace fovea::v1

namespace fovea::cli {

class Client;

// What a verb works with while it runs.
struct Environment {
  Console& console;
  Client& client;
  bool json = false;

  // One line on standard output; `pretty` where a person may look at it.
  void PrintJson(const Json& value, bool pretty = true) const;
};

// A verb's work. An error is reported by the caller.
using Work = std::function<absl::Status(const Environment&)>;

// What every verb takes beside its own options.
constexpr char kVerbFooter[] =
    "Also: --json prints JSON for scripts; --server, --token-file, --timeout, --insecure, --tls, "
    "--tls-ca, --tls-cert, --tls-key, --tls-name: see `fovea --help`.";

// NOT_FOUND of a session with the name of one that is there and has a similar name.
absl::Status WithNearestSession(const Environment& environment, const std::string& session,
                                const absl::Status& status);

// The verbs declared so far, and the one that the command line chose.
class Verbs {
 public:
  explicit Verbs(CLI::App& app) : app_(app) {}

  // Declares a verb. `declare` gets the new subcommand and the verb's options, default-constructed,
  // and adds flags for them; `run` gets them after parsing.
  template <typename Options, typename Declare, typename Run>
  void Add(const std::string& name, const std::string& description, Declare declare, Run run) {
    auto options = std::make_shared<Options>();
    CLI::App& verb =
        AddVerb(name, description, [options, run](const Environment& environment) -> absl::Status {
          const absl::Status status = run(environment, *options);
          if constexpr (requires { options->view.session; }) {
            return WithNearestSession(environment, options->view.session, status);
          } else if constexpr (requires { options->session.size(); }) {
            return WithNearestSession(environment, options->session, status);
          } else if constexpr (requires { options->session_id(); }) {
            return WithNearestSession(environment, options->session_id(), status);
          } else if constexpr (requires { options->request.session_id(); }) {
            return WithNearestSession(environment, options->request.session_id(), status);
          } else {
            return status;
          }
        });
    declare(verb, *options);
  }

  const Work& chosen() const { return chosen_; }  // empty before parsing

 private:
  // A subcommand that chooses the work.
  CLI::App& AddVerb(const std::string& name, const std::string& description, Work work);

  CLI::App& app_;
  Work chosen_;
};

// Options of the verbs that look at a session as a reader does.
struct ViewOptions {
  std::string session;
  std::string reader = "claude";
  int64_t budget = 64000;
  uint64_t at = 0;
  std::vector<std::string> policy;  // "FIELD=VALUE"

  v1::View ToView() const;
};

// Adds SESSION, --reader, --budget and --policy, and --at unless the verb has its own.
void DeclareView(CLI::App& verb, ViewOptions& options, bool with_at = true);

// Adds an option or argument for a turn's number, which may be written 57 or #57.
CLI::Option* DeclareSeq(CLI::App& verb, const std::string& name, uint64_t& seq,
                        const std::string& description);
CLI::Option* DeclareSeq(CLI::App& verb, const std::string& name, std::function<void(uint64_t)> set,
                        const std::string& description);

// Tokens from "64000", "64k" or "1.5m"; false, and nothing is set, for what is not of that form or
// not positive.
bool ParseTokens(const std::string& text, int64_t* tokens);

// Adds --format: the wire formats by their names on the command line.
CLI::Option* DeclareFormat(CLI::App& verb, v1::WireFormat& format);

// Adds SESSION.
void DeclareSession(CLI::App& verb, std::string& session);

// "7" or "3-9"; a usage error otherwise.
void DeclareRange(CLI::App& verb, v1::SeqRange& range, const std::string& description);

// Pixels from "1092x224"; false, and nothing is set, for what is not of that form.
bool ParseSides(const std::string& text, int* width, int* height);

// "turn 7" or "turns 3 to 9".
std::string RangeText(uint64_t first, uint64_t last);

// The verbs of each file.
void AddImportVerb(Verbs& verbs);
void AddTransferVerbs(Verbs& verbs);
void AddSessionVerbs(Verbs& verbs);
void AddTurnVerbs(Verbs& verbs);
void AddTiersVerb(Verbs& verbs);
void AddContextVerb(Verbs& verbs);
void AddInsightVerbs(Verbs& verbs);
void AddLadderVerb(Verbs& verbs);
void AddReaderVerbs(Verbs& verbs);
void AddRenderVerb(Verbs& verbs);
void AddCalibrateVerb(Verbs& verbs);
void AddPageVerb(Verbs& verbs);
void AddExamineVerb(Verbs& verbs);
void AddToolsVerb(Verbs& verbs);
void AddViewsVerb(Verbs& verbs);
void AddAdminVerbs(Verbs& verbs);
void AddStoreVerbs(Verbs& verbs);

}  // namespace fovea::cli

#endif  // FOVEA_CLI_VERB_H_
