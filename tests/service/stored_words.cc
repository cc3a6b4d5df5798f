#include "tests/service/stored_words.h"

#include <zstd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

namespace fovea::testing {
namespace {

constexpr char kMagic[] = "\x28\xB5\x2F\xFD";
constexpr size_t kMaxFrame = size_t{8} << 20;

std::string FrameAt(const std::string& bytes, size_t at, ZSTD_DCtx* context) {
  ZSTD_DCtx_reset(context, ZSTD_reset_session_only);
  ZSTD_inBuffer in = {bytes.data() + at, bytes.size() - at, 0};
  std::string plain(ZSTD_DStreamOutSize(), '\0');
  ZSTD_outBuffer out = {plain.data(), plain.size(), 0};
  while (true) {
    const size_t before = in.pos + out.pos;
    const size_t left = ZSTD_decompressStream(context, &out, &in);
    if (ZSTD_isError(left) != 0 || left == 0 || out.pos == kMaxFrame) break;
    if (in.pos + out.pos == before && out.pos < out.size) break;
    if (out.pos == out.size) {
      plain.resize(2 * plain.size());
      out.dst = plain.data();
      out.size = plain.size();
    }
  }
  plain.resize(out.pos);
  return plain;
}

}  // namespace

bool HoldsWord(const std::string& bytes, const std::string& word) {
  if (bytes.find(word) != std::string::npos) return true;
  const std::unique_ptr<ZSTD_DCtx, size_t (*)(ZSTD_DCtx*)> context(ZSTD_createDCtx(),
                                                                   ZSTD_freeDCtx);
  for (size_t at = bytes.find(kMagic); at != std::string::npos; at = bytes.find(kMagic, at + 1)) {
    if (FrameAt(bytes, at, context.get()).find(word) != std::string::npos) return true;
  }
  return false;
}

std::vector<std::string> FilesWithWord(const std::string& directory, const std::string& word) {
  std::vector<std::string> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory, error)) {
    const std::ifstream file(entry.path(), std::ios::binary);
    if (!file || !entry.is_regular_file(error)) continue;
    std::ostringstream bytes;
    bytes << file.rdbuf();
    if (HoldsWord(bytes.str(), word)) found.push_back(entry.path().filename().string());
  }
  return found;
}

}  // namespace fovea::testing
