// Bodies with a coding, pictures, the books, and sessions against a fovead that stands in.
#include <brotli/encode.h>
#include <gd.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "core/base/status_macros.h"
#include "gateway/books/database.h"
#include "gateway/content_coding.h"
#include "gateway/http_server.h"
#include "gateway/memory_budget.h"
#include "gateway/pictures.h"
#include "gateway/recall.h"
#include "gateway/sessions.h"
#include "gateway/socket.h"

namespace fovea::gateway {
namespace {

constexpr size_t kMax = 1 << 20;

std::string Zstd(const std::string& text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

std::string Gzip(const std::string& text) {
  z_stream stream = {};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(compressBound(text.size()) + 100, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string Brotli(const std::string& text) {
  size_t size = BrotliEncoderMaxCompressedSize(text.size());
  std::string out(size, '\0');
  BrotliEncoderCompress(5, BROTLI_DEFAULT_WINDOW, BROTLI_MODE_TEXT, text.size(),
                        reinterpret_cast<const uint8_t*>(text.data()), &size,
                        reinterpret_cast<uint8_t*>(out.data()));
  out.resize(size);
  return out;
}

TEST(ContentCoding, DecodesAndBounds) {
  const std::string text = absl::StrCat(std::string(700'000, 'a'), "end");
  for (const auto& [coding, bytes] : {std::pair("zstd", Zstd(text)), std::pair("GZIP", Gzip(text)),
                                      std::pair("br", Brotli(text))}) {
    const auto decoded = Decoded(coding, bytes, kMax);
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_EQ(*decoded, text);
    EXPECT_TRUE(absl::IsResourceExhausted(Decoded(coding, bytes, 1000).status()));
    for (size_t size = 0; size < bytes.size(); size += 7) {
      EXPECT_TRUE(absl::IsInvalidArgument(Decoded(coding, bytes.substr(0, size), kMax).status()))
          << size;
    }
  }
  EXPECT_FALSE(Decoded("zstd", Zstd(text) + "junkjunk", kMax).ok());
  EXPECT_FALSE(Decoded("br", "x", kMax).ok());
  EXPECT_FALSE(Decoded("other", "x", kMax).ok());
}

TEST(ContentCoding, DecodesWhatComesInPieces) {
  const std::string text = absl::StrCat(std::string(700'000, 'a'), "end");
  for (const auto& [coding, bytes] : {std::pair("zstd", Zstd(text)), std::pair("gzip", Gzip(text)),
                                      std::pair("br", Brotli(text))}) {
    const auto decoder = Decoder::Create(coding, kMax);
    std::string out;
    for (size_t at = 0; at < bytes.size(); at += 3) {
      EXPECT_FALSE(decoder->complete());
      ASSERT_TRUE(decoder
                      ->Feed(bytes.substr(at, 3),
                             [&](absl::string_view piece) {
                               EXPECT_LE(piece.size(), 256U << 10);
                               out.append(piece.data(), piece.size());
                               return absl::OkStatus();
                             })
                      .ok());
    }
    EXPECT_TRUE(decoder->complete()) << coding;
    EXPECT_EQ(out, text) << coding;
  }
}

// What `decoder` makes of `bytes`, fed in pieces of `step`.
std::string InPieces(Decoder& decoder, absl::string_view bytes, size_t step) {
  std::string out;
  for (size_t at = 0; at < bytes.size(); at += step) {
    const absl::Status status = decoder.Feed(bytes.substr(at, step), [&](absl::string_view piece) {
      out.append(piece.data(), piece.size());
      return absl::OkStatus();
    });
    if (!status.ok()) return std::string(status.message());
  }
  return out;
}

TEST(ContentCoding, GzipOfSeveralMembersIsOneBody) {
  const std::string bytes = absl::StrCat(Gzip("one "), Gzip(""), Gzip("two "), Gzip("three"));
  for (const size_t step : {1, 2, 3, 7, 1000}) {
    const auto decoder = Decoder::Create("gzip", kMax);
    EXPECT_EQ(InPieces(*decoder, bytes, step), "one two three") << step;
    EXPECT_TRUE(decoder->complete()) << step;
  }
  EXPECT_TRUE(absl::IsResourceExhausted(Decoded("gzip", bytes, 12).status())) << "of them all";
  const std::string cut = bytes.substr(0, bytes.size() - 9);
  EXPECT_TRUE(absl::IsInvalidArgument(Decoded("gzip", cut, kMax).status()));
}

TEST(ContentCoding, WhatStandsBehindTheEndIsNotOfTheBody) {
  const std::string zeros(16, '\0');
  for (const auto& [coding, bytes] : {std::pair("gzip", absl::StrCat(Gzip("one "), Gzip("two"))),
                                      std::pair("br", Brotli("one two"))}) {
    for (const std::string& behind : {zeros, std::string("junkjunk"), std::string("\x1f"),
                                      absl::StrCat("\x1f", "junk"), absl::StrCat("x", Gzip("y"))}) {
      for (const size_t step : {1, 2, 1000}) {
        const auto decoder = Decoder::Create(coding, kMax);
        EXPECT_EQ(InPieces(*decoder, bytes + behind, step), "one two") << coding << step;
        EXPECT_TRUE(decoder->complete()) << coding << step;
      }
    }
  }
}

std::string Picture(int width, int height, bool jpeg) {
  gdImagePtr image = gdImageCreateTrueColor(width, height);
  gdImageFilledRectangle(image, 0, 0, width / 2, height / 2, gdTrueColor(200, 30, 30));
  int size = 0;
  void* bytes = jpeg ? gdImageJpegPtr(image, &size, 80) : gdImagePngPtr(image, &size);
  std::string out(static_cast<const char*>(bytes), static_cast<size_t>(size));
  gdFree(bytes);
  gdImageDestroy(image);
  return out;
}

std::string Body(const std::vector<std::string>& pictures) {
  std::string body = R"({"model":"m","messages":[{"role":"user","content":[)";
  for (const std::string& picture : pictures) {
    const char* type = picture[0] == '\xff' ? "jpeg" : "png";
    absl::StrAppend(&body, R"({"type":"image","source":{"type":"base64","media_type":"image/)",
                    type, R"(","data":")", absl::Base64Escape(picture), R"("}},)");
  }
  return body + R"({"type":"text","text":"\"data\":\"iVBORw0KGgo\""}]}]})";
}

