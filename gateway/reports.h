// What the books say, for people and scripts.
#ifndef FOVEA_GATEWAY_REPORTS_H_
#define FOVEA_GATEWAY_REPORTS_H_

#include <cstdint>
#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "gateway/books/database.h"

namespace fovea::gateway {

struct SavingsOptions {
  std::string by = "project";  // session, project, model, day, action or reason
  std::string session;         // of that one only
  std::string project;
  std::string since;  // "7d", "24h", "30m" or "2026-11-29"; "": all
  bool json = false;
  bool csv = false;
};

// Prints what was billed and what full history would have cost. Every figure names its basis and
// window. INVALID_ARGUMENT names the option that is wrong.
absl::Status PrintSavings(Database& database, const SavingsOptions& options, std::ostream& out);

// One line for an agent's status line, from the JSON that Claude Code gives its status command on
// standard input.
std::string StatusLine(Database& database, const std::string& input);

struct DoctorOptions {
  std::string server;
  std::string database;
  std::string gateway;  // "http://HOST:PORT/SECRET" of a running gateway; "": none is asked
};

// Prints what is wrong, in words. 0: nothing, 1: something that keeps agents from Fovea, 2:
// something that keeps agents from working.
int Doctor(const DoctorOptions& options, std::ostream& out);

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_REPORTS_H_
