#include "memory_store/sqlite/wal_check.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"

// The format is SQLite's, https://www.sqlite.org/fileformat.html, section 4.
namespace fovea::sqlite {
namespace {

constexpr size_t kHeaderBytes = 32;
constexpr size_t kFrameHeaderBytes = 24;
constexpr uint32_t kMagic = 0x377f0682;  // the lowest bit: checksums of big-endian words
constexpr uint32_t kMinPageBytes = 512;
constexpr uint32_t kMaxPageBytes = 65536;

uint32_t BigEndian(const char* bytes) {
  uint32_t word = 0;
  for (size_t i = 0; i < 4; ++i) word = (word << 8) | static_cast<uint8_t>(bytes[i]);
  return word;
}

uint32_t LittleEndian(const char* bytes) {
  uint32_t word = 0;
  for (size_t i = 4; i-- > 0;) word = (word << 8) | static_cast<uint8_t>(bytes[i]);
  return word;
}

struct Checksum {
  uint32_t first = 0;
  uint32_t second = 0;
  bool operator==(const Checksum&) const = default;

  void Add(std::string_view bytes, bool big_endian) {
    for (size_t at = 0; at + 8 <= bytes.size(); at += 8) {
      const char* words = bytes.data() + at;
      first += (big_endian ? BigEndian(words) : LittleEndian(words)) + second;
      second += (big_endian ? BigEndian(words + 4) : LittleEndian(words + 4)) + first;
    }
  }
};

Checksum ChecksumAt(const char* bytes) { return {BigEndian(bytes), BigEndian(bytes + 4)}; }

struct Header {
  bool sound = false;
  bool big_endian = false;
  uint32_t page_bytes = 0;
  std::string salts;
  Checksum checksum;
};

Header ParseHeader(std::string_view bytes) {
  Header header;
  const uint32_t magic = BigEndian(bytes.data());
  header.big_endian = (magic & 1) != 0;
  header.page_bytes = BigEndian(bytes.data() + 8);
  if (header.page_bytes == 1) header.page_bytes = kMaxPageBytes;
  header.salts = bytes.substr(16, 8);
  header.checksum.Add(bytes.substr(0, 24), header.big_endian);
  header.sound = (magic & ~1U) == kMagic && header.page_bytes >= kMinPageBytes &&
                 header.page_bytes <= kMaxPageBytes &&
                 header.checksum == ChecksumAt(bytes.data() + 24);
  return header;
}

absl::Status Lost(const std::string& path, std::string_view what) {
  return absl::DataLossError(
      absl::StrCat(path, " is damaged: ", std::string(what),
                   ". Turns that were acknowledged would be lost; restore log.db from a backup"));
}

}  // namespace

absl::Status CheckWal(const std::string& wal_path) {
  std::ifstream file(wal_path, std::ios::binary);
  if (!file) return absl::OkStatus();
  std::array<char, kHeaderBytes> first = {};
  if (!file.read(first.data(), first.size())) return absl::OkStatus();  // empty, or torn at once
  const Header header = ParseHeader({first.data(), first.size()});
  if (!header.sound) {
    // A header of zeros never reached the disk, and no commit followed it.
    const bool empty = std::string_view(first.data(), first.size()) == std::string(kHeaderBytes, 0);
    return empty ? absl::OkStatus() : Lost(wal_path, "its header is wrong");
  }
  std::vector<char> frame(kFrameHeaderBytes + header.page_bytes);
  Checksum checksum = header.checksum;
  bool broken = false;
  uint64_t frames = 0;
  uint64_t first_wrong = 0;
  uint64_t commits_behind = 0;
  while (file.read(frame.data(), static_cast<std::streamsize>(frame.size()))) {
    ++frames;
    const std::string_view bytes(frame.data(), frame.size());
    const bool of_this_log = bytes.substr(8, 8) == header.salts;
    if (!broken) {
      checksum.Add(bytes.substr(0, 8), header.big_endian);
      checksum.Add(bytes.substr(kFrameHeaderBytes), header.big_endian);
      broken = !of_this_log || checksum != ChecksumAt(frame.data() + 16);
      if (broken) first_wrong = frames;
    }
    const bool commit = BigEndian(frame.data() + 4) != 0;
    if (broken && of_this_log && commit) ++commits_behind;
  }
  if (commits_behind <= 1) return absl::OkStatus();
  return Lost(wal_path, absl::StrCat("frame ", first_wrong, " is wrong, and ", commits_behind,
                                     " commits stand behind it"));
}

}  // namespace fovea::sqlite
