// Draws text in many ways and reads it back with Tesseract: characters and exact strings read, and
// characters a megapixel.
//
//   legibility_bench                               every setting, samples of 5,000 characters
//   legibility_bench --full-pages --filter fovea   whole pages of 1092 x 1092 pixels
//   legibility_bench --reader pp-ocr               by PP-OCRv4, which scripts/install-ppocr.sh
//   installs
//
//   apt install fonts-spleen fonts-roboto fonts-inter   for the peers that it else leaves out
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <thread>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "bench/legibility/ocr.h"
#include "bench/legibility/result.h"
#include "bench/legibility/samples.h"
#include "bench/legibility/settings.h"
#include "core/base/status_macros.h"

namespace fovea::bench {
namespace {

constexpr int kPageSide = 1092;
constexpr int kSampleWidth = 640;
// More than any page holds; a sample is repeated up to it.
constexpr size_t kManyCharacters = 120000;
// The sample that full pages are of.
constexpr size_t kPageCharacters = 36000;

struct Flags {
  std::string histories = FOVEA_SOURCE_DIR "/../shared/data";
  std::string filter = ".";
  std::string kinds = "code,log,json,hashes,prose,confusable";
  size_t characters = 5000;
  uint64_t seed = 0;
  std::string reader = "tesseract";
  bool full_pages = false;
  int threads = 2;
  std::string csv;
  std::string svg;
  std::string readings;
};

struct Job {
  const Setting* setting;
  const Sample* sample;
  absl::StatusOr<Result> result = absl::UnknownError("not run");
};

std::string Repeated(const std::string& text) {
  std::string result;
  while (result.size() < kManyCharacters) absl::StrAppend(&result, text, "\n");
  return result;
}

absl::StatusOr<Result> Measure(const Flags& flags, const Job& job, OcrReader* reader) {
  const Setting& setting = *job.setting;
  Result result{.family = setting.family,
                .line_pitch_px = setting.line_pitch_px,
                .grey_bits = setting.grey_bits,
                .kind = job.sample->kind};
  const std::string many = Repeated(job.sample->text);
  FOVEA_ASSIGN_OR_RETURN(const auto on_page, setting.pages->Fill(many, kPageSide));
  result.characters_per_megapixel = static_cast<double>(on_page) * 1e6 / (kPageSide * kPageSide);
  const std::string text =
      flags.full_pages ? many.substr(0, on_page) : job.sample->text.substr(0, flags.characters);
  FOVEA_ASSIGN_OR_RETURN(const auto picture,
                         setting.pages->Draw(text, flags.full_pages ? kPageSide : kSampleWidth));
  result.bytes_per_character =
      static_cast<double>(picture.png_bytes) / static_cast<double>(text.size());
  FOVEA_ASSIGN_OR_RETURN(const auto read, reader->Read(picture, setting.line_pitch_px));
  result.score = Compare(text, read);
  if (!flags.readings.empty()) {
    const std::string name = absl::StrCat(flags.readings, "/", setting.Name(), " ", result.kind);
    std::ofstream(name + " drawn.txt") << text;
    std::ofstream(name + " read.txt") << read;
  }
  return result;
}

absl::Status RunAll(const Flags& flags, std::vector<Job>* jobs) {
  std::vector<std::unique_ptr<OcrReader>> readers;
  for (int i = 0; i < flags.threads; ++i) {
    FOVEA_ASSIGN_OR_RETURN(auto reader, OcrReader::Create(flags.reader));
    readers.push_back(std::move(reader));
  }
  std::atomic<size_t> next = 0;
  std::vector<std::thread> threads;
  threads.reserve(readers.size());
  for (const auto& reader : readers) {
    threads.emplace_back([&flags, jobs, &next, reader = reader.get()] {
      for (size_t i = next++; i < jobs->size(); i = next++) {
        (*jobs)[i].result = Measure(flags, (*jobs)[i], reader);
        std::fprintf(stderr, "\r%zu of %zu ", i + 1, jobs->size());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::fprintf(stderr, "\r");
  return absl::OkStatus();
}

void PrintTable(const std::vector<Mean>& means, const std::vector<Mean>& confusable) {
  std::printf("%-30s %5s %4s | %10s %9s | %8s %9s %10s | %s\n", "setting", "pitch", "bits",
              "characters", "strings", "px/char", "chars/Mpx", "bytes/char",
              "confusable characters, strings");
  for (const Mean& mean : means) {
    std::printf("%-30s   H%-2d %4d | %8.1f %% %7.1f %% | %8.1f %9.0f %10.2f |", mean.family.c_str(),
                mean.line_pitch_px, mean.grey_bits, mean.characters_percent, mean.strings_percent,
                mean.PixelsPerCharacter(), mean.characters_per_megapixel, mean.bytes_per_character);
    for (const Mean& other : confusable) {
      if (other.family == mean.family && other.line_pitch_px == mean.line_pitch_px &&
          other.grey_bits == mean.grey_bits) {
        std::printf(" %6.1f %% %6.1f %%", other.characters_percent, other.strings_percent);
      }
    }
    std::printf("\n");
  }
}

// The families of the chart at the same share of characters read.
void PrintDensities(const std::vector<Mean>& means) {
  for (const double percent : {94.0, 90.0, 85.0}) {
    std::printf("characters a megapixel at %.0f %% of characters read:", percent);
    for (const auto& [family, bits] : {std::pair("fovea", 4), std::pair("grid DejaVu Sans Mono", 8),
                                       std::pair("grid Spleen", 8)}) {
      const auto density = DensityAt(means, family, bits, percent);
      std::printf("  %s %s", family,
                  density.has_value() ? std::to_string(static_cast<int>(*density)).c_str() : "-");
    }
    std::printf("\n");
  }
}

absl::Status Run(const Flags& flags) {
  std::vector<std::string> missing;
  FOVEA_ASSIGN_OR_RETURN(const auto settings, MakeSettings(flags.filter, &missing));
  for (const std::string& file : missing) {
    std::fprintf(stderr, "NOT MEASURED: %s is not installed\n", file.c_str());
  }
  FOVEA_ASSIGN_OR_RETURN(
      const auto samples,
      ReadSamples(flags.histories, FOVEA_SOURCE_DIR "/examples/long-session.jsonl.gz",
                  flags.full_pages ? kPageCharacters : flags.characters, flags.seed));
  std::vector<Job> jobs;
  for (const Setting& setting : settings) {
    for (const Sample& sample : samples) {
      if (absl::StrCat(",", flags.kinds, ",").find(absl::StrCat(",", sample.kind, ",")) ==
          std::string::npos) {
        continue;
      }
      jobs.push_back({.setting = &setting, .sample = &sample});
    }
  }
  FOVEA_RETURN_IF_ERROR(RunAll(flags, &jobs));
  std::vector<Result> results;
  for (Job& job : jobs) {
    if (!job.result.ok()) return job.result.status();
    results.push_back(*std::move(job.result));
  }
  const std::vector<Mean> means = MeansOf(results, /*confusable=*/false);
  std::printf(
      "commit %s, %s build; %s; samples of %s, seed %llu; read by %s\n", FOVEA_COMMIT,
      FOVEA_BUILD_TYPE,
      flags.full_pages ? "full pages" : absl::StrCat(flags.characters, " characters").c_str(),
      flags.histories.c_str(), static_cast<unsigned long long>(flags.seed), flags.reader.c_str());
  PrintTable(means, MeansOf(results, /*confusable=*/true));
  PrintDensities(means);
  if (!flags.csv.empty()) std::ofstream(flags.csv) << ToCsv(results);
  if (!flags.svg.empty()) std::ofstream(flags.svg) << ToSvg(means);
  return absl::OkStatus();
}

}  // namespace
}  // namespace fovea::bench

int main(int argc, char** argv) try {
  // OpenMP reads this before main does: Tesseract's own threads only get in each other's way.
  if (std::getenv("OMP_THREAD_LIMIT") == nullptr) {
    setenv("OMP_THREAD_LIMIT", "1", 1);
    execv("/proc/self/exe", argv);
  }
  fovea::bench::Flags flags;
  CLI::App app{"Draws text in many ways and reads it back"};
  app.add_option("--histories", flags.histories, "Folder of the histories");
  app.add_option("--filter", flags.filter, "Regular expression for the names of settings");
  app.add_option("--kinds", flags.kinds, "Kinds of text, separated by commas");
  app.add_option("--characters", flags.characters, "Length of each sample");
  app.add_flag("--full-pages", flags.full_pages, "Read whole pages of 1092 x 1092 pixels");
  app.add_option("--seed", flags.seed, "Another choice of texts, from more files");
  app.add_option("--reader", flags.reader, "tesseract or pp-ocr");
  app.add_option("--threads", flags.threads, "How many pages are read at the same time");
  app.add_option("--csv", flags.csv, "Write every figure to this file");
  app.add_option("--svg", flags.svg, "Draw the means to this file");
  app.add_option("--readings", flags.readings,
                 "Write each text and what was read of it into this folder");
  CLI11_PARSE(app, argc, argv);
  if (const absl::Status status = fovea::bench::Run(flags); !status.ok()) {
    std::fprintf(stderr, "%s\n", status.ToString().c_str());
    return 1;
  }
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
