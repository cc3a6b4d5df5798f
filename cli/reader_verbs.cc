// The verb `readers`.
#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "cli/message_json.h"
#include "cli/verb.h"

namespace fovea::cli {
namespace {

using Contexts = v1::ContextService::Stub;

struct ReaderOptions {
  std::string name;
};

void PrintReaderLine(const v1::Reader& reader, Console& console) {
  console.out << Padded(reader.name(), 18, true) << Padded(absl::StrCat(reader.ladder_size()), 3)
              << " rungs  " << OneLine(reader.title(), 60) << '\n';
}

void PrintReader(const v1::Reader& reader, Console& console) {
  console.out << reader.name() << ": " << reader.title() << "\n  made for "
              << absl::StrJoin(reader.models(), ", ") << "\n  text tokens "
              << (reader.text_tokens_exact() ? "exact" : "estimated on the safe side")
              << absl::StrFormat("; a cached token costs %g, a cache write %g of the input price\n",
                                 reader.cached_read_price(), reader.cache_write_price());
  if (reader.max_images() > 0) console.out << "  at most " << reader.max_images() << " images\n";
  if (reader.max_body_bytes() > 0) {
    console.out << "  at most " << Grouped(static_cast<int64_t>(reader.max_body_bytes()))
                << " bytes a request\n";
  }
  console.out << "\n  rung        pitch         page   tokens  px/char  chars/token  legible  "
                 "exact  evidence\n";
  for (const v1::Reader::Rung& rung : reader.ladder()) {
    console.out << absl::StrFormat(
        "  %-10s %3d px  %11s  %7s  %7.1f  %11.1f  %5.1f %%  %3.0f %%  %s\n", rung.name(),
        rung.line_pitch_px(), absl::StrCat(rung.page_width(), "×", rung.page_height()),
        Grouped(rung.page_tokens()), rung.pixels_per_character(), rung.characters_per_token(),
        rung.legibility() * 100, rung.exact_legibility() * 100, rung.evidence());
  }
  console.out << "\n  source: " << reader.source() << "\n  confidence: " << reader.confidence()
              << '\n';
}

absl::Status RunReaders(const Environment& environment, const ReaderOptions& options) {
  const absl::StatusOr<v1::ListReadersResponse> response = environment.client.Call(
      environment.client.contexts(), &Contexts::ListReaders, v1::ListReadersRequest());
  if (!response.ok()) return response.status();
  Json list = Json::array();
  for (const v1::Reader& reader : response->readers()) {
    if (!options.name.empty() && reader.name() != options.name) continue;
    list.push_back(MessageToJson(reader));
    if (environment.json) continue;
    if (options.name.empty()) {
      PrintReaderLine(reader, environment.console);
    } else {
      PrintReader(reader, environment.console);
    }
  }
  if (!options.name.empty() && list.empty()) {
    return absl::NotFoundError(
        absl::StrCat("no reader ", options.name, "; `fovea readers` lists them"));
  }
  if (environment.json) environment.PrintJson({{"readers", std::move(list)}});
  return absl::OkStatus();
}

}  // namespace

void AddReaderVerbs(Verbs& verbs) {
  verbs.Add<ReaderOptions>(
      "readers", "list the readers, or show one with its ladder",
      [](CLI::App& verb, ReaderOptions& options) {
        verb.add_option("name", options.name, "a reader");
      },
      RunReaders);
}

}  // namespace fovea::cli
