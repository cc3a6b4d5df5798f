#include "cli/calibrate/examine.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "cli/client.h"
#include "cli/formats/context_files.h"
#include "cli/formats/examination.h"
#include "cli/formats/message_json.h"
#include "cli/formats/output_file.h"
#include "core/base/status_macros.h"
#include "fovea/v1/context.pb.h"
#include "fovea/v1/session.pb.h"

namespace fovea::cli {
namespace {

namespace fs = std::filesystem;
constexpr char kInstruction[] =
    "Answer from what you see: the pages and the text. Give the answer alone, nothing around it. "
    "If "
    "you cannot read it, give your best reading.";

std::string KeyFile(const ExamineOptions& options) {
  return absl::StrCat(options.key.empty() ? options.folder + ".key" : options.key, "/key.json");
}

std::string AnswerFile(const std::string& folder, size_t number) {
  return absl::StrFormat("%s/answers/%02d.txt", folder, number);
}

absl::Status MakeFolder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  return error ? absl::ErrnoToStatus(error.value(), folder.string()) : absl::OkStatus();
}

// What the reader is served.
struct Served {
  v1::BuildContextResponse context;
  std::vector<std::string> pages;  // in the order of the summary
  std::string text;                // all text of the context
  std::string document;            // context.md
};

// The text of a turn that is shown as text, as a person would write it down.
std::string TextOf(const v1::Turn& turn) {
  std::string text;
  for (const v1::Part& part : turn.parts()) {
    if (part.has_text()) absl::StrAppend(&text, part.text().text(), "\n");
    if (part.has_tool_call()) {
      absl::StrAppend(&text, "→ ", part.tool_call().name(), " ", part.tool_call().arguments_json(),
                      "\n");
    }
    for (const v1::ToolResultContent& item : part.tool_result().content()) {
      if (item.has_text()) absl::StrAppend(&text, item.text().text(), "\n");
    }
  }
  return text;
}

class Examination {
 public:
  Examination(const Environment& environment, const ExamineOptions& options)
      : environment_(environment), options_(options) {}

  absl::Status Run() {
    FOVEA_ASSIGN_OR_RETURN(auto served, Serve());
    std::vector<std::string> session;
    FOVEA_ASSIGN_OR_RETURN(auto turns, TurnsOnPages(served.context.summary(), session));
    const std::vector<Task> tasks =
        ChooseTasks(turns, session, served.text, options_.per_kind, options_.seed);
    if (tasks.empty()) {
      return absl::FailedPreconditionError(
          "no turn stands whole on a page of this context: nothing to ask about. A smaller "
          "--budget "
          "draws more");
    }
    absl::Status status = Write(served, tasks);
    if (!status.ok() || options_.asked.endpoint.url.empty()) return status;
    status = Ask(served, tasks);
    return status.ok() ? ScoreExamination(environment_, options_) : status;
  }

 private:
  absl::StatusOr<Served> Serve() {
    v1::BuildContextRequest request;
    *request.mutable_view() = options_.view.ToView();
    request.set_format(v1::WIRE_FORMAT_NATIVE);
    FOVEA_ASSIGN_OR_RETURN(auto response, environment_.client.Call(contexts::kBuildContext, request,
                                                                   Pace::kUnlimited));
    Served served{.context = std::move(response)};
    std::map<std::string, const std::string*> bytes;
    for (const v1::PageBytes& page : served.context.page_bytes()) {
      bytes[page.page_id()] = &page.png();
    }
    std::map<std::string, std::string> files;
    const v1::ContextSummary& summary = served.context.summary();
    for (int i = 0; i < summary.pages_size(); ++i) {
      const v1::PageRef& page = summary.pages(i);
      const auto found = bytes.find(page.page_id());
      if (found == bytes.end()) return absl::InternalError("the context has no bytes for a page");
      served.pages.push_back(*found->second);
      files[page.page_id()] = "pages/" + PageFileName(static_cast<size_t>(i) + 1, page);
    }
    const auto show = [&](const v1::PageRef& page) {
      absl::StrAppend(&served.document, "![](", files[page.page_id()], ")\n\n");
    };
    for (const v1::ContextBlock& block : served.context.blocks()) {
      std::string text = block.note();
      if (block.has_turn()) text = TextOf(block.turn());
      if (block.has_drawn_result()) text = TextOf(block.drawn_result().turn());
      absl::StrAppend(&served.text, text, "\n");
      const uint64_t seq =
          block.has_turn() ? block.turn().seq() : block.drawn_result().turn().seq();
      if (seq > 0) absl::StrAppend(&served.document, "#", seq, "\n");
      if (!text.empty()) absl::StrAppend(&served.document, text, "\n\n");
      if (block.has_page()) show(block.page());
      for (const v1::PageRef& page : block.drawn_result().pages()) show(page);
    }
    return served;
  }