TEST(Pictures, LargeOnesAmongManyAreScaled) {
  const std::string small = Picture(20, 10, false);
  std::vector<std::string> pictures(19, small);
  pictures.push_back(Picture(2400, 1200, false));
  PictureScaler scaler;
  EXPECT_FALSE(scaler.Scaled(Body(pictures)).has_value()) << "twenty are not many";
  pictures.push_back(Picture(1000, 3000, true));
  const std::string body = Body(pictures);
  const auto scaled = scaler.Scaled(body);
  ASSERT_TRUE(scaled.has_value());
  EXPECT_EQ(*scaled, *scaler.Scaled(body));
  EXPECT_FALSE(scaler.Scaled(*scaled).has_value()) << "nothing is left to do";
  std::vector<PictureSize> sizes;
  for (size_t at = scaled->find("\"data\":\""); at != std::string::npos;
       at = scaled->find("\"data\":\"", at + 1)) {
    std::string bytes;
    absl::Base64Unescape(scaled->substr(at + 8, scaled->find('"', at + 8) - at - 8), &bytes);
    const auto size = SizeOfPicture(bytes);
    if (size.has_value()) sizes.push_back(*size);
  }
  ASSERT_EQ(sizes.size(), 21U);
  EXPECT_EQ(sizes[0].width, 20);
  EXPECT_EQ(sizes[19].width, 2000);
  EXPECT_EQ(sizes[19].height, 1000);
  EXPECT_EQ(sizes[20].height, 2000);
  EXPECT_TRUE(sizes[20].jpeg);
}

