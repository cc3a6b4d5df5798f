// The verb `readers`: lists them, shows one, or counts for one.
#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "cli/client.h"
#include "cli/formats/line_file.h"
#include "cli/formats/message_json.h"
#include "cli/formats/suggest.h"
#include "cli/verb.h"
#include "core/base/status_macros.h"
#include "fovea/v1/context.pb.h"
#include "fovea/v1/reader.pb.h"

namespace fovea::cli {
namespace {

struct ReaderOptions {
  std::vector<std::string> words;  // nothing, NAME, "show" NAME, or "count" NAME
  std::string image;               // "WxH"
  std::string resolution;
  std::string text_file;
};

void PrintReaderLine(const v1::Reader& reader, Console& console) {
  console.out << Padded(reader.name(), 22, true) << Padded(absl::StrCat(reader.ladder_size()), 3)
              << " rungs  " << OneLine(reader.title(), 60)
              << (reader.warnings().empty() ? "" : "  (!)") << '\n';
}

void PrintReader(const v1::Reader& reader, Console& console) {
  console.out << reader.name() << ": " << reader.title() << "\n  made for "
              << absl::StrJoin(reader.models(), ", ");
  if (!reader.ids().empty()) console.out << "\n  ids: " << absl::StrJoin(reader.ids(), ", ");
  for (const std::string& warning : reader.warnings()) {
    console.out << "\n  WARNING: " << warning;
  }
  console.out << "\n  text tokens "
              << (reader.text_tokens_exact() ? "exact" : "estimated on the safe side")
              << absl::StrFormat("; a cached token costs %g, a cache write %g of the input price\n",
                                 reader.cached_read_price(), reader.cache_write_price());
  if (reader.input_price() > 0) {
    console.out << absl::StrFormat("  %g dollars a million tokens in, %g out (%s)\n",
                                   reader.input_price(), reader.output_price(),
                                   reader.price_date());
  }
  console.out << "  images in messages of: "
              << (reader.image_roles().empty() ? "none" : absl::StrJoin(reader.image_roles(), ", "))
              << (reader.takes_webp() ? "; WebP is taken" : "") << "\n  image rule ("
              << reader.image_rule_evidence() << "): " << reader.image_rule_source() << '\n';
  if (reader.max_images() > 0) console.out << "  at most " << reader.max_images() << " images\n";
  if (reader.max_image_bytes() > 0) {
    console.out << "  at most " << Grouped(static_cast<int64_t>(reader.max_image_bytes()))
                << " bytes an image, in base64\n";
  }
  if (reader.max_side_px() > 0) {
    console.out << "  at most " << Grouped(reader.max_side_px()) << " pixels a side";
    if (reader.many_images() > 0) {
      console.out << ", " << Grouped(reader.many_images_side_px()) << " with more than "
                  << reader.many_images() << " images";
    }
    console.out << '\n';
  }
  if (reader.max_body_bytes() > 0) {
    console.out << "  at most " << Grouped(static_cast<int64_t>(reader.max_body_bytes()))
                << " bytes a request\n";
  }
  console.out << "\n  rung        pitch         page   tokens  px/char  chars/token  legible  "
                 "exact  passages  evidence\n";
  for (const v1::Reader::Rung& rung : reader.ladder()) {
    console.out << absl::StrFormat(
        "  %-10s %3d px  %11s  %7s  %7.1f  %11.1f  %5.1f %%  %3.0f %%     %3.0f %%  %s\n",
        rung.name(), rung.line_pitch_px(), absl::StrCat(rung.page_width(), "×", rung.page_height()),
        Grouped(rung.page_tokens()), rung.pixels_per_character(), rung.characters_per_token(),
        rung.legibility() * 100, rung.exact_legibility() * 100, rung.passage_legibility() * 100,
        rung.evidence());
  }
  console.out << "\n  source: " << reader.source() << "\n  confidence: " << reader.confidence()
              << '\n';
}

absl::Status RunList(const Environment& environment, const std::string& name) {
  v1::ListReadersRequest request;
  request.set_reader(name);
  FOVEA_ASSIGN_OR_RETURN(const v1::ListReadersResponse response,
                         environment.client.Call(contexts::kListReaders, request));
  Json list = Json::array();
  for (const v1::Reader& reader : response.readers()) {
    list.push_back(MessageToJson(reader));
    if (environment.json) continue;
    if (name.empty()) {
      PrintReaderLine(reader, environment.console);
    } else {
      PrintReader(reader, environment.console);
    }
  }
  if (name.empty() && !environment.json) {
    environment.console.out << "(!) has a warning: fovea readers NAME says which\n";
  }
  if (environment.json) environment.PrintJson({{"readers", std::move(list)}});
  return absl::OkStatus();
}

absl::StatusOr<v1::CountTokensRequest> CountRequest(const ReaderOptions& options) {
  v1::CountTokensRequest request;
  request.set_reader(options.words[1]);
  if (!options.text_file.empty()) {
    FOVEA_ASSIGN_OR_RETURN(std::string text, ReadWhole(options.text_file, kMaxTextFileBytes));
    request.set_text(std::move(text));
    return request;
  }
  int width = 0;
  int height = 0;
  if (!ParseSides(options.image, &width, &height)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--image ", options.image, " is not of the form 1092x1092"));
  }
  request.mutable_image()->set_width(width);
  request.mutable_image()->set_height(height);
  request.mutable_image()->set_resolution(options.resolution);
  return request;
}

absl::Status RunCount(const Environment& environment, const ReaderOptions& options) {
  FOVEA_ASSIGN_OR_RETURN(const v1::CountTokensRequest request, CountRequest(options));
  FOVEA_ASSIGN_OR_RETURN(const v1::CountTokensResponse counted,
                         environment.client.Call(readers::kCountTokens, request, Pace::kSlow));
  if (environment.json) {
    environment.PrintJson(MessageToJson(counted));
    return absl::OkStatus();
  }
  Console& console = environment.console;
  console.out << Grouped(counted.tokens()) << " tokens, "
              << (counted.exact() ? "exact" : "estimated");
  const bool resized = request.has_image() && (counted.seen_width() != request.image().width() ||
                                               counted.seen_height() != request.image().height());
  if (resized) {
    console.out << "; the reader sees " << counted.seen_width() << "×" << counted.seen_height()
                << " pixels of it";
  }
  console.out << "\n  " << counted.source() << '\n';
  return absl::OkStatus();
}

// Throws as CLI11 does for wrong usage.
void CheckUsage(const ReaderOptions& options) {
  const std::vector<std::string>& words = options.words;
  const bool named = words.size() == 2 && (words[0] == "show" || words[0] == "count");
  const bool bare = words.size() == 1 && words[0] != "show" && words[0] != "count";
  if (!words.empty() && !named && !bare) {
    throw CLI::ValidationError(
        "readers", "[NAME | show NAME | count NAME (--image WxH | --text FILE)] is expected");
  }
  const bool counts = named && words[0] == "count";
  if (counts && options.image.empty() == options.text_file.empty()) {
    throw CLI::ValidationError("readers", "count needs either --image WxH or --text FILE");
  }
}

absl::Status RunReaders(const Environment& environment, const ReaderOptions& options) {
  if (options.words.empty()) return RunList(environment, "");
  if (options.words[0] == "count") return RunCount(environment, options);
  return RunList(environment, options.words.back());
}

}  // namespace

void AddReaderVerbs(Verbs& verbs) {
  verbs.Add<ReaderOptions>(
      "readers", "list the readers, show one with its ladder, or count what something costs it",
      [](CLI::App& verb, ReaderOptions& options) {
        verb.add_option("words", options.words, "nothing, NAME, show NAME, or count NAME");
        verb.add_option("--image", options.image, "count: an image of WxH pixels");
        verb.add_option("--resolution", options.resolution,
                        "count: the resolution setting that the image is sent with");
        verb.add_option("--text", options.text_file,
                        "count: the text in FILE, - for standard input");
        verb.parse_complete_callback([&options] { CheckUsage(options); });
      },
      RunReaders);
}

}  // namespace fovea::cli
