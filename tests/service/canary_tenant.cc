#include "tests/service/canary_tenant.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/service/stored_words.h"

namespace fovea::testing {
namespace {

using ::grpc::StatusCode;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr size_t kMaxSessions = 5;

std::string Stored(v1::Turn turn) {
  turn.clear_seq();
  turn.clear_time_us();
  return turn.SerializeAsString();
}

template <class Request>
Request Of(const std::string& id) {
  Request request;
  request.set_session_id(id);
  return request;
}

}  // namespace

CanaryTenant::CanaryTenant(Options options)
    : options_(std::move(options)),
      client_(std::make_unique<Client>(options_.address, options_.token)),
      random_(options_.seed) {}

void CanaryTenant::Connect(const std::string& address) {
  client_ = std::make_unique<Client>(address, options_.token);
}

void CanaryTenant::Step() {
  struct Act {
    const char* name;
    int weight;
    void (CanaryTenant::*run)();
  };
  static constexpr Act kActs[] = {
      {"append", 8, &CanaryTenant::AppendSome}, {"context", 6, &CanaryTenant::BuildOne},
      {"search", 3, &CanaryTenant::Search},     {"recall", 3, &CanaryTenant::Recall},
      {"fork", 1, &CanaryTenant::Fork},         {"export", 1, &CanaryTenant::ExportAndImport},
      {"error", 3, &CanaryTenant::Fail},        {"list", 1, &CanaryTenant::List},
      {"create", 1, &CanaryTenant::CreateOne}};
  if (sessions_.size() > kMaxSessions) {
    Delete(Any());
    ++acts_["delete"];
    return;
  }
  int weights = 0;
  for (const Act& act : kActs) weights += act.weight;
  int at = static_cast<int>(Roll(static_cast<size_t>(weights)));
  const Act* chosen = std::begin(kActs);
  for (; at >= chosen->weight; ++chosen) at -= chosen->weight;
  (this->*chosen->run)();
  ++acts_[chosen->name];
}

void CanaryTenant::Clean(const google::protobuf::Message& answer, const char* what) const {
  ASSERT_THAT(answer.SerializeAsString(), Not(HasSubstr(options_.others_word))) << what;
}

void CanaryTenant::Refused(const grpc::Status& status, const char* what) const {
  EXPECT_FALSE(status.ok()) << what;
  EXPECT_NE(status.error_code(), StatusCode::INTERNAL) << what << ": " << status.error_message();
  for (const std::string& word : {options_.word, options_.others_word}) {
    EXPECT_THAT(status.error_message(), Not(HasSubstr(word))) << what;
    EXPECT_THAT(status.error_details(), Not(HasSubstr(word))) << what;
  }
}

std::string CanaryTenant::Any() {
  if (sessions_.empty()) CreateOne();
  return std::next(sessions_.begin(), static_cast<std::ptrdiff_t>(Roll(sessions_.size())))->first;
}

void CanaryTenant::CreateOne() {
  // Few names, so that both tenants have the same ones and names are used again.
  const std::string id = absl::StrCat("s", Roll(4));
  auto request = Of<v1::CreateSessionRequest>(id);
  Session session{.mark = absl::StrCat(options_.word, "x", ++made_, "x")};
  request.set_title(absl::StrCat("about ", session.mark));
  request.set_metadata_json(absl::StrCat(R"({"subject": ")", session.mark, R"("})"));
  grpc::ClientContext context;
  client_->Prepare(context);
  v1::Session answer;
  const grpc::Status status = client_->sessions->CreateSession(&context, request, &answer);
  Clean(answer, "CreateSession");
  if (sessions_.count(id) > 0) return Refused(status, "a session that there is");
  ASSERT_TRUE(status.ok()) << status.error_message();
  sessions_[id] = std::move(session);
}

v1::Turn CanaryTenant::Text(const Session& session, v1::Role role) {
  return TextTurn(role, absl::StrCat(session.mark, " ", random_(), " of ", session.turns.size()));
}

void CanaryTenant::AppendSome() {
  const std::string id = Any();
  Session& session = sessions_[id];
  std::vector<v1::Turn> turns = {Text(session, v1::ROLE_USER)};
  for (size_t i = Roll(3); i > 0; --i) {
    const std::string call = absl::StrCat("call-", random_());
    v1::Turn asked = CallTurn(session.mark, {call});
    asked.mutable_parts(1)->mutable_tool_call()->set_arguments_json(
        absl::StrCat("{\"command\": \"grep ", session.mark, "\"}"));
    turns.push_back(std::move(asked));
    std::string output;
    while (output.size() < 4'000) absl::StrAppend(&output, session.mark, " line ", random_(), "\n");
    turns.push_back(ResultTurn(call, output));
    turns.push_back(Text(session, v1::ROLE_ASSISTANT));
  }
  const std::string key = absl::StrCat(session.mark, "-", ++keys_);
  v1::AppendTurnsResponse answer;
  for (int again = 0; again < 2; ++again) {
    const grpc::Status status = client_->Append(id, turns, key, &answer);
    ASSERT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(answer.first_seq(), session.turns.size() + 1);
    if (Roll(4) > 0) break;
  }
  for (const v1::Turn& turn : turns) session.turns.push_back(Stored(turn));
}

void CanaryTenant::BuildOne() {
  const std::string id = Any();
  constexpr v1::WireFormat kFormats[] = {v1::WIRE_FORMAT_NATIVE, v1::WIRE_FORMAT_ANTHROPIC,
                                         v1::WIRE_FORMAT_OPENAI_CHAT};
  v1::BuildContextResponse answer;
  const grpc::Status status = client_->Build(
      ViewOf(id, 6'000 + static_cast<int64_t>(Roll(3)) * 6'000, kFormats[Roll(3)]), &answer);
  if (!status.ok()) return Refused(status, "BuildContext");
  Clean(answer, "BuildContext");
  const Session& session = sessions_[id];
  EXPECT_EQ(answer.summary().as_of_seq(), session.turns.size());
  if (!session.turns.empty()) {
    EXPECT_THAT(answer.SerializeAsString(), HasSubstr(session.mark));
  }
  for (const v1::PageRef& page : answer.summary().pages()) {
    if (pages_.size() < 1'000) pages_.push_back(page.page_id());
  }
}

void CanaryTenant::TryPages(const std::vector<std::string>& pages_of_other) {
  const std::string id = Any();
  for (const std::string& page : pages_of_other) {
    v1::GetPageRequest request;
    *request.mutable_view() = ViewOf(id, 6'000, v1::WIRE_FORMAT_NATIVE).view();
    request.set_page_id(page);
    v1::GetPageResponse answer;
    grpc::ClientContext context;
    client_->Prepare(context);
    Refused(client_->contexts->GetPage(&context, request, &answer), "a page of another tenant");
  }
}

void CanaryTenant::Search() {
  const std::string id = Any();
  for (const bool others : {false, true}) {
    const bool exact = Roll(2) == 0;
    auto request = Of<v1::SearchTurnsRequest>(id);
    request.set_query(!others ? sessions_[id].mark
                              : absl::StrCat(options_.others_word, exact ? "" : "*"));
    if (exact) request.set_match(v1::SEARCH_MATCH_EXACT);
    v1::SearchTurnsResponse answer;
    grpc::ClientContext context;
    client_->Prepare(context);
    const grpc::Status status = client_->sessions->SearchTurns(&context, request, &answer);
    EXPECT_TRUE(status.ok()) << status.error_message();
    Clean(answer, "SearchTurns");
    EXPECT_TRUE(!others || answer.hits_size() == 0);
  }
}

void CanaryTenant::Recall() {
  const std::string id = Any();
  const size_t turns = sessions_[id].turns.size();
  if (turns == 0) return;
  auto request = Of<v1::ExpandTurnRequest>(id);
  request.set_seq(1 + Roll(turns));
  request.set_record_recall(Roll(2) == 0);
  v1::ExpandTurnResponse answer;
  {
    grpc::ClientContext context;
    client_->Prepare(context);
    EXPECT_TRUE(client_->sessions->ExpandTurn(&context, request, &answer).ok());
    EXPECT_THAT(answer.text(), HasSubstr(sessions_[id].mark));
    Clean(answer, "ExpandTurn");
  }
  auto pin = Of<v1::PinTurnsRequest>(id);
  pin.mutable_range()->set_first(turns);
  pin.mutable_range()->set_last(turns);
  grpc::ClientContext context;
  client_->Prepare(context);
  v1::PinTurnsResponse pinned;
  v1::CompactSessionResponse compacted;
  const grpc::Status status = Roll(4) == 0
                                  ? client_->sessions->CompactSession(
                                        &context, Of<v1::CompactSessionRequest>(id), &compacted)
                              : Roll(4) == 0 ? client_->sessions->PinTurns(&context, pin, &pinned)
                                             : grpc::Status::OK;
  EXPECT_TRUE(status.ok()) << status.error_message();
}

void CanaryTenant::Fork() {
  const std::string id = Any();
  if (sessions_[id].turns.empty()) return;
  auto request = Of<v1::ForkSessionRequest>(id);
  request.set_at_seq(1 + Roll(sessions_[id].turns.size()));
  request.set_new_session_id(absl::StrCat("fork-", ++made_));
  v1::Session answer;
  grpc::ClientContext context;
  client_->Prepare(context);
  const grpc::Status status = client_->sessions->ForkSession(&context, request, &answer);
  ASSERT_TRUE(status.ok()) << status.error_message();
  Clean(answer, "ForkSession");
  Session copy = sessions_[id];
  copy.turns.resize(request.at_seq());
  copy.copied = sessions_[id].copied = true;
  sessions_[request.new_session_id()] = std::move(copy);
}

void CanaryTenant::ExportAndImport() {
  const std::string id = Any();
  const std::string new_id = absl::StrCat("import-", ++made_);
  grpc::ClientContext from;
  client_->Prepare(from);
  grpc::ClientContext to;
  client_->Prepare(to);
  v1::Session answer;
  auto reader = client_->sessions->ExportSession(&from, Of<v1::ExportSessionRequest>(id));
  auto writer = client_->sessions->ImportSession(&to, &answer);
  for (v1::ExportChunk chunk; reader->Read(&chunk);) {
    Clean(chunk, "ExportSession");
    if (chunk.has_header()) chunk.mutable_header()->mutable_session()->set_session_id(new_id);
    writer->Write(chunk);
  }
  EXPECT_TRUE(reader->Finish().ok());
  writer->WritesDone();
  const grpc::Status status = writer->Finish();
  ASSERT_TRUE(status.ok()) << status.error_message();
  sessions_[id].copied = true;
  sessions_[new_id] = sessions_[id];
}

void CanaryTenant::Fail() {
  const std::string id = Any();
  const std::string& mark = sessions_[id].mark;
  v1::Turn turn = TextTurn(v1::ROLE_ASSISTANT, mark);
  v1::ToolCallPart* call = turn.add_parts()->mutable_tool_call();
  call->set_call_id("c");
  call->set_name("bash");
  call->set_arguments_json(
      absl::StrCat("{\"a\":", std::string(100, '['), "\"", mark, "\"", std::string(100, ']'), "}"));
  Refused(client_->Append(id, {turn}), "arguments that nest too deep");
  Refused(client_->Append(id, {TextTurn(v1::ROLE_UNSPECIFIED, mark)}), "a turn without a role");
  Refused(client_->Append(id, {TextTurn(v1::ROLE_USER, mark)}, std::string(300, 'k') + mark),
          "a key that is too long");
  Refused(client_->Append("nowhere", {TextTurn(v1::ROLE_USER, mark)}), "no session");
  auto create = Of<v1::CreateSessionRequest>("new");
  create.set_metadata_json(absl::StrCat("{\"", mark, "\": "));
  auto search = Of<v1::SearchTurnsRequest>(id);
  search.set_query(absl::StrCat(mark, std::string(100'000, 'q')));
  v1::Session session;
  v1::SearchTurnsResponse found;
  grpc::ClientContext create_context;
  client_->Prepare(create_context);
  Refused(client_->sessions->CreateSession(&create_context, create, &session), "broken metadata");
  grpc::ClientContext search_context;
  client_->Prepare(search_context);
  Refused(client_->sessions->SearchTurns(&search_context, search, &found), "a query too long");
  // Gone before it is answered.
  grpc::ClientContext hasty;
  client_->Prepare(hasty);
  hasty.set_deadline(std::chrono::system_clock::now() + std::chrono::microseconds(Roll(3'000)));
  v1::BuildContextResponse built;
  const grpc::Status status =
      client_->contexts->BuildContext(&hasty, ViewOf(id, 9'000, v1::WIRE_FORMAT_ANTHROPIC), &built);
  if (!status.ok()) Refused(status, "a deadline");
}

void CanaryTenant::List() {
  grpc::ClientContext context;
  client_->Prepare(context);
  v1::ListSessionsResponse answer;
  EXPECT_TRUE(client_->sessions->ListSessions(&context, {}, &answer).ok());
  Clean(answer, "ListSessions");
  EXPECT_EQ(static_cast<size_t>(answer.sessions_size()), sessions_.size());
  for (const v1::Session& session : answer.sessions()) {
    EXPECT_EQ(sessions_.count(session.session_id()), 1U) << session.session_id();
  }
}

void CanaryTenant::Delete(std::string id) {
  grpc::ClientContext context;
  client_->Prepare(context);
  v1::DeleteSessionResponse receipt;
  const grpc::Status status =
      client_->sessions->DeleteSession(&context, Of<v1::DeleteSessionRequest>(id), &receipt);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(receipt.turns(), sessions_[id].turns.size());
  if (!options_.data.empty() && receipt.erased() && !sessions_[id].copied) {
    ++acts_["looked for the words of a deleted session"];
    std::vector<std::string> files = FilesWithWord(options_.data, sessions_[id].mark);
    // A backup on its way has what was there when it began, and goes when it is sent.
    std::erase_if(files,
                  [](const std::string& file) { return absl::StartsWith(file, "staging-"); });
    EXPECT_THAT(files, IsEmpty()) << id;
  }
  sessions_.erase(id);
}

void CanaryTenant::CheckSessions() {
  List();
  for (const auto& [id, session] : sessions_) {
    const std::vector<v1::Turn> turns = client_->MustRead(id);
    ASSERT_EQ(turns.size(), session.turns.size()) << id;
    for (size_t i = 0; i < turns.size(); ++i) ASSERT_EQ(Stored(turns[i]), session.turns[i]) << id;
  }
}

void CanaryTenant::DeleteAll() {
  while (!sessions_.empty()) Delete(sessions_.begin()->first);
}

}  // namespace fovea::testing