TEST(Database, KeepsNodesAndAddsUp) {
  const auto database = Database::Open(":memory:");
  ASSERT_TRUE(database.ok());
  EXPECT_TRUE((*database)->AddNodes({{"a", {"s", 1}}, {"b", {"s", 2}}}).ok());
  EXPECT_TRUE((*database)->AddNodes({{"a", {"other", 9}}}).ok());
  const auto nodes = (*database)->FindNodes({"a", "c", "b"});
  ASSERT_TRUE(nodes.ok());
  EXPECT_EQ((*nodes)[0]->session, "s") << "a chain that is known keeps its node";
  EXPECT_FALSE((*nodes)[1].has_value());
  for (int i = 1; i <= 3; ++i) {
    BookEntry entry{.time_us = i,
                    .session = "s",
                    .project = "p",
                    .action = i == 1 ? "passed" : "compressed",
                    .status = 200,
                    .input_tokens = 10 * i,
                    .billed = 1.5};
    EXPECT_TRUE((*database)->Record(entry).ok());
  }
  const auto sums = (*database)->Sums("project", 2, "", "");
  ASSERT_TRUE(sums.ok());
  ASSERT_EQ(sums->size(), 1U);
  EXPECT_EQ((*sums)[0].requests, 2);
  EXPECT_EQ((*sums)[0].compressed, 2);
  EXPECT_EQ((*sums)[0].input_tokens, 50);
  EXPECT_EQ((*sums)[0].first_us, 2);
  EXPECT_EQ((*database)->Sums("request", 0, "", "")->size(), 3U);
  EXPECT_TRUE(absl::IsInvalidArgument((*database)->Sums("nothing", 0, "", "").status()));
}

// A log in memory, with fovead's rules for appends and forks.
class FakeFovea final : public FoveaClient {
 public:
  std::map<std::string, std::vector<v1::Turn>> logs;
  std::map<std::string, std::string> keys;
  bool down = false;
  int answers_lost = 0;  // the next appends are done, and their answers lost
  v1::Session head;
  std::map<std::string, v1::Session> sessions;  // else `head`
  v1::SearchTurnsResponse found;
  std::string text;  // of every turn

  absl::Status CreateSession(const v1::CreateSessionRequest& request) override {
    if (down) return absl::UnavailableError("down");
    return logs.emplace(request.session_id(), std::vector<v1::Turn>()).second
               ? absl::OkStatus()
               : absl::AlreadyExistsError("there");
  }
  absl::StatusOr<v1::Session> GetSession(const std::string& session) override {
    const auto known = sessions.find(session);
    return known == sessions.end() ? head : known->second;
  }
  absl::StatusOr<v1::Session> ForkSession(const v1::ForkSessionRequest& request) override {
    if (logs.count(request.new_session_id()) > 0) return absl::AlreadyExistsError("there");
    auto turns = logs[request.session_id()];
    turns.resize(request.at_seq());
    logs[request.new_session_id()] = turns;
    return v1::Session();
  }
  absl::StatusOr<v1::AppendTurnsResponse> Append(const v1::AppendTurnsRequest& request) override {
    if (down) return absl::UnavailableError("down");
    if (logs.count(request.session_id()) == 0) return absl::NotFoundError("no session");
    auto& log = logs[request.session_id()];
    if (request.expected_next_seq() != log.size() + 1) return absl::AbortedError("another place");
    for (v1::Turn turn : request.turns()) {
      turn.set_seq(log.size() + 1);
      log.push_back(turn);
    }
    if (answers_lost > 0) {
      --answers_lost;
      return absl::UnavailableError("reset");
    }
    return v1::AppendTurnsResponse();
  }
  absl::StatusOr<std::vector<v1::Turn>> ReadTurns(const std::string& session,
                                                  uint64_t first) override {
    auto& log = logs[session];
    if (first > log.size()) return std::vector<v1::Turn>();
    return std::vector<v1::Turn>(log.begin() + static_cast<int64_t>(first) - 1, log.end());
  }
  absl::StatusOr<v1::BuildContextResponse> BuildContext(const v1::BuildContextRequest&) override {
    return absl::UnimplementedError("");
  }
  absl::StatusOr<std::string> RecallTools(v1::WireFormat) override {
    return absl::UnimplementedError("");
  }
  absl::StatusOr<v1::ListReadersResponse> ListReaders() override {
    return absl::UnimplementedError("");
  }
  absl::StatusOr<v1::ExpandTurnResponse> ExpandTurn(const v1::ExpandTurnRequest& request) override {
    v1::ExpandTurnResponse turn;
    turn.set_role(v1::ROLE_USER);
    turn.set_text(absl::StrCat(request.session_id(), text).substr(0, request.byte_length()));
    turn.set_text_bytes(request.session_id().size() + text.size());
    return turn;
  }
  absl::StatusOr<v1::SearchTurnsResponse> Search(const v1::SearchTurnsRequest&) override {
    return found;
  }
  absl::StatusOr<int64_t> CountTokens(const std::string&, absl::string_view,
                                      absl::Duration) override {
    return absl::UnimplementedError("");
  }
  absl::Status ReportUsage(const v1::ReportUsageRequest&) override { return absl::OkStatus(); }
};

