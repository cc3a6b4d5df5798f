#include "tests/cli/fake_server.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <zlib.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "cli/app.h"
#include "cli/formats/console.h"

namespace fovea::cli {
namespace {

using grpc::Status;
using grpc::StatusCode;

const Status& NotFound() {
  static const auto* const kNotFound = new Status(StatusCode::NOT_FOUND, "no such session");
  return *kNotFound;
}

std::string TextOf(const v1::Turn& turn) {
  std::string text;
  for (const v1::Part& part : turn.parts()) {
    text += part.text().text();
    for (const v1::ToolResultContent& item : part.tool_result().content()) {
      text += item.text().text();
    }
  }
  return text;
}

// Says nothing until the client gives up.
Status AwaitTheEnd(const grpc::ServerContext& context) {
  while (!context.IsCancelled()) absl::SleepFor(absl::Milliseconds(5));
  return {StatusCode::CANCELLED, "the client went away"};
}

}  // namespace

FakeSessions::Stored* FakeSessions::Find(const std::string& id) {
  const auto found = stored.find(id);
  return found == stored.end() ? nullptr : &found->second;
}

Status FakeSessions::CreateSession(grpc::ServerContext*, const v1::CreateSessionRequest* request,
                                   v1::Session* session) {
  if (Find(request->session_id()) != nullptr) return {StatusCode::ALREADY_EXISTS, "taken"};
  session->set_session_id(request->session_id());
  session->set_title(request->title());
  session->set_metadata_json(request->metadata_json());
  stored[request->session_id()].session = *session;
  return Status::OK;
}

Status FakeSessions::ListSessions(grpc::ServerContext* context,
                                  const v1::ListSessionsRequest* request,
                                  v1::ListSessionsResponse* response) {
  if (hangs) return AwaitTheEnd(*context);
  // One session a page, so that a client that stops after the first page is found out.
  auto next = stored.upper_bound(request->page_token());
  if (next == stored.end()) return Status::OK;
  *response->add_sessions() = next->second.session;
  const std::string id = next->first;
  if (++next != stored.end()) response->set_next_page_token(id);
  return Status::OK;
}

Status FakeSessions::DeleteSession(grpc::ServerContext*, const v1::DeleteSessionRequest* request,
                                   v1::DeleteSessionResponse* response) {
  const Stored* found = Find(request->session_id());
  if (found == nullptr) return NotFound();
  response->set_session_id(request->session_id());
  response->set_turns(found->turns.size());
  stored.erase(request->session_id());
  return Status::OK;
}

Status FakeSessions::ForkSession(grpc::ServerContext*, const v1::ForkSessionRequest* request,
                                 v1::Session* session) {
  if (Find(request->session_id()) == nullptr) return NotFound();
  session->set_session_id(request->new_session_id());
  session->set_forked_at_seq(request->at_seq());
  return Status::OK;
}

Status FakeSessions::AppendTurns(grpc::ServerContext* context,
                                 const v1::AppendTurnsRequest* request,
                                 v1::AppendTurnsResponse* response) {
  const auto token = context->client_metadata().find("authorization");
  tokens.push_back(token == context->client_metadata().end()
                       ? ""
                       : std::string(token->second.data(), token->second.size()));
  if (refuse_appends > 0 && refuse_appends-- > 0) return {StatusCode::UNAVAILABLE, "busy"};
  if (appends_until_down == 0) return {StatusCode::INTERNAL, "down"};
  if (appends_until_down > 0) --appends_until_down;
  Stored* found = Find(request->session_id());
  if (found == nullptr) return NotFound();
  if (const auto answer = found->answers.find(request->idempotency_key());
      answer != found->answers.end()) {
    *response = answer->second;
    return Status::OK;
  }
  if (request->expected_next_seq() != found->turns.size() + 1) {
    return {StatusCode::ABORTED, "expected_next_seq"};
  }
  response->set_first_seq(found->turns.size() + 1);
  for (const v1::Turn& turn : request->turns()) {
    found->turns.push_back(turn);
    found->turns.back().set_seq(found->turns.size());
  }
  response->set_last_seq(found->turns.size());
  found->answers[request->idempotency_key()] = *response;
  append_sizes.push_back(request->turns_size());
  return Status::OK;
}

Status FakeSessions::ReadTurns(grpc::ServerContext*, const v1::ReadTurnsRequest* request,
                               grpc::ServerWriter<v1::ReadTurnsResponse>* writer) {
  const Stored* found = Find(request->session_id());
  if (found == nullptr) return NotFound();
  for (const v1::Turn& turn : found->turns) {
    const bool open = request->range().last() == 0 || turn.seq() <= request->range().last();
    if (turn.seq() < request->range().first() || !open) continue;
    v1::ReadTurnsResponse response;
    *response.add_turns() = turn;
    writer->Write(response);
  }
  return Status::OK;
}

Status FakeSessions::ExpandTurn(grpc::ServerContext*, const v1::ExpandTurnRequest* request,
                                v1::ExpandTurnResponse* response) {
  const Stored* found = Find(request->session_id());
  if (found == nullptr) return NotFound();
  if (request->seq() < 1 || request->seq() > found->turns.size()) {
    return {StatusCode::OUT_OF_RANGE, "no such turn"};
  }
  const v1::Turn& turn = found->turns[request->seq() - 1];
  const std::string text = TextOf(turn);
  const uint64_t length = request->byte_length() == 0 ? text.size() : request->byte_length();
  response->set_seq(turn.seq());
  response->set_role(turn.role());
  response->set_text(text.substr(request->byte_offset(), length));
  response->set_text_bytes(text.size());
  return Status::OK;
}

Status FakeSessions::SearchTurns(grpc::ServerContext*, const v1::SearchTurnsRequest* request,
                                 v1::SearchTurnsResponse* response) {
  const Stored* found = Find(request->session_id());
  if (found == nullptr) return NotFound();
  for (const v1::Turn& turn : found->turns) {
    if (TextOf(turn).find(request->query()) == std::string::npos) continue;
    v1::SearchTurnsResponse::Hit& hit = *response->add_hits();
    hit.set_seq(turn.seq());
    hit.set_role(turn.role());
    hit.set_snippet(TextOf(turn));
  }
  return Status::OK;
}

Status FakeSessions::PinTurns(grpc::ServerContext*, const v1::PinTurnsRequest* request,
                              v1::PinTurnsResponse* response) {
  Stored* found = Find(request->session_id());
  if (found == nullptr) return NotFound();
  v1::Event& event = found->events.emplace_back();
  event.set_index(found->events.size());
  event.set_after_seq(found->turns.size());
  event.set_kind(v1::Event::PIN);
  *event.mutable_range() = request->range();
  response->set_event_index(event.index());
  return Status::OK;
}

Status FakeSessions::ExportSession(grpc::ServerContext* context,
                                   const v1::ExportSessionRequest* request,
                                   grpc::ServerWriter<v1::ExportChunk>* writer) {
  const Stored* found = Find(request->session_id());
  if (found == nullptr) return NotFound();
  v1::ExportChunk chunk;
  chunk.mutable_header()->set_format_version(1);
  *chunk.mutable_header()->mutable_session() = found->session;
  writer->Write(chunk);
  if (hangs) return AwaitTheEnd(*context);
  for (const v1::Turn& turn : found->turns) {
    *chunk.mutable_turn() = turn;
    writer->Write(chunk);
  }
  for (const v1::Event& event : found->events) {
    *chunk.mutable_event() = event;
    writer->Write(chunk);
  }
  return Status::OK;
}

Status FakeSessions::ImportSession(grpc::ServerContext*,
                                   grpc::ServerReader<v1::ExportChunk>* reader,
                                   v1::Session* session) {
  v1::ExportChunk chunk;
  if (!reader->Read(&chunk) || !chunk.has_header()) {
    return {StatusCode::INVALID_ARGUMENT, "the first chunk is no header"};
  }
  *session = chunk.header().session();
  if (Find(session->session_id()) != nullptr) return {StatusCode::ALREADY_EXISTS, "taken"};
  Stored imported;
  while (reader->Read(&chunk)) {
    if (chunk.has_turn()) imported.turns.push_back(chunk.turn());
    if (chunk.has_event()) imported.events.push_back(chunk.event());
  }
  session->set_last_seq(imported.turns.size());
  imported.session = *session;
  stored[session->session_id()] = std::move(imported);
  return Status::OK;
}

Status FakeContexts::CheckBudget(grpc::ServerContext& context) const {
  if (required_tokens == 0) return Status::OK;
  context.AddTrailingMetadata("fovea-required-tokens", std::to_string(required_tokens));
  return {StatusCode::RESOURCE_EXHAUSTED, "the budget cannot hold what must be text"};
}

Status FakeContexts::BuildContext(grpc::ServerContext* context,
                                  const v1::BuildContextRequest* request,
                                  v1::BuildContextResponse* response) {
  last_request = *request;
  *response = build;
  return CheckBudget(*context);
}

Status FakeContexts::PlanContext(grpc::ServerContext* context,
                                 const v1::BuildContextRequest* request,
                                 v1::PlanContextResponse* response) {
  last_request = *request;
  *response->mutable_summary() = build.summary();
  return CheckBudget(*context);
}

Status FakeContexts::GetPage(grpc::ServerContext*, const v1::GetPageRequest* request,
                             v1::GetPageResponse* response) {
  ++pages_fetched;
  last_page_request = *request;
  const auto found = pages.find(request->page_id());
  if (found == pages.end()) return {StatusCode::NOT_FOUND, "no such page"};
  response->set_png(found->second);
  if (request->seq() > 0) {
    response->set_turn_top(turn_top);
    response->set_turn_bottom(turn_bottom);
  }
  return Status::OK;
}

Status FakeContexts::ExplainTurn(grpc::ServerContext*, const v1::ExplainTurnRequest*,
                                 v1::ExplainTurnResponse* response) {
  *response = explained;
  return Status::OK;
}

Status FakeContexts::DiffEpochs(grpc::ServerContext*, const v1::DiffEpochsRequest*,
                                v1::DiffEpochsResponse* response) {
  *response = diff;
  return Status::OK;
}

Status FakeContexts::ListViews(grpc::ServerContext*, const v1::ListViewsRequest*,
                               v1::ListViewsResponse* response) {
  *response = views;
  return Status::OK;
}

Status FakeContexts::DrawLadder(grpc::ServerContext*, const v1::DrawLadderRequest*,
                                v1::DrawLadderResponse* response) {
  *response = ladder;
  return Status::OK;
}

Status FakeContexts::GetRecallTools(grpc::ServerContext*, const v1::GetRecallToolsRequest* request,
                                    v1::GetRecallToolsResponse* response) {
  response->set_tools_json("[\"" + v1::WireFormat_Name(request->format()) + "\"]");
  return Status::OK;
}

Status FakeContexts::ListReaders(grpc::ServerContext*, const v1::ListReadersRequest* request,
                                 v1::ListReadersResponse* response) {
  for (const v1::Reader& reader : readers.readers()) {
    if (request->reader().empty() || request->reader() == reader.name()) {
      *response->add_readers() = reader;
    }
  }
  if (request->reader().empty() || response->readers_size() > 0) return Status::OK;
  return {StatusCode::NOT_FOUND, "no reader " + request->reader()};
}

Status FakeReaders::CountTokens(grpc::ServerContext*, const v1::CountTokensRequest* request,
                                v1::CountTokensResponse* response) {
  response->set_tokens(request->has_image()
                           ? int64_t{request->image().width()} * request->image().height()
                           : static_cast<int64_t>(request->text().size()));
  response->set_exact(true);
  constexpr int kSeen = 1'000;  // wider ones are made smaller
  response->set_seen_width(std::min<int>(kSeen, request->image().width()));
  response->set_seen_height(request->image().height());
  return Status::OK;
}

Status FakeAdmin::VerifyStore(grpc::ServerContext*, const v1::VerifyStoreRequest*,
                              v1::VerifyStoreResponse* response) {
  *response = verified;
  return Status::OK;
}

Status FakeAdmin::GetServerStats(grpc::ServerContext*, const v1::GetServerStatsRequest*,
                                 v1::ServerStats* response) {
  response->set_version("1.2.3");
  return Status::OK;
}

Status FakeAdmin::GetStoreStats(grpc::ServerContext*, const v1::GetStoreStatsRequest*,
                                v1::StoreStats* response) {
  response->set_turns(1234567);
  return Status::OK;
}

Status FakeAdmin::DropPages(grpc::ServerContext*, const v1::DropPagesRequest*,
                            v1::DropPagesResponse* response) {
  response->set_pages(7);
  return Status::OK;
}

Status FakePages::RenderDocument(grpc::ServerContext*, const v1::RenderDocumentRequest* request,
                                 grpc::ServerWriter<v1::RenderDocumentResponse>* writer) {
  constexpr uint64_t kPageBytes = 10;
  last_request = *request;
  if (request->reader() != "claude") return {grpc::StatusCode::NOT_FOUND, "no such reader"};
  const std::string& text = request->text();
  v1::DocumentTotals totals;
  for (uint64_t at = 0; at < text.size(); at += kPageBytes) {
    const std::string part = text.substr(at, kPageBytes);
    v1::RenderDocumentResponse response;
    v1::DocumentPage& page = *response.mutable_page();
    page.set_number(static_cast<uint32_t>(at / kPageBytes + 1));
    page.set_first_byte(at);
    page.set_last_byte(at + part.size() - 1);
    page.set_first_line(1);
    page.set_last_line(2);
    page.set_image_tokens(1);
    page.set_text_tokens(2);
    if (request->webp()) {
      page.set_webp("WebP of " + part);
    } else {
      page.set_png("PNG of " + part);
    }
    writer->Write(response);
    if (fails_midway) return {grpc::StatusCode::DATA_LOSS, "gone"};
    totals.set_pages(page.number());
  }
  totals.set_rung("sharp");
  totals.set_image_tokens(totals.pages());
  totals.set_text_tokens(static_cast<int64_t>(text.size() / 5));
  v1::RenderDocumentResponse last;
  *last.mutable_totals() = totals;
  writer->Write(last);
  return Status::OK;
}

FakeServer::FakeServer() : address_("unix:" + folder_.Path("s")) {
  grpc::ServerBuilder builder;
  builder.SetMaxReceiveMessageSize(-1);
  builder.AddListeningPort(address_, grpc::InsecureServerCredentials());
  builder.RegisterService(&sessions);
  builder.RegisterService(&contexts);
  builder.RegisterService(&readers);
  builder.RegisterService(&pages);
  builder.RegisterService(&admin);
  server_ = builder.BuildAndStart();
}

FakeServer::~FakeServer() {
  server_->Shutdown();
  server_->Wait();
}

namespace {

Ran RunWith(const FakeServer& server, bool terminal, int columns,
            std::vector<std::string> arguments) {
  std::ostringstream out;
  std::ostringstream err;
  Console console{.out = out, .err = err, .terminal = terminal, .columns = columns};
  arguments.insert(arguments.begin(), {"--server", server.address()});
  Ran ran;
  ran.exit_code = RunFovea(std::move(arguments), console);
  ran.out = out.str();
  ran.err = err.str();
  return ran;
}

}  // namespace

Ran RunCli(const FakeServer& server, std::vector<std::string> arguments) {
  return RunWith(server, /*terminal=*/false, 80, std::move(arguments));
}

Ran RunAtTerminal(const FakeServer& server, int columns, std::vector<std::string> arguments) {
  return RunWith(server, /*terminal=*/true, columns, std::move(arguments));
}

void WriteText(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

void WriteGzip(const std::string& path, const std::string& text) {
  gzFile_s* file = gzopen(path.c_str(), "wb");
  gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
  gzclose(file);
}

std::string ReadText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace fovea::cli