  // `session` gets the texts of all turns.
  absl::StatusOr<std::vector<PagedTurn>> TurnsOnPages(const v1::ContextSummary& summary,
                                                      std::vector<std::string>& session) {
    // A gist leaves the middle of what is long out: what stands there cannot be asked for.
    const auto is_gist = [&summary](uint64_t seq) {
      return std::ranges::any_of(summary.loss().entries(), [seq](const auto& entry) {
        return entry.rung() == "gist" && entry.range().first() <= seq &&
               seq <= entry.range().last();
      });
    };
    std::vector<PagedTurn> turns;
    for (uint64_t seq = 1; seq <= summary.as_of_seq(); ++seq) {
      v1::ExpandTurnRequest request;
      request.set_session_id(options_.view.session);
      request.set_seq(seq);
      FOVEA_ASSIGN_OR_RETURN(auto turn,
                             environment_.client.Call(sessions::kExpandTurn, request, Pace::kSlow));
      session.push_back(turn.text());
      // What the assistant wrote is drawn without the signs of its emphasis.
      if (turn.role() == v1::ROLE_ASSISTANT || is_gist(seq)) continue;
      PagedTurn paged{.seq = seq, .text = std::move(*turn.mutable_text())};
      for (int i = 0; i < summary.pages_size(); ++i) {
        const v1::PageRef& page = summary.pages(i);
        if (seq < page.first_seq() || seq > page.last_seq()) continue;
        paged.rung = page.rung();
        paged.pages.push_back(static_cast<size_t>(i));
      }
      if (!paged.pages.empty()) turns.push_back(std::move(paged));
    }
    return turns;
  }

  absl::Status Write(const Served& served, const std::vector<Task>& tasks) {
    absl::Status status =
        WriteContextFiles(options_.folder, served.context.summary(), served.pages,
                          DumpJson(NativeContextJson(served.context), /*pretty=*/true) + "\n");
    if (status.ok()) status = MakeFolder(fs::path(options_.folder) / "answers");
    if (status.ok()) status = MakeFolder(fs::path(KeyFile(options_)).parent_path());
    if (!status.ok()) return status;
    std::string sheet =
        absl::StrCat("What was served is context.md, with the pages in pages/ in their places. ",
                     kInstruction, "\nWrite the answer to task NN into answers/NN.txt.\n");
    Json key{{"reader", served.context.summary().reader()},
             {"session", JsonOf(options_.view.session)},
             {"budget", options_.view.budget},
             {"as_of_seq", served.context.summary().as_of_seq()},
             {"seed", options_.seed},
             {"tasks", Json::array()}};
    for (size_t i = 0; i < tasks.size(); ++i) {
      const Task& task = tasks[i];
      absl::StrAppendFormat(&sheet, "\n%02d. %s\n", i + 1, task.question);
      key["tasks"].push_back(Json{{"number", i + 1},
                                  {"kind", Name(task.kind)},
                                  {"rung", task.rung},
                                  {"seq", task.seq},
                                  {"question", JsonOf(task.question)},
                                  {"answer", JsonOf(task.answer)}});
    }
    status = WriteFile(options_.folder + "/context.md", served.document);
    if (status.ok()) status = WriteFile(options_.folder + "/tasks.txt", sheet);
    if (status.ok()) status = WriteFile(KeyFile(options_), DumpJson(key, /*pretty=*/true) + "\n");
    if (!status.ok()) return status;
    environment_.console.err << tasks.size() << " tasks on " << served.pages.size()
                             << " pages: " << options_.folder << "/tasks.txt; the key is "
                             << KeyFile(options_) << std::endl;
    return absl::OkStatus();
  }

  absl::Status Ask(const Served& served, const std::vector<Task>& tasks) {
    FOVEA_ASSIGN_OR_RETURN(
        auto endpoint,
        OpenEndpoint(options_.asked, options_.view.reader,
                     absl::Now() + absl::Seconds(options_.asked.time_limit_seconds)));
    ProgressBar bar(environment_.console, "tasks");
    for (size_t i = 0; i < tasks.size(); ++i) {
      // A place is sought on all pages.
      std::vector<std::string_view> pages;
      for (size_t page = 0; page < served.pages.size(); ++page) {
        const bool wanted = tasks[i].kind == TaskKind::kPlace ||
                            std::ranges::find(tasks[i].pages, page) != tasks[i].pages.end();
        if (wanted) pages.push_back(served.pages[page]);
      }
      FOVEA_ASSIGN_OR_RETURN(
          auto answer, endpoint.Ask(absl::StrCat(kInstruction, "\n\n", tasks[i].question), pages));
      FOVEA_RETURN_IF_ERROR(WriteFile(AnswerFile(options_.folder, i + 1), answer.text));
      bar.Update(i + 1, static_cast<double>(i + 1) / static_cast<double>(tasks.size()),
                 Name(tasks[i].kind));
    }
    return absl::OkStatus();
  }

  const Environment& environment_;
  const ExamineOptions& options_;
};

}  // namespace

absl::Status WriteExamination(const Environment& environment, const ExamineOptions& options) {
  return Examination(environment, options).Run();
}

}  // namespace fovea::cli
