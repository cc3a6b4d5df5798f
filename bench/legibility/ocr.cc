#include "bench/legibility/ocr.h"

#include <fcntl.h>
#include <leptonica/allheaders.h>
#include <spawn.h>
#include <sys/wait.h>
#include <tesseract/baseapi.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace fovea::bench {
namespace {

struct PixDestroy {
  void operator()(Pix* pix) const { pixDestroy(&pix); }
};
using OwnedPix = std::unique_ptr<Pix, PixDestroy>;

// Small text is enlarged more, as Tesseract wants letters of 20 pixels or more.
float Enlargement(int line_pitch_px) { return line_pitch_px <= 8 ? 3 : 2; }

OwnedPix ToPix(const Picture& picture) {
  OwnedPix pix(pixCreate(picture.width, picture.height, 8));
  for (int y = 0; y < picture.height; ++y) {
    l_uint32* row = pixGetData(pix.get()) + static_cast<ptrdiff_t>(y) * pixGetWpl(pix.get());
    const uint8_t* from = picture.grey.data() + static_cast<ptrdiff_t>(y) * picture.width;
    for (int x = 0; x < picture.width; ++x) SET_DATA_BYTE(row, x, from[x]);
  }
  return pix;
}

}  // namespace

absl::StatusOr<std::unique_ptr<OcrReader>> OcrReader::Create(const std::string& name) {
  if (name == "tesseract") return TesseractReader::Create();
  if (name == "pp-ocr") return PpOcrReader::Create();
  return absl::InvalidArgumentError(absl::StrCat("no reader ", name, ": tesseract or pp-ocr"));
}

TesseractReader::TesseractReader(std::unique_ptr<tesseract::TessBaseAPI> engine)
    : engine_(std::move(engine)) {}

TesseractReader::~TesseractReader() = default;

absl::StatusOr<std::unique_ptr<OcrReader>> TesseractReader::Create() {
  auto engine = std::make_unique<tesseract::TessBaseAPI>();
  if (engine->Init(nullptr, "eng") != 0) {
    return absl::NotFoundError("Tesseract does not start: install tesseract-ocr-eng");
  }
  engine->SetPageSegMode(tesseract::PSM_SINGLE_BLOCK);
  return std::unique_ptr<OcrReader>(new TesseractReader(std::move(engine)));
}

absl::StatusOr<std::string> TesseractReader::Read(const Picture& picture, int line_pitch_px) {
  const OwnedPix page = ToPix(picture);
  const float times = Enlargement(line_pitch_px);
  const OwnedPix large(pixScale(page.get(), times, times));
  engine_->SetImage(large.get());
  const std::unique_ptr<char[]> text(engine_->GetUTF8Text());
  return std::string(text == nullptr ? "" : text.get());
}

absl::StatusOr<std::unique_ptr<OcrReader>> PpOcrReader::Create() {
  signal(SIGPIPE, SIG_IGN);  // a reader that has gone is an answer that does not come
  int to[2];
  int from[2];
  if (pipe2(to, O_CLOEXEC) != 0) return absl::ErrnoToStatus(errno, "pipe");
  if (pipe2(from, O_CLOEXEC) != 0) return absl::ErrnoToStatus(errno, "pipe");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, to[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, from[1], STDOUT_FILENO);
  std::string node = "node";
  std::string script = FOVEA_SOURCE_DIR "/bench/legibility/ppocr/read_lines.mjs";
  char* const arguments[] = {node.data(), script.data(), nullptr};
  pid_t process = 0;
  const int error = posix_spawnp(&process, "node", &actions, nullptr, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  close(to[0]);
  close(from[1]);
  if (error != 0) {
    close(to[1]);
    close(from[0]);
    return absl::ErrnoToStatus(error, "node");
  }
  return std::unique_ptr<OcrReader>(
      new PpOcrReader(process, fdopen(to[1], "wb"), fdopen(from[0], "rb")));
}

PpOcrReader::~PpOcrReader() {
  std::fclose(to_);
  std::fclose(from_);
  waitpid(process_, nullptr, 0);
}

absl::StatusOr<std::string> PpOcrReader::Read(const Picture& picture, int line_pitch_px) {
  std::fprintf(to_, "%d %d %d\n", picture.width, picture.height, line_pitch_px);
  std::fwrite(picture.grey.data(), 1, picture.grey.size(), to_);
  std::fflush(to_);
  size_t size = 0;
  if (std::fscanf(from_, "%zu", &size) != 1 || std::fgetc(from_) != '\n') {
    return absl::UnavailableError("PP-OCR does not answer: has scripts/install-ppocr.sh run?");
  }
  std::string text(size, '\0');
  if (std::fread(text.data(), 1, size, from_) != size) {
    return absl::UnavailableError("PP-OCR has ended");
  }
  return text;
}

Picture DecodePng(std::string_view png) {
  Picture picture;
  const OwnedPix page(pixReadMemPng(reinterpret_cast<const l_uint8*>(png.data()), png.size()));
  if (page == nullptr) return picture;
  const OwnedPix grey(pixConvertTo8(page.get(), 0));
  picture.width = pixGetWidth(grey.get());
  picture.height = pixGetHeight(grey.get());
  for (int y = 0; y < picture.height; ++y) {
    const l_uint32* row =
        pixGetData(grey.get()) + static_cast<ptrdiff_t>(y) * pixGetWpl(grey.get());
    for (int x = 0; x < picture.width; ++x) {
      picture.grey.push_back(static_cast<uint8_t>(GET_DATA_BYTE(row, x)));
    }
  }
  return picture;
}

}  // namespace fovea::bench
