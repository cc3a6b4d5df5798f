#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "memory_store/memory_store.h"
#include "tests/memory_store/support.h"

namespace fovea {
namespace {

TEST(UsageStore, KeepsTheLastCorrectionOfEachTenantAndReader) {
  const std::string directory = ::testing::TempDir() + "/fovea-usage-" + std::to_string(getpid());
  std::filesystem::remove_all(directory);
  const UsageCorrection low{.factor_units = 70, .reports = 3, .low_reports = 2, .low_ratio = 0.5};
  const UsageCorrection high{.factor_units = 90, .reports = 4};
  {
    auto store = MemoryStore::Open({.directory = directory});
    ASSERT_TRUE(store.ok()) << store.status();
    UsageStore& usage = (*store)->usage();
    EXPECT_TRUE(usage.ReadAll()->empty());
    ASSERT_TRUE(usage.Put({"b", "claude", high}).ok());
    ASSERT_TRUE(usage.Put({"a", "claude", high}).ok());
    ASSERT_TRUE(usage.Put({"a", "claude", low}).ok());
  }
  auto store = MemoryStore::Open({.directory = directory});
  ASSERT_TRUE(store.ok()) << store.status();
  const auto all = (*store)->usage().ReadAll();
  ASSERT_TRUE(all.ok()) << all.status();
  ASSERT_EQ(all->size(), 2);
  EXPECT_EQ((*all)[0].tenant, "a");
  EXPECT_EQ((*all)[0].reader, "claude");
  EXPECT_EQ((*all)[0].correction, low);
  EXPECT_EQ((*all)[1].correction, high);
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace fovea
