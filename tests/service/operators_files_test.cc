// Files of the operator's that are not as they should be.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/sha256.h"
#include "readers/files/read_file.h"
#include "service/audit_log.h"
#include "service/auth.h"
#include "tests/service/server_fixture.h"

namespace fovea::service {
namespace {

std::string ReadAll(const std::string& file) {
  std::ifstream input(file);
  return {std::istreambuf_iterator<char>(input), {}};
}

TEST(ReadFileTest, APipeIsNoFile) {
  const TemporaryDirectory files;
  ASSERT_EQ(mkfifo(files.Path("pipe").c_str(), 0600), 0);
  EXPECT_TRUE(absl::IsNotFound(ReadFile(files.Path("pipe"), 10).status()));
  EXPECT_TRUE(absl::IsNotFound(ReadFile(files.Path("none"), 10).status()));
  EXPECT_TRUE(absl::IsNotFound(ReadFile(files.Path(""), 10).status()));
  std::ofstream(files.Path("file")) << "0123456789";
  EXPECT_EQ(*ReadFile(files.Path("file"), 10), "0123456789");
  EXPECT_TRUE(absl::IsInvalidArgument(ReadFile(files.Path("file"), 9).status()));
}

TEST(AuthTest, AFileThatHasBecomeEmptyIsNotTaken) {
  const TemporaryDirectory files;
  const std::string file = files.Path("tokens");
  std::ofstream(file) << "\n";
  auto auth = Authenticator::Create(file);
  ASSERT_TRUE(auth.ok()) << "tokens may be added later";
  std::ofstream(file) << absl::StrCat(R"({"token_sha256":")", Sha256Hex("x"), R"(","tenant":"t"})");
  ASSERT_TRUE((*auth)->Reload().ok());
  std::ofstream(file) << "\n";
  EXPECT_TRUE(absl::IsInvalidArgument((*auth)->Reload()));
  EXPECT_TRUE((*auth)->Identify("Bearer x").ok());
}

// This process's files may grow to so many bytes while it lives.
class FileLimit {
 public:
  explicit FileLimit(rlim_t bytes) : before_(signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &limit_);
    const rlimit small = {bytes, limit_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
  }
  ~FileLimit() {
    setrlimit(RLIMIT_FSIZE, &limit_);
    (void)signal(SIGXFSZ, before_);
  }
  FileLimit(const FileLimit&) = delete;
  FileLimit& operator=(const FileLimit&) = delete;

 private:
  void (*before_)(int);
  rlimit limit_ = {};
};

TEST(AuditLogTest, ALineBeginsOnALineOfItsOwn) {
  const TemporaryDirectory files;
  const std::string name = files.Path("audit");
  AuditLine line;
  line.method = "ReadTurns";
  const std::string whole = AuditJson(line) + "\n";
  auto log = AuditLog::Open(name);
  ASSERT_TRUE(log.ok()) << log.status();
  {
    const FileLimit limit(whole.size() + 10);
    (*log)->Write(line);
    (*log)->Write(line);
    (*log)->Write(line);
  }
  EXPECT_EQ((*log)->lost(), 2U);
  (*log)->Write(line);
  (*log)->Write(line);
  const std::string torn = whole.substr(0, 10) + "\n";
  EXPECT_EQ(ReadAll(name), whole + torn + whole + whole);
  // What another process left so.
  std::filesystem::resize_file(name, whole.size() - 5);
  ASSERT_TRUE((*log)->Reopen().ok());
  (*log)->Write(line);
  EXPECT_EQ(ReadAll(name), whole.substr(0, whole.size() - 5) + "\n" + whole);
}

}  // namespace
}  // namespace fovea::service
