// Requests that nobody would send, over the socket: made from the messages' descriptors and then
// broken. The server must answer each with a status of its own and live on.
//
// FOVEA_FUZZ_SECONDS sets how long (3); FOVEA_FUZZ_SEED which (random, printed);
// FOVEA_TEST_FOVEAD another build of the server, with sanitizers say.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "fovea/v1/page.pb.h"
#include "fovea/v1/reader.pb.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/message.h"
#include "tests/service/process.h"
#include "tests/service/server_fixture.h"

namespace fovea::testing {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

class Maker {
 public:
  explicit Maker(uint64_t seed) : random_(seed) {}

  uint64_t Below(uint64_t most) { return random_() % most; }

  // The request's bytes: as the descriptor has it, and often damaged.
  std::string RequestOf(const google::protobuf::Descriptor* type) {
    const std::unique_ptr<Message> message(
        google::protobuf::MessageFactory::generated_factory()->GetPrototype(type)->New());
    Fill(*message, 0);
    std::string bytes = message->SerializeAsString();
    if (Below(3) == 0) Damage(bytes);
    return bytes;
  }

 private:
  std::string Text() {
    static const auto* const kTexts = new std::vector<std::string>{
        "",
        "s",
        "t",
        "claude",
        "gpt-5",
        "no such reader",
        "user words with a needle",
        "image/png",
        "application/pdf",
        "text/plain",
        "anthropic.thinking",
        "openai.reasoning",
        "{}",
        R"({"command":"make"})",
        std::string(70, '[') + std::string(70, ']'),
        R"({"a":)" + std::string(100'000, '['),
        std::string("\0\xff\xc0\x80", 4),
        "wor* \"",
        "\xe2\x80\xae\xf3\xa0\x81\x81",
        std::string("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff\xff\xff\xff\xff\xff\xff\xff", 24),
        std::string(3000, 'x')};
    if (Below(8) == 0) {
      std::string noise(Below(600), '\0');
      for (char& one : noise) one = static_cast<char>(Below(256));
      return noise;
    }
    return (*kTexts)[Below(kTexts->size())];
  }

  int64_t Number() {
    static constexpr int64_t kNumbers[] = {0, 1, 2, 3, 7, 20, 200, 1'000, 64'000, 1'000'000'000};
    switch (Below(8)) {
      case 0:
        return static_cast<int64_t>(random_());
      case 1:
        return -kNumbers[Below(std::size(kNumbers))];
      default:
        return kNumbers[Below(std::size(kNumbers))];
    }
  }

  void Fill(Message& message, int depth) {
    const auto* type = message.GetDescriptor();
    for (int i = 0; i < type->field_count(); ++i) {
      const FieldDescriptor* field = type->field(i);
      if (field->real_containing_oneof() != nullptr ? Below(4) != 0 : Below(5) == 0) continue;
      const uint64_t count = field->is_repeated() ? Below(depth == 0 ? 6 : 3) : 1;
      for (uint64_t n = 0; n < count; ++n) Set(message, field, depth);
    }
  }

  void Set(Message& message, const FieldDescriptor* field, int depth) {
    const auto* reflection = message.GetReflection();
    const bool many = field->is_repeated();
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE: {
        if (depth > 6) return;
        Fill(*(many ? reflection->AddMessage(&message, field)
                    : reflection->MutableMessage(&message, field)),
             depth + 1);
        return;
      }
      case FieldDescriptor::CPPTYPE_STRING: {
        std::string text = Text();
        if (field->name() == "session_id" && Below(5) > 0) text = Below(2) == 0 ? "s" : "t";
        if (field->name() == "reader" && Below(5) > 0) text = "claude";
        many ? reflection->AddString(&message, field, std::move(text))
             : reflection->SetString(&message, field, std::move(text));
        return;
      }
      case FieldDescriptor::CPPTYPE_ENUM: {
        const auto value = static_cast<int>(Number() % 9);
        many ? reflection->AddEnumValue(&message, field, value)
             : reflection->SetEnumValue(&message, field, value);
        return;
      }
      case FieldDescriptor::CPPTYPE_BOOL:
        if (!many) reflection->SetBool(&message, field, Below(2) == 0);
        return;
      case FieldDescriptor::CPPTYPE_INT32:
        if (!many) reflection->SetInt32(&message, field, static_cast<int32_t>(Number()));
        return;
      case FieldDescriptor::CPPTYPE_INT64:
        if (!many) reflection->SetInt64(&message, field, Number());
        return;
      case FieldDescriptor::CPPTYPE_UINT32:
        if (!many) reflection->SetUInt32(&message, field, static_cast<uint32_t>(Number()));
        return;
      case FieldDescriptor::CPPTYPE_UINT64:
        many ? reflection->AddUInt64(&message, field, static_cast<uint64_t>(Number()))
             : reflection->SetUInt64(&message, field, static_cast<uint64_t>(Number()));
        return;
      case FieldDescriptor::CPPTYPE_DOUBLE:
        if (!many) reflection->SetDouble(&message, field, static_cast<double>(Number()));
        return;
      default:
        return;
    }
  }

  void Damage(std::string& bytes) {
    for (uint64_t n = 1 + Below(4); n > 0 && !bytes.empty(); --n) {
      const size_t at = Below(bytes.size());
      switch (Below(4)) {
        case 0:
          bytes[at] = static_cast<char>(Below(256));
          break;
        case 1:
          bytes.erase(at, Below(20));
          break;
        case 2:
          bytes.insert(at, bytes.substr(Below(bytes.size()), Below(200)));
          break;
        default:
          bytes.insert(at, Text());
      }
    }
  }

  std::mt19937_64 random_;
};

// A stream of answers does not end for a caller that takes one: it would wait for the server's
// patience.
constexpr std::chrono::milliseconds kPatience(500);

int FuzzSeconds() {
  int seconds = 3;
  const char* named = std::getenv("FOVEA_FUZZ_SECONDS");
  if (named != nullptr) {
    EXPECT_TRUE(absl::SimpleAtoi(named, &seconds));
  }
  return seconds;
}

uint64_t FuzzSeed() {
  uint64_t seed = std::random_device()();
  const char* named = std::getenv("FOVEA_FUZZ_SEED");
  if (named != nullptr) {
    EXPECT_TRUE(absl::SimpleAtoi(named, &seed));
  }
  std::cout << "[ figure   ] FOVEA_FUZZ_SEED=" << seed << "\n";
  return seed;
}

// Of a server that has ended: what a sanitizer says, say.
std::string LastWords(const std::string& log) {
  std::ifstream file(log);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  constexpr size_t kMuch = 20'000;
  return text.substr(text.size() - std::min(text.size(), kMuch));
}

TEST(SocketFuzz, TheServerAnswersWhateverComes) {
  const TemporaryDirectory directory;
  const std::string socket = directory.Path("s");
  Process server({.flags = {"--data", directory.Path("data"), "--listen", "unix:" + socket,
                            "--log-level", "error"},
                  .log = directory.Path("log")});
  Client client("unix:" + socket);
  ASSERT_TRUE(client.channel->WaitForConnected(std::chrono::system_clock::now() +
                                               std::chrono::seconds(120)));
  std::vector<const google::protobuf::MethodDescriptor*> methods;
  for (const auto* message :
       {v1::CreateSessionRequest::descriptor(), v1::BuildContextRequest::descriptor(),
        v1::GetStoreStatsRequest::descriptor(), v1::CountTokensRequest::descriptor(),
        v1::RenderDocumentRequest::descriptor()}) {
    const auto* file = message->file();
    for (int i = 0; i < file->service_count(); ++i) {
      for (int k = 0; k < file->service(i)->method_count(); ++k) {
        methods.push_back(file->service(i)->method(k));
      }
    }
  }
  ASSERT_GT(methods.size(), 30);
  const uint64_t seed = FuzzSeed();
  const absl::Time end = absl::Now() + absl::Seconds(FuzzSeconds());
  std::vector<std::thread> callers;
  std::atomic<uint64_t> calls = 0;
  std::atomic<int> unknown = 0;
  std::atomic<bool> gone = false;
  for (uint64_t thread = 0; thread < 3; ++thread) {
    callers.emplace_back([&, thread] {
      Maker maker(seed + thread);
      Client own("unix:" + socket);
      for (; absl::Now() < end && !gone; ++calls) {
        // The sessions come back when they were deleted.
        if (calls % 50 == 0) own.CreateSession(maker.Below(2) == 0 ? "s" : "t");
        const auto* method = methods[maker.Below(methods.size())];
        const grpc::Status status =
            CallRaw(own, absl::StrCat("/", method->service()->full_name(), "/", method->name()),
                    maker.RequestOf(method->input_type()), nullptr, kPatience);
        // UNKNOWN is what an exception would be.
        if (status.error_code() == grpc::StatusCode::UNKNOWN) ++unknown;
      }
    });
  }
  while (absl::Now() < end && !gone) {
    absl::SleepFor(absl::Milliseconds(100));
    gone = !server.running();
  }
  for (std::thread& caller : callers) caller.join();
  std::cout << "[ figure   ] calls: " << calls << "\n";
  EXPECT_EQ(unknown, 0);
  ASSERT_TRUE(server.running()) << LastWords(directory.Path("log"));
  client.CreateSession("s");
  EXPECT_TRUE(client.CreateSession("afterwards").ok());
  v1::VerifyStoreResponse report;
  grpc::ClientContext context;
  ASSERT_TRUE(client.admin->VerifyStore(&context, {}, &report).ok());
  EXPECT_EQ(report.problems_size(), 0);
  const int status = server.Kill(SIGTERM);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

}  // namespace
}  // namespace fovea::testing
