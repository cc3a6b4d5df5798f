// The contracts of core's ports as tests, which any implementation of a store can be run through:
// those of core/log/log_store.h, core/log/search_index.h, core/page/page_store.h,
// core/tokens/usage_store.h and core/forgetting/view_store.h. implementations_test.cc lists the
// implementations.
#ifndef FOVEA_TESTS_MEMORY_STORE_STORE_CONTRACT_H_
#define FOVEA_TESTS_MEMORY_STORE_STORE_CONTRACT_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "memory_store/memory_store.h"

namespace fovea::testing {

// One empty store, and how to close and open it again.
class StoreUnderTest {
 public:
  virtual ~StoreUnderTest() = default;
  virtual MemoryStore& store() = 0;
  virtual void Reopen() = 0;
};

struct StoreImplementation {
  std::string name;
  std::function<std::unique_ptr<StoreUnderTest>()> make;
};

class StoreContract : public ::testing::TestWithParam<StoreImplementation> {
 protected:
  StoreContract() : under_test_(GetParam().make()) {}
  MemoryStore& store() { return under_test_->store(); }
  LogStore& log() { return store().log(); }
  void Reopen() { under_test_->Reopen(); }
  // Makes a session of tenant "t" with these texts as turns.
  SessionKey Make(const std::string& id, const std::vector<std::string>& texts = {});

 private:
  std::unique_ptr<StoreUnderTest> under_test_;
};

class LogStoreContract : public StoreContract {
 protected:
  std::vector<Turn> ReadAll(const SessionKey& key);
};
class SearchIndexContract : public StoreContract {
 protected:
  SearchIndex& search() { return store().search(); }
  // Once the index, which follows the log, has all turns of the session.
  SearchAnswer Find(const SessionKey& key, const SearchQuery& query);
  SearchAnswer Search(const SessionKey& key, const std::string& words,
                      SearchOrder order = SearchOrder::kNewestFirst, int limit = 200);
  std::vector<uint64_t> Seqs(const SessionKey& key, const std::string& words,
                             SearchOrder order = SearchOrder::kNewestFirst, int limit = 200);
};
class PageStoreContract : public StoreContract {
 protected:
  PageStore& pages() { return store().pages(); }
  // Pages named by numbers (PageId).
  std::vector<std::optional<std::string>> Get(const SessionKey& key,
                                              const std::vector<int>& numbers);
  void Put(const SessionKey& key, int number, std::string png);
};
class UsageStoreContract : public StoreContract {};
class ViewStoreContract : public StoreContract {};

}  // namespace fovea::testing

#endif  // FOVEA_TESTS_MEMORY_STORE_STORE_CONTRACT_H_
