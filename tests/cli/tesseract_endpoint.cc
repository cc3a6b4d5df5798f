#include "tests/cli/tesseract_endpoint.h"

#include <httplib.h>
#include <leptonica/allheaders.h>
#include <tesseract/baseapi.h>

#include <atomic>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"

namespace fovea::cli {
namespace {

using nlohmann::json;

struct PixDestroy {
  void operator()(Pix* pix) const { pixDestroy(&pix); }
};
using Picture = std::unique_ptr<Pix, PixDestroy>;

// The image of a chat request; "" if it has none.
std::string ImageOf(const std::string& body) {
  constexpr std::string_view kPrefix = "data:image/png;base64,";
  const json request = json::parse(body, nullptr, /*allow_exceptions=*/false);
  const json::json_pointer content("/messages/0/content");
  if (!request.is_object() || !request.contains(content)) return "";
  for (const json& part : request[content]) {
    const json::json_pointer url("/image_url/url");
    if (!part.contains(url)) continue;
    const std::string data = part[url].get<std::string>();
    std::string png;
    if (absl::StartsWith(data, kPrefix.data()) &&
        absl::Base64Unescape(data.substr(kPrefix.size()), &png)) {
      return png;
    }
  }
  return "";
}

std::string Completion(const std::string& text) {
  return json{{"object", "chat.completion"},
              {"choices",
               {{{"index", 0},
                 {"message", {{"role", "assistant"}, {"content", text}}},
                 {"finish_reason", "stop"}}}}}
      .dump(-1, ' ', false, json::error_handler_t::replace);
}

void Answer(const ChatEndpoint::Read& read, const std::string& body, httplib::Response& response) {
  const std::string png = ImageOf(body);
  if (png.empty()) {
    response.status = 400;
    response.set_content(R"({"error": {"message": "no PNG in the first message"}})",
                         "application/json");
    return;
  }
  response.set_content(Completion(read(png)), "application/json");
}

}  // namespace

std::string ReadWithTesseract(const std::string& png) {
  thread_local const std::unique_ptr<tesseract::TessBaseAPI> reader = [] {
    auto made = std::make_unique<tesseract::TessBaseAPI>();
    if (made->Init(nullptr, "eng") != 0) return std::unique_ptr<tesseract::TessBaseAPI>();
    made->SetPageSegMode(tesseract::PSM_SINGLE_BLOCK);
    return made;
  }();
  if (reader == nullptr) return "";
  const Picture page(pixReadMemPng(reinterpret_cast<const l_uint8*>(png.data()), png.size()));
  if (page == nullptr) return "";
  const Picture grey(pixConvertTo8(page.get(), 0));
  // It wants letters of 20 pixels or more.
  const Picture large(pixScale(grey.get(), 2, 2));
  // What was read before must not teach how this page is read.
  reader->ClearAdaptiveClassifier();
  reader->SetImage(large.get());
  const std::unique_ptr<char[]> text(reader->GetUTF8Text());
  return text == nullptr ? "" : text.get();
}

struct ChatEndpoint::State {
  std::mutex mutex;
  std::string authorization;
};

ChatEndpoint::ChatEndpoint(Read read, int port)
    : state_(std::make_unique<State>()), server_(std::make_unique<httplib::Server>()) {
  server_->Post(
      "/v1/chat/completions",
      [this, read = std::move(read)](const httplib::Request& request, httplib::Response& response) {
        {
          const std::lock_guard lock(state_->mutex);
          state_->authorization = request.get_header_value("Authorization");
        }
        Answer(read, request.body, response);
      });
  Start(port);
}

ChatEndpoint::ChatEndpoint(Respond respond, int port)
    : state_(std::make_unique<State>()), server_(std::make_unique<httplib::Server>()) {
  server_->Post("/v1/chat/completions",
                [respond = std::move(respond)](const httplib::Request&,
                                               httplib::Response& response) { respond(response); });
  Start(port);
}

ChatEndpoint::~ChatEndpoint() {
  server_->stop();
  if (thread_.joinable()) thread_.join();
}

void ChatEndpoint::Start(int port) {
  server_->new_task_queue = [] { return new httplib::ThreadPool(4); };
  const bool bound = port == 0 ? (port_ = server_->bind_to_any_port("127.0.0.1")) > 0
                               : server_->bind_to_port("127.0.0.1", port);
  if (!bound) {
    port_ = 0;
    return;
  }
  if (port != 0) port_ = port;
  thread_ = std::thread([this] { server_->listen_after_bind(); });
  // Stopping does nothing before the server runs.
  while (!server_->is_running()) std::this_thread::yield();
}

std::string ChatEndpoint::url() const {
  return "http://127.0.0.1:" + std::to_string(port_) + "/v1";
}

std::string ChatEndpoint::authorization() const {
  const std::lock_guard lock(state_->mutex);
  return state_->authorization;
}

}  // namespace fovea::cli