class SessionsTest : public testing::Test {
 protected:
  // "uaua": a conversation of the user's and the model's turns, each with a text of its own.
  absl::StatusOr<Mapping> Map(const std::vector<std::string>& texts, bool look_on = false) {
    return Map(sessions_, texts, look_on);
  }
  absl::StatusOr<Mapping> Map(Sessions& sessions, const std::vector<std::string>& texts,
                              bool look_on = false) {
    std::string body = R"({"model":"m","messages":[)";
    for (size_t i = 0; i < texts.size(); ++i) {
      absl::StrAppend(&body, i == 0 ? "" : ",", R"({"role":")", i % 2 == 0 ? "user" : "assistant",
                      R"(","content":")", texts[i], R"("})");
    }
    body += "]}";
    FOVEA_ASSIGN_OR_RETURN(
        const auto read, ReadConversation({.wire = Wire::kAnthropic, .purpose = Purpose::kGenerate},
                                          Headers(), body, digests_));
    return sessions.Map(read, body, look_on, absl::Now());
  }
  FakeFovea fovea_;
  std::unique_ptr<Database> database_ = *Database::Open(":memory:");
  DigestCache digests_;
  Sessions sessions_{fovea_, *database_, "project"};
};

TEST_F(SessionsTest, ExtendsRepeatsAndForks) {
  const auto first = Map({"a"});
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->arrival, Arrival::kNew);
  const auto more = Map({"a", "b", "c"});
  EXPECT_EQ(more->arrival, Arrival::kExtends);
  EXPECT_EQ(more->session, first->session);
  EXPECT_EQ(more->as_of, 3U);
  EXPECT_EQ(Map({"a", "b", "c"})->arrival, Arrival::kRepeats);
  EXPECT_EQ(fovea_.logs[first->session].size(), 3U) << "a retry appends nothing";
  const auto fork = Map({"a", "b", "other"});
  EXPECT_EQ(fork->arrival, Arrival::kForked);
  EXPECT_NE(fork->session, first->session);
  EXPECT_EQ(fovea_.logs[fork->session].size(), 3U);
  EXPECT_EQ(Map({"a", "b", "c", "d", "e"})->session, first->session);
  EXPECT_EQ(Map({"x"})->arrival, Arrival::kNew);
}

