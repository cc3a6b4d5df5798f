// Tesseract behind an API like OpenAI's Chat Completions: a small reader of pages that anyone has.
#ifndef FOVEA_TESTS_CLI_TESSERACT_ENDPOINT_H_
#define FOVEA_TESTS_CLI_TESSERACT_ENDPOINT_H_

#include <functional>
#include <memory>
#include <string>
#include <thread>

namespace httplib {
class Server;
struct Response;
}  // namespace httplib

namespace fovea::cli {

// The text of a PNG as Tesseract reads it. Thread-safe: each thread has its own Tesseract.
std::string ReadWithTesseract(const std::string& png);

// Serves POST /v1/chat/completions on 127.0.0.1 from construction to destruction. The answer to a
// request is what `read` makes of its image; a request without one gets 400, as OpenAI's do.
class ChatEndpoint {
 public:
  using Read = std::function<std::string(const std::string& png)>;
  // In the place of an answer: sets the whole response.
  using Respond = std::function<void(httplib::Response& response)>;

  explicit ChatEndpoint(Read read, int port = 0);  // 0: a free port
  explicit ChatEndpoint(Respond respond, int port = 0);
  ~ChatEndpoint();
  ChatEndpoint(const ChatEndpoint&) = delete;
  ChatEndpoint& operator=(const ChatEndpoint&) = delete;

  std::string url() const;
  bool listening() const { return port_ > 0; }
  void Wait() { thread_.join(); }  // until the process ends
  // The Authorization header of the last request.
  std::string authorization() const;

 private:
  struct State;
  void Start(int port);

  std::unique_ptr<State> state_;
  std::unique_ptr<httplib::Server> server_;
  int port_ = 0;
  std::thread thread_;
};

}  // namespace fovea::cli

#endif  // FOVEA_TESTS_CLI_TESSERACT_ENDPOINT_H_
