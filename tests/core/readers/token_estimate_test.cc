#include <gtest/gtest.h>

#include "core/token_counter.h"

namespace fovea {
namespace {
TEST(EstimateTokens, NothingCostsNothing) { EXPECT_EQ(EstimateTokens(""), 0); }
}  // namespace
}  // namespace fovea
