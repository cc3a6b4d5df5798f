// The contract of core/log/log_store.h as tests: any implementation can be run through them.
#ifndef FOVEA_TESTS_MEMORY_STORE_LOG_STORE_CONTRACT_H_
#define FOVEA_TESTS_MEMORY_STORE_LOG_STORE_CONTRACT_H_

#include <functional>
#include <memory>
#include <string>

#include "core/log/log_store.h"
#include "gtest/gtest.h"

namespace fovea::testing {

// One empty log, and how to close and open it again.
class LogStoreUnderTest {
 public:
  virtual ~LogStoreUnderTest() = default;
  virtual LogStore& log() = 0;
  virtual void Reopen() = 0;
};

struct LogStoreImplementation {
  std::string name;
  std::function<std::unique_ptr<LogStoreUnderTest>()> make;
};

class LogStoreContract : public ::testing::TestWithParam<LogStoreImplementation> {
 protected:
  LogStoreContract() : store_(GetParam().make()) {}
  LogStore& log() { return store_->log(); }
  void Reopen() { store_->Reopen(); }
  // Makes a session of tenant "t" with these texts as turns.
  SessionKey Make(const std::string& id, const std::vector<std::string>& texts = {});
  std::vector<Turn> ReadAll(const SessionKey& key);

 private:
  std::unique_ptr<LogStoreUnderTest> store_;
};

}  // namespace fovea::testing

#endif  // FOVEA_TESTS_MEMORY_STORE_LOG_STORE_CONTRACT_H_
