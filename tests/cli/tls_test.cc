// TLS to a real server, with certificates made here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cli/app.h"
#include "cli/formats/console.h"
#include "core/base/sha256.h"
#include "tests/service/certificate.h"
#include "tests/service/server_fixture.h"

namespace fovea::cli {
namespace {

using ::fovea::testing::ServerFixture;
using ::testing::HasSubstr;

// NAME.key and NAME.pem, for "DNS:..." or "IP:...".
void WritePair(const TemporaryDirectory& folder, const std::string& name,
               const std::string& subject) {
  fovea::testing::WriteCertificate(folder.Path(name + ".key"), folder.Path(name + ".pem"), name,
                                   subject);
}

struct Ran {
  int exit_code = 0;
  std::string err;
};

// `fovea --server ADDRESS sessions --timeout 20 arguments...`
Ran Sessions(const std::string& address, std::vector<std::string> arguments) {
  std::ostringstream out;
  std::ostringstream err;
  Console console{.out = out, .err = err};
  arguments.insert(arguments.begin(), {"--server", address, "sessions", "--timeout", "20"});
  const int exit_code = RunFovea(std::move(arguments), console);
  return {exit_code, err.str()};
}

class Tls : public ::testing::Test {
 protected:
  void SetUp() override {
    setenv("FOVEA_TOKEN", "secret", 1);
    WritePair(files_, "here", "IP:127.0.0.1");
    WritePair(files_, "elsewhere", "DNS:fovea.test");
    WritePair(files_, "client", "DNS:client");
    std::ofstream(File("tokens")) << absl::StrCat(R"({"token_sha256": ")", Sha256Hex("secret"),
                                                  R"(", "tenant": "red"})");
  }
  void TearDown() override { unsetenv("FOVEA_TOKEN"); }

  std::string File(const std::string& name) const { return files_.Path(name); }

  // A server with that certificate; with `client`, it wants client.pem.
  std::unique_ptr<ServerFixture> Start(const std::string& certificate, bool client = false) {
    return std::make_unique<ServerFixture>([&](service::ServerOptions& options) {
      options.addresses = {"127.0.0.1:0"};
      options.tokens_file = File("tokens");
      options.tls = {.certificate = File(certificate + ".pem"),
                     .key = File(certificate + ".key"),
                     .client_ca = client ? File("client.pem") : ""};
    });
  }

  static std::string AddressOf(ServerFixture& fixture) {
    return fixture.server().addresses().front();
  }

  TemporaryDirectory files_;
};

TEST_F(Tls, ChecksTheServer) {
  const auto server = Start("here");
  const std::string address = AddressOf(*server);
  const Ran known = Sessions(address, {"--tls-ca", File("here.pem")});
  EXPECT_EQ(known.exit_code, 0) << known.err;
  for (const std::vector<std::string>& stranger : std::vector<std::vector<std::string>>{
           {"--tls"},
           {"--tls-ca", File("client.pem")},
           {"--tls-ca", File("client.pem"),
            "--insecure"},  // which is about tokens and sockets alone
           {"--tls-ca", File("here.pem"), "--tls-name", "fovea.test"}}) {
    const Ran ran = Sessions(address, stranger);
    EXPECT_EQ(ran.exit_code, 1);
    EXPECT_THAT(ran.err, HasSubstr("no fovead answers by TLS at"));
  }
  const Ran plain = Sessions(address, {});
  EXPECT_EQ(plain.exit_code, 1) << plain.err;
  EXPECT_THAT(plain.err, HasSubstr("does it want --tls?"));
}

TEST_F(Tls, TheNameMayBeAnotherThanTheAddress) {
  const auto server = Start("elsewhere");
  const std::string address = AddressOf(*server);
  EXPECT_EQ(Sessions(address, {"--tls-ca", File("elsewhere.pem")}).exit_code, 1);
  const Ran named =
      Sessions(address, {"--tls-ca", File("elsewhere.pem"), "--tls-name", "fovea.test"});
  EXPECT_EQ(named.exit_code, 0) << named.err;
}

TEST_F(Tls, ShowsTheClientsCertificate) {
  const auto server = Start("here", /*client=*/true);
  const std::string address = AddressOf(*server);
  const auto with = [&](const std::string& certificate) {
    return Sessions(address, {"--tls-ca", File("here.pem"), "--tls-cert",
                              File(certificate + ".pem"), "--tls-key", File(certificate + ".key")});
  };
  const Ran certified = with("client");
  EXPECT_EQ(certified.exit_code, 0) << certified.err;
  EXPECT_EQ(with("elsewhere").exit_code, 1);
  EXPECT_EQ(Sessions(address, {"--tls-ca", File("here.pem")}).exit_code, 1);
}

TEST_F(Tls, WrongFilesAreNamed) {
  const auto problem = [](const std::vector<std::string>& arguments) {
    const Ran ran = Sessions("127.0.0.1:1", arguments);
    EXPECT_EQ(ran.exit_code, 2) << ran.err;
    return ran.err;
  };
  EXPECT_THAT(problem({"--tls-ca", File("none")}), HasSubstr(File("none")));
  EXPECT_THAT(problem({"--tls-ca", File("here.key")}), HasSubstr("here.key is no certificate"));
  EXPECT_THAT(problem({"--tls-cert", File("here.pem")}), HasSubstr("one wants the other"));
  EXPECT_THAT(problem({"--tls-key", File("here.key")}), HasSubstr("one wants the other"));
  EXPECT_THAT(problem({"--tls-cert", File("here.pem"), "--tls-key", File("client.key")}),
              HasSubstr("client.key is not the key of"));
  EXPECT_THAT(problem({"--tls-cert", File("here.pem"), "--tls-key", File("here.pem")}),
              HasSubstr("is no private key"));
}

}  // namespace
}  // namespace fovea::cli
