// LiteLLM's two calls, with a fovead that is away.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "gateway/litellm.h"

namespace fovea::gateway {
namespace {

class AwayFovea final : public FoveaClient {
 public:
  absl::Status CreateSession(const v1::CreateSessionRequest&) override { return Away(); }
  absl::StatusOr<v1::Session> GetSession(const std::string&) override { return Away(); }
  absl::StatusOr<v1::Session> ForkSession(const v1::ForkSessionRequest&) override { return Away(); }
  absl::StatusOr<v1::AppendTurnsResponse> Append(const v1::AppendTurnsRequest&) override {
    return Away();
  }
  absl::StatusOr<std::vector<v1::Turn>> ReadTurns(const std::string&, uint64_t) override {
    return Away();
  }
  absl::StatusOr<v1::BuildContextResponse> BuildContext(const v1::BuildContextRequest&) override {
    return Away();
  }
  absl::StatusOr<std::string> RecallTools(v1::WireFormat) override { return Away(); }
  absl::StatusOr<v1::ListReadersResponse> ListReaders() override {
    v1::ListReadersResponse readers;
    readers.add_readers()->set_name("claude");
    return readers;
  }
  absl::StatusOr<v1::ExpandTurnResponse> ExpandTurn(const v1::ExpandTurnRequest&) override {
    return Away();
  }
  absl::StatusOr<v1::SearchTurnsResponse> Search(const v1::SearchTurnsRequest&) override {
    return Away();
  }
  absl::StatusOr<int64_t> CountTokens(const std::string&, absl::string_view,
                                      absl::Duration) override {
    return Away();
  }
  absl::Status ReportUsage(const v1::ReportUsageRequest&) override { return Away(); }

 private:
  static absl::Status Away() { return absl::UnavailableError("away"); }
};

}  // namespace
}  // namespace fovea::gateway

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace fovea::gateway;  // NOLINT(google-build-using-namespace)
  if (size < 2) return 0;
  static AwayFovea fovea;
  static const std::unique_ptr<Database> database = *Database::Open(":memory:");
  static Compressor compressor({.reader = "claude", .force = true}, fovea, *database);
  const std::string body(reinterpret_cast<const char*>(data + 1), size - 1);
  CompressMessages(&compressor, std::make_shared<const std::string>(body), absl::UnixEpoch())
      .status()
      .IgnoreError();
  const absl::string_view text = body;
  const size_t cut = data[0] % (size - 1);
  Retrieve(fovea, *database, text.substr(0, cut), text.substr(cut)).status().IgnoreError();
  return 0;
}