// Each of them begins before the others' items are known: here, as each has a database of its own.
TEST_F(SessionsTest, ParallelRequestsThatShareAllButTheLastItemGetForksOfTheirOwn) {
  std::vector<std::unique_ptr<Database>> databases;
  std::vector<std::unique_ptr<Sessions>> all;
  for (int i = 0; i < 5; ++i) {
    databases.push_back(*Database::Open(":memory:"));
    all.push_back(std::make_unique<Sessions>(fovea_, *databases.back(), "project"));
    ASSERT_TRUE(Map(*all.back(), {"a"}).ok());
  }
  std::set<std::string> sessions;
  for (int i = 0; i < 5; ++i) {
    const std::string last = absl::StrCat("last ", i);
    const auto mapping = Map(*all[i], {"a", "b", last});
    ASSERT_TRUE(mapping.ok()) << mapping.status();
    EXPECT_TRUE(sessions.insert(mapping->session).second);
    ASSERT_EQ(fovea_.logs[mapping->session].size(), 3U);
    EXPECT_EQ(fovea_.logs[mapping->session].back().parts(0).text().text(), last);
  }
}

TEST_F(SessionsTest, AnAppendWhoseAnswerIsLostIsThereOnce) {
  fovea_.answers_lost = 1;
  EXPECT_TRUE(absl::IsUnavailable(Map({"a", "b", "c"}).status()));
  const auto again = Map({"a", "b", "c", "d", "e"});
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(fovea_.logs[again->session].size(), 5U);
  EXPECT_EQ(fovea_.logs.size(), 1U);
}

TEST_F(SessionsTest, WhatWasMissedComesWithTheNextRequest) {
  ASSERT_TRUE(Map({"a"}).ok());
  fovea_.down = true;
  EXPECT_TRUE(absl::IsUnavailable(Map({"a", "b", "c"}).status()));
  fovea_.down = false;
  const auto all = Map({"a", "b", "c", "d", "e"});
  ASSERT_TRUE(all.ok());
  EXPECT_EQ(fovea_.logs[all->session].size(), 5U);
}

TEST_F(SessionsTest, ADeletedSessionIsMadeAgain) {
  const auto first = Map({"a", "b", "c"});
  fovea_.logs.clear();
  const auto again = Map({"a", "b", "c", "d", "e"});
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(fovea_.logs[again->session].size(), 5U);
}

TEST_F(SessionsTest, WhoOnlyLooksAppendsNothing) {
  EXPECT_TRUE(absl::IsNotFound(Map({"a"}, true).status()));
  const auto first = Map({"a"});
  EXPECT_EQ(Map({"a", "b", "c"}, true)->arrival, Arrival::kLooksOn);
  EXPECT_EQ(fovea_.logs[first->session].size(), 1U);
}

TEST(Recall, ASearchSaysWhatItHasNotSearched) {
  FakeFovea fovea;
  const HiddenCall call{.id = "", .name = "search", .arguments = R"({"query":"zebra"})"};
  fovea.head.set_last_seq(9);
  fovea.found.set_indexed_through_seq(9);
  fovea.found.set_searched_from_seq(1);
  EXPECT_EQ(AnswerCall(fovea, {{"s", 9}}, call, 1000), "Nothing was found.\n");
  fovea.found.set_indexed_through_seq(7);
  EXPECT_EQ(AnswerCall(fovea, {{"s", 9}}, call, 1000),
            "Nothing was found.\n[turns after #7 were not searched yet: search again later]\n");
  auto& hit = *fovea.found.add_hits();
  hit.set_seq(6);
  hit.set_role(v1::ROLE_USER);
  hit.set_snippet("a zebra");
  fovea.found.set_indexed_through_seq(9);
  fovea.found.set_searched_from_seq(5);
  EXPECT_EQ(AnswerCall(fovea, {{"s", 9}}, call, 1000),
            "#6 user: a zebra\n[turns before #5 were not searched: the time was up]\n");
}

std::string Recalled(FakeFovea& fovea, const std::vector<RecallScope>& scopes,
                     const std::string& arguments, size_t max_bytes = 1000) {
  return AnswerCall(fovea, scopes, {.id = "", .name = "recall", .arguments = arguments}, max_bytes);
}

