// The verb `render`.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/client.h"
#include "cli/formats/line_file.h"
#include "cli/formats/message_json.h"
#include "cli/formats/output_file.h"
#include "cli/verb.h"
#include "core/base/status_macros.h"
#include "fovea/v1/page.pb.h"

namespace fovea::cli {
namespace {

namespace fs = std::filesystem;

struct RenderOptions {
  std::vector<std::string> files;
  std::string reader = "claude";
  std::string rung;
  std::string folder;
  bool pairs = false;
  bool webp = false;
};

// Pages of all documents are numbered on in one folder, so that names never meet.
std::string FileName(uint64_t number, const char* extension) {
  return absl::StrFormat("page-%03d.%s", number, extension);
}

// Whether a file's name has the shape that FileName gives.
bool IsPageFile(std::string_view name) {
  constexpr std::string_view kPrefix = "page-";
  if (!name.starts_with(kPrefix)) return false;
  name.remove_prefix(kPrefix.size());
  const size_t digits = std::min(name.find_first_not_of("0123456789"), name.size());
  const std::string_view extension = name.substr(std::min(digits, name.size()));
  return digits >= 3 && (extension == ".png" || extension == ".webp" || extension == ".txt");
}

absl::Status ToStatus(const std::error_code& error, const std::string& folder) {
  return error ? absl::ErrnoToStatus(error.value(), folder) : absl::OkStatus();
}

// Makes the folder and removes the pages of an earlier run from it.
absl::Status PrepareFolder(const std::string& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return ToStatus(error, folder);
  std::vector<fs::path> stale;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    if (IsPageFile(at->path().filename().string())) stale.push_back(at->path());
  }
  for (const fs::path& path : stale) {
    if (!error) fs::remove(path, error);
  }
  return ToStatus(error, folder);
}

std::string TitleOf(const std::string& file) {
  return file == "-" ? "standard input" : fs::path(file).filename().string();
}

struct Totals {
  uint64_t pages = 0;
  int64_t image_tokens = 0;
  int64_t text_tokens = 0;
  bool text_tokens_exact = true;
};

// "2.4 times fewer", or what is true instead.
std::string Comparison(const Totals& totals) {
  const auto image = static_cast<double>(totals.image_tokens);
  const auto text = static_cast<double>(totals.text_tokens);
  if (image <= 0 || text <= 0) return "";
  return image < text ? absl::StrFormat(": %.1f times fewer", text / image)
                      : absl::StrFormat(": %.1f times as many as text", image / text);
}

std::string TotalsLine(const Totals& totals) {
  return absl::StrCat(totals.pages, totals.pages == 1 ? " page, " : " pages, ",
                      Grouped(totals.image_tokens), " tokens as images, ",
                      Grouped(totals.text_tokens), " as text",
                      totals.text_tokens_exact ? "" : " (estimated)", Comparison(totals));
}

std::string PageLine(const std::string& file, const v1::DocumentPage& page) {
  return absl::StrCat(
      "  ", file, "  ", Padded(absl::StrCat(page.width(), "×", page.height()), 9), "  ",
      page.first_line() == page.last_line()
          ? absl::StrCat("line ", page.first_line())
          : absl::StrCat("lines ", page.first_line(), " to ", page.last_line()),
      ", ", Grouped(static_cast<int64_t>(page.characters())), " characters, ",
      Grouped(page.image_tokens()), " tokens (", Grouped(page.text_tokens()), " as text)");
}

class Renderer {
 public:
  Renderer(const Environment& environment, const RenderOptions& options)
      : environment_(environment), options_(options) {}

  absl::Status Run() {
    for (const std::string& file : options_.files) {
      FOVEA_ASSIGN_OR_RETURN(std::string text, ReadWhole(file, kMaxTextFileBytes));
      FOVEA_RETURN_IF_ERROR(Render(file, std::move(text)));
    }
    if (environment_.json) {
      environment_.PrintJson(Json{{"reader", JsonOf(options_.reader)},
                                  {"out", JsonOf(options_.folder)},
                                  {"pages", all_.pages},
                                  {"image_tokens", all_.image_tokens},
                                  {"text_tokens", all_.text_tokens},
                                  {"text_tokens_exact", all_.text_tokens_exact},
                                  {"documents", std::move(documents_)}});
      return absl::OkStatus();
    }
    if (options_.files.size() > 1) environment_.console.out << TotalsLine(all_) << '\n';
    environment_.console.out << options_.folder << "/\n";
    return absl::OkStatus();
  }

