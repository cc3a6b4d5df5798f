#include "tests/memory_store/store_contract.h"
#include "tests/memory_store/support.h"

namespace fovea::testing {

TEST_P(UsageStoreContract, KeepsTheLastCorrectionOfEachTenantAndReader) {
  const UsageCorrection low{.factor_units = 70, .reports = 3, .low_reports = 2, .low_ratio = 0.5};
  const UsageCorrection high{.factor_units = 90, .reports = 4};
  EXPECT_TRUE(Value(store().usage().ReadAll()).empty());
  ASSERT_TRUE(store().usage().Put({"b", "claude", high}).ok());
  ASSERT_TRUE(store().usage().Put({"a", "claude", high}).ok());
  ASSERT_TRUE(store().usage().Put({"a", "claude", low}).ok());
  Reopen();
  const auto all = Value(store().usage().ReadAll());
  ASSERT_EQ(all.size(), 2);
  EXPECT_EQ(all[0].tenant, "a");
  EXPECT_EQ(all[0].reader, "claude");
  EXPECT_EQ(all[0].correction, low);
  EXPECT_EQ(all[1].correction, high);
}

}  // namespace fovea::testing