TEST(Recall, WhatIsBehindTheRequestIsNotThere) {
  FakeFovea fovea;
  EXPECT_EQ(Recalled(fovea, {{"s", 4}}, R"({"seq":4})"), "#4 user, bytes 0 to 1 of 1\ns");
  EXPECT_EQ(Recalled(fovea, {{"s", 4}}, R"({"seq":5})"),
            "recall: there is no turn 5; the newest is #4");
  fovea.head.set_last_seq(9);
  fovea.found.set_indexed_through_seq(9);
  for (const uint64_t seq : {9, 5, 4, 3}) {
    auto& hit = *fovea.found.add_hits();
    hit.set_seq(seq);
    hit.set_role(v1::ROLE_USER);
    hit.set_snippet("zebra");
  }
  const HiddenCall call{.id = "", .name = "search", .arguments = R"({"query":"zebra"})"};
  EXPECT_EQ(AnswerCall(fovea, {{"s", 4}}, call, 1000), "#4 user: zebra\n#3 user: zebra\n");
  EXPECT_EQ(AnswerCall(fovea, {{"s", 4}}, call, 20),
            "#4 user: zebra\n[more was found: search for more words]\n");
}

TEST(Recall, IsBounded) {
  FakeFovea fovea;
  fovea.text = std::string(100'000, 'x');
  EXPECT_LT(Recalled(fovea, {{"s", 4}}, R"({"seq":4})", 600).size(), 700U);
  EXPECT_LT(Recalled(fovea, {{"s", 4}}, R"({"seq":4,"max_bytes":90000})", 1 << 20).size(), 41'000U);
}

TEST(Recall, GoesOnIntoLinkedSessionsUpToWhereTheyWereLinked) {
  FakeFovea fovea;
  fovea.sessions["fork"].set_forked_from("now");
  fovea.sessions["now"].set_metadata_json(R"({"continues":"old","continues_through":7})");
  fovea.sessions["old"].set_metadata_json(R"({"continues":"now","continues_through":3})");
  fovea.sessions["old"].set_last_seq(9);
  const auto scopes = WithLinkedSessions(fovea, {"fork", 4});
  ASSERT_GE(scopes.size(), 2U);
  EXPECT_EQ(scopes[1].session, "old");
  EXPECT_EQ(scopes[1].last_seq, 7U);
  EXPECT_EQ(Recalled(fovea, scopes, R"({"seq":1000007})"), "#1000007 user, bytes 0 to 3 of 3\nold");
  EXPECT_EQ(Recalled(fovea, scopes, R"({"seq":1000008})"),
            "recall: there is no turn 1000008; the newest is #4");
  fovea.sessions["loop"].set_metadata_json(R"({"continues":"loop","continues_through":3})");
  EXPECT_EQ(WithLinkedSessions(fovea, {"loop", 4}).size(), 1U);
  // Links that were made without an end lead nowhere.
  fovea.sessions["open"].set_metadata_json(R"({"continues":"old"})");
  EXPECT_EQ(WithLinkedSessions(fovea, {"open", 4}).size(), 1U);
}

// Connected to the port; -1 if that fails.
FileDescriptor Connected(int port) {
  FileDescriptor fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return {};
  return fd;
}

// The head and what came with its body's first bytes.
std::string AnswerOf(int fd) {
  std::string answer;
  for (size_t end = 0; end + 4 >= answer.size();) {
    std::string piece(4096, '\0');
    const auto size = ReadSome(fd, piece.data(), piece.size(), absl::Seconds(5), -1);
    if (!size.ok() || *size == 0) break;
    answer += piece.substr(0, *size);
    end = std::min(answer.find("\r\n\r\n"), answer.size());
  }
  return answer;
}

TEST(HttpServer, WhoIsNotLetInTakesNothingFromOthers) {
  HttpServerOptions options;
  options.max_held_bytes = 100'000;
  options.max_body_bytes = 100'000;
  options.max_connections = 8;
  options.admit = [](const Request& head) {
    return head.target == "/in" ? absl::OkStatus() : absl::NotFoundError("no such path");
  };
  auto server = HttpServer::Start(
      *Listen("127.0.0.1:0"),
      [](Request& request, ResponseWriter& response) {
        response.Send({.status = 200}, absl::StrCat("got ", request.body->size())).IgnoreError();
      },
      options);
  ASSERT_TRUE(server.ok());
  const int port = (*server)->port();
  // Neither an announced body of somebody without the secret nor of somebody with it is held.
  std::vector<FileDescriptor> others;
  for (const char* path : {"/out", "/out", "/in", "/in"}) {
    others.push_back(Connected(port));
    ASSERT_TRUE(WriteAll(others.back().get(),
                         absl::StrCat("POST ", path,
                                      " HTTP/1.1\r\nHost: x\r\nContent-Length: 99000\r\n\r\nx"),
                         absl::Seconds(1))
                    .ok());
  }
  EXPECT_THAT(AnswerOf(others[0].get()), testing::StartsWith("HTTP/1.1 404"));
  const auto ask = [&] {
    const FileDescriptor fd = Connected(port);
    const std::string body(80'000, 'b');
    const absl::Status sent = WriteAll(
        fd.get(),
        absl::StrCat("POST /in HTTP/1.1\r\nHost: x\r\nContent-Length: 80000\r\n\r\n", body),
        absl::Seconds(5));
    return sent.ok() ? AnswerOf(fd.get()) : std::string(sent.message());
  };
  EXPECT_THAT(ask(), testing::HasSubstr("got 80000"));
  // Connections that send nothing make room.
  std::vector<FileDescriptor> idle;
  for (int i = 0; i < 40; ++i) idle.push_back(Connected(port));
  EXPECT_THAT(ask(), testing::HasSubstr("got 80000"));
}

TEST(HttpServer, ABodyThatTricklesEnds) {
  HttpServerOptions options;
  options.io_timeout = absl::Milliseconds(300);
  auto server = HttpServer::Start(
      *Listen("127.0.0.1:0"), [](Request&, ResponseWriter&) {}, options);
  ASSERT_TRUE(server.ok());
  const FileDescriptor fd = Connected((*server)->port());
  ASSERT_TRUE(WriteAll(fd.get(), "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n",
                       absl::Seconds(1))
                  .ok());
  // Never silent for as long as it might be.
  bool answered = false;
  for (int i = 0; i < 100 && !answered; ++i) {
    ASSERT_TRUE(WriteAll(fd.get(), "x", absl::Seconds(1)).ok());
    pollfd wait = {fd.get(), POLLIN, 0};
    answered = poll(&wait, 1, 50) > 0;
  }
  EXPECT_TRUE(answered);
  EXPECT_THAT(AnswerOf(fd.get()), testing::StartsWith("HTTP/1.1 408"));
}

TEST(MemoryBudget, CountsForAsLongAsSomebodyHasIt) {
  const auto budget = std::make_shared<MemoryBudget>(100);
  auto held = std::make_unique<HeldBytes>(budget);
  EXPECT_TRUE(held->Grow(60));
  EXPECT_FALSE(held->Grow(41));
  std::shared_ptr<const std::string> text = Counted("text", std::move(held));
  EXPECT_EQ(budget->held(), 60U);
  HeldBytes other(budget);
  EXPECT_FALSE(other.Grow(50, absl::Milliseconds(1)));
  other.Add(50);
  EXPECT_EQ(budget->held(), 110U);
  EXPECT_FALSE(HeldBytes(budget).Grow(1));
  text = nullptr;
  EXPECT_EQ(budget->held(), 50U);
  // Reading costs most where there is much to build of little text.
  EXPECT_GT(CostOfReading(std::string(1000, '[')), 20 * CostOfReading(std::string(1000, 'a')));
}

}  // namespace
}  // namespace fovea::gateway
