// A tenant at work, each of whose texts has a word that nobody else is to see.
#ifndef FOVEA_TESTS_SERVICE_CANARY_TENANT_H_
#define FOVEA_TESTS_SERVICE_CANARY_TENANT_H_

#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "google/protobuf/message.h"
#include "tests/service/server_fixture.h"

namespace fovea::testing {

// One thread at a time.
class CanaryTenant {
 public:
  struct Options {
    std::string address;
    // The server's directory, to see what deletions leave; "" not to look. SQLite leaves copies of
    // rows that it moved in unused parts of pages (docs/OPERATIONS.md), so a long run finds some.
    std::string data;
    std::string token;
    std::string word;         // in all that it sends as text
    std::string others_word;  // in nothing that it gets
    unsigned seed = 1;
  };
  explicit CanaryTenant(Options options);

  // One act, by chance: appends, contexts, searches, recalls, pins, copies, exports, errors,
  // deletions. All fail the test if an answer is wrong or holds the other's word.
  void Step();
  // Every session, to the byte.
  void CheckSessions();
  void DeleteAll();
  // After a restart of the server.
  void Connect(const std::string& address);
  // Pages that were served, which are nobody else's.
  const std::vector<std::string>& pages() const { return pages_; }
  void TryPages(const std::vector<std::string>& pages_of_other);
  const std::map<std::string, int>& acts() const { return acts_; }

 private:
  struct Session {
    std::string mark;                // the word, for this session alone
    bool copied = false;             // another session has the mark, too
    std::vector<std::string> turns;  // serialised, without sequence and time
  };

  std::string Any();  // a session's id; one is made if there is none
  void CreateOne();
  void AppendSome();
  void BuildOne();
  void Search();
  void Recall();
  void Fork();
  void ExportAndImport();
  void Fail();
  void Delete(std::string id);
  void List();

  void Clean(const google::protobuf::Message& answer, const char* what) const;
  // The call is refused, and not in the words that were sent.
  void Refused(const grpc::Status& status, const char* what) const;
  v1::Turn Text(const Session& session, v1::Role role);
  size_t Roll(size_t sides) { return random_() % sides; }

  const Options options_;
  std::unique_ptr<Client> client_;
  std::mt19937 random_;
  std::map<std::string, Session> sessions_;
  std::vector<std::string> pages_;
  std::map<std::string, int> acts_;
  int made_ = 0;
  int keys_ = 0;
};

}  // namespace fovea::testing

#endif  // FOVEA_TESTS_SERVICE_CANARY_TENANT_H_
