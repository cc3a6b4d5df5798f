#include "service/ended_calls.h"

#include <algorithm>
#include <memory>
#include <string_view>

#include "absl/strings/numbers.h"
#include "absl/time/time.h"
#include "grpc/grpc.h"
#include "grpc/support/alloc.h"
#include "nlohmann/json.hpp"

namespace fovea::service {
namespace {

// All sockets are listed then.
constexpr absl::Duration kBetweenLooks = absl::Milliseconds(50);

// What channelz says, which is its own to free; an empty object if it has nothing.
nlohmann::json Answer(char* text) {
  const std::unique_ptr<char, decltype(&gpr_free)> owner(text, gpr_free);
  nlohmann::json json;
  if (text != nullptr) json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  return json.is_object() ? json : nlohmann::json::object();
}

// 64-bit numbers are strings there, and 0 is left out.
int64_t Number(const nlohmann::json& object, const char* key) {
  int64_t number = 0;
  const auto found = object.find(key);
  if (found != object.end() && found->is_string()) {
    (void)absl::SimpleAtoi(found->get_ref<const std::string&>(), &number);
  }
  return number;
}

// All pages of a list, each asked for by the first id that it may hold.
template <class Ask, class Take>
void ForEach(const char* list, const char* id, Ask ask, Take take) {
  int64_t next = 0;
  while (true) {
    const nlohmann::json page = Answer(ask(next));
    const auto entries = page.find(list);
    if (entries == page.end() || entries->empty()) return;
    for (const nlohmann::json& entry : *entries) {
      const nlohmann::json& reference = entry.contains("ref") ? entry["ref"] : entry;
      next = std::max(next, Number(reference, id) + 1);
      take(Number(reference, id), reference);
    }
    if (page.value("end", false)) return;
  }
}

}  // namespace

void EndedCalls::FindSockets() {
  looked_ = SteadyNow();
  sockets_.clear();
  const auto servers = [](int64_t first) { return grpc_channelz_get_servers(first); };
  ForEach("server", "serverId", servers, [this](int64_t server, const nlohmann::json&) {
    const auto sockets = [server](int64_t first) {
      return grpc_channelz_get_server_sockets(server, first, 0);
    };
    ForEach("socketRef", "socketId", sockets, [this](int64_t id, const nlohmann::json& socket) {
      // Its transport's name, and the peer.
      const std::string name = socket.value("name", "");
      int64_t& newest = sockets_[name.substr(name.rfind(' ') + 1)];
      newest = std::max(newest, id);
    });
  });
}

uint64_t EndedCalls::Of(const std::string& peer) {
  const auto counts = [&] {
    const auto found = sockets_.find(peer);
    if (found == sockets_.end()) return nlohmann::json();
    return Answer(grpc_channelz_get_socket(found->second)).value("socket", nlohmann::json());
  };
  nlohmann::json socket = counts();
  if (!socket.is_object()) {
    if (looked_ && Since(*looked_) < kBetweenLooks) return 0;
    FindSockets();
    socket = counts();
  }
  if (!socket.is_object()) return 0;
  const nlohmann::json data = socket.value("data", nlohmann::json::object());
  return static_cast<uint64_t>(Number(data, "streamsSucceeded") + Number(data, "streamsFailed"));
}

}  // namespace fovea::service