 private:
  absl::Status Render(const std::string& file, std::string text) {
    v1::RenderDocumentRequest request;
    request.set_reader(options_.reader);
    request.set_rung(options_.rung);
    request.set_title(TitleOf(file));
    request.set_webp(options_.webp);
    request.set_text(std::move(text));
    FOVEA_ASSIGN_OR_RETURN(auto stream,
                           environment_.client.Start(pages::kRenderDocument, request, Pace::kSlow));
    v1::RenderDocumentResponse response;
    Json pages = Json::array();
    absl::Status status;
    while (status.ok() && stream.Read(&response)) {
      if (response.has_totals()) {
        Finish(file, response.totals(), std::exchange(pages, Json::array()));
      } else {
        status = Take(request.text(), response.page(), &pages);
      }
    }
    if (!status.ok()) stream.Cancel();
    const absl::Status finished = stream.Finish();
    if (!status.ok()) return status;
    if (finished.ok()) return absl::OkStatus();
    return {finished.code(), absl::StrCat(file, ": ", std::string(finished.message()))};
  }

  absl::Status Take(std::string_view text, const v1::DocumentPage& page, Json* pages) {
    // The folder is touched once a page has come, not for a call that is refused.
    if (all_.pages == 0) {
      if (absl::Status status = PrepareFolder(options_.folder); !status.ok()) return status;
    }
    ++all_.pages;
    const char* const format = options_.webp ? "webp" : "png";
    const std::string image = FileName(all_.pages, format);
    absl::Status status = Write(image, options_.webp ? page.webp() : page.png());
    if (!status.ok()) return status;
    v1::DocumentPage described = page;
    described.clear_png();
    described.clear_webp();
    Json json = MessageToJson(described);
    json.erase("png");
    json.erase("webp");
    json["file"] = image;
    if (options_.pairs) {
      if (page.last_byte() >= text.size() || page.first_byte() > page.last_byte()) {
        return absl::InternalError("the server names bytes that the document does not have");
      }
      const std::string exact = FileName(all_.pages, "txt");
      status =
          Write(exact, text.substr(page.first_byte(), page.last_byte() - page.first_byte() + 1));
      if (!status.ok()) return status;
      json["text_file"] = exact;
    }
    pages->push_back(std::move(json));
    lines_ += PageLine(image, page) + '\n';
    return absl::OkStatus();
  }

  void Finish(const std::string& file, const v1::DocumentTotals& totals, Json pages) {
    const Totals document{.pages = totals.pages(),
                          .image_tokens = totals.image_tokens(),
                          .text_tokens = totals.text_tokens(),
                          .text_tokens_exact = totals.text_tokens_exact()};
    all_.image_tokens += document.image_tokens;
    all_.text_tokens += document.text_tokens;
    all_.text_tokens_exact &= document.text_tokens_exact;
    Json json = MessageToJson(totals);
    json["file"] = JsonOf(file);
    json["pages"] = std::move(pages);
    documents_.push_back(std::move(json));
    if (!environment_.json) {
      environment_.console.out << OneLine(file, 60) << ", " << totals.rung() << ": "
                               << TotalsLine(document) << '\n'
                               << lines_ << std::flush;
      if (totals.hidden_characters() + totals.missing_glyphs() > 0) {
        environment_.console.out << "  " << totals.hidden_characters()
                                 << " hidden characters are drawn as marks, "
                                 << totals.missing_glyphs() << " without a glyph as [U+HEX]\n";
      }
    }
    lines_.clear();
  }

  absl::Status Write(const std::string& name, std::string_view bytes) const {
    return WriteFile((fs::path(options_.folder) / name).string(), bytes);
  }

  const Environment& environment_;
  const RenderOptions& options_;
  Totals all_;
  Json documents_ = Json::array();
  std::string lines_;  // of the document's pages
};

}  // namespace

void AddRenderVerb(Verbs& verbs) {
  verbs.Add<RenderOptions>(
      "render", "draw any text as pages, with their tokens against the text's",
      [](CLI::App& verb, RenderOptions& options) {
        verb.add_option("files", options.files, "texts to draw; - is standard input")->required();
        verb.add_option("--reader", options.reader,
                        "the model that will read (see `fovea readers`)")
            ->capture_default_str();
        verb.add_option("--rung", options.rung,
                        "of the reader's ladder; the sharpest if not given");
        verb.add_option("--out", options.folder, "the folder to write to")->required();
        verb.add_flag("--webp", options.webp,
                      "lossless WebP, a third fewer bytes, where the reader takes it");
        verb.add_flag("--pairs", options.pairs,
                      "write each page's exact text beside it, to train or test a reader");
      },
      [](const Environment& environment, const RenderOptions& options) {
        return Renderer(environment, options).Run();
      });
}

}  // namespace fovea::cli
