// The contracts, on the implementations there are: a line for each.
#include "memory_store/memory_store.h"
#include "tests/memory_store/store_contract.h"
#include "tests/memory_store/support.h"

namespace fovea::testing {
namespace {

class SqliteUnderTest final : public StoreUnderTest {
 public:
  SqliteUnderTest() { Reopen(); }
  MemoryStore& store() override { return *store_; }
  void Reopen() override {
    store_.reset();
    store_ = OpenStore(directory_.path());
  }

 private:
  TemporaryDirectory directory_{kInMemory};
  std::unique_ptr<MemoryStore> store_;
};

const std::vector<StoreImplementation>& Implementations() {
  static const auto* const kAll = new std::vector<StoreImplementation>{
      {"Sqlite", [] { return std::make_unique<SqliteUnderTest>(); }}};
  return *kAll;
}

std::string NameOf(const ::testing::TestParamInfo<StoreImplementation>& test) {
  return test.param.name;
}

INSTANTIATE_TEST_SUITE_P(Stores, LogStoreContract, ::testing::ValuesIn(Implementations()), NameOf);
INSTANTIATE_TEST_SUITE_P(Stores, SearchIndexContract, ::testing::ValuesIn(Implementations()),
                         NameOf);
INSTANTIATE_TEST_SUITE_P(Stores, PageStoreContract, ::testing::ValuesIn(Implementations()), NameOf);
INSTANTIATE_TEST_SUITE_P(Stores, UsageStoreContract, ::testing::ValuesIn(Implementations()),
                         NameOf);
INSTANTIATE_TEST_SUITE_P(Stores, ViewStoreContract, ::testing::ValuesIn(Implementations()), NameOf);

}  // namespace
}  // namespace fovea::testing
