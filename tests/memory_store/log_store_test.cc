// The contract, on the implementations there are.
#include "memory_store/memory_store.h"
#include "tests/memory_store/log_store_contract.h"
#include "tests/memory_store/support.h"

namespace fovea::testing {
namespace {

class SqliteUnderTest final : public LogStoreUnderTest {
 public:
  SqliteUnderTest() { Reopen(); }
  LogStore& log() override { return store_->log(); }
  void Reopen() override {
    store_.reset();
    store_ = OpenStore(directory_.path());
  }

 private:
  ScratchDirectory directory_;
  std::unique_ptr<MemoryStore> store_;
};

INSTANTIATE_TEST_SUITE_P(Implementations, LogStoreContract,
                         ::testing::Values(LogStoreImplementation{
                             "Sqlite", [] { return std::make_unique<SqliteUnderTest>(); }}),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace fovea::testing
