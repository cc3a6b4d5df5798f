#include "cli/formats/context_files.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/formats/message_json.h"
#include "cli/formats/output_file.h"
#include "core/base/status_macros.h"

namespace fovea::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPngSignature("\x89PNG\r\n\x1a\n", 8);
constexpr size_t kPngSizeOffset = 16;  // of the width in the header chunk; the height follows

uint32_t BigEndian(std::string_view bytes, size_t at) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

// The base64 text of a "data:image/png;base64,..." address; empty if it is another address.
std::string_view DataOf(std::string_view url) {
  const size_t comma = url.find(";base64,");
  if (!url.starts_with("data:image/") || comma == std::string_view::npos) return {};
  return url.substr(comma + std::string_view(";base64,").size());
}

void AddImage(std::string_view base64, std::vector<std::string>& images) {
  std::string image;
  if (!base64.empty() && absl::Base64Unescape(std::string(base64), &image))
    images.push_back(std::move(image));
}

const std::string* Text(const Json& json, const char* key) {
  const auto field = json.find(key);
  return field != json.end() && field->is_string() ? field->get_ptr<const std::string*>() : nullptr;
}

// OpenAI Chat writes {"image_url": {"url": "data:..."}}, Responses {"image_url": "data:..."},
// Anthropic {"source": {"type": "base64", "data": "..."}}, Gemini
// {"inlineData": {"mimeType": "...", "data": "..."}}.
void CollectImages(const Json& json, std::vector<std::string>& images) {
  if (json.is_object()) {
    for (const char* key : {"url", "image_url"}) {
      if (const std::string* url = Text(json, key)) AddImage(DataOf(*url), images);
    }
    const std::string* data = Text(json, "data");
    const bool is_image = json.value("type", "") == "base64" || Text(json, "mimeType") != nullptr;
    if (data != nullptr && is_image) AddImage(*data, images);
  }
  if (!json.is_structured()) return;
  for (const Json& value : json) CollectImages(value, images);
}

absl::Status Check(const std::error_code& error, const fs::path& path) {
  if (!error) return absl::OkStatus();
  return absl::ErrnoToStatus(error.value(), path.string());
}

// Whether a file's name has the shape that PageFileName gives.
bool IsPageName(const std::string& name) {
  const size_t digits = static_cast<size_t>(
      std::find_if_not(name.begin(), name.end(),
                       [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }) -
      name.begin());
  return digits >= 3 && digits < name.size() && name[digits] == '-' && name.ends_with(".png");
}

absl::Status EmptyPagesFolder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return Check(error, folder);
  std::vector<fs::path> stale;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (IsPageName(entry->path().filename().string())) stale.push_back(entry->path());
  }
  for (const fs::path& path : stale) {
    if (!error) fs::remove(path, error);
  }
  return Check(error, folder);
}

}  // namespace

std::string PageFileName(size_t number, const v1::PageRef& page) {
  std::string rung = page.rung();
  for (char& c : rung) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return absl::StrFormat("%03d-%s-%d-%d.png", number, rung, page.first_seq(), page.last_seq());
}

absl::StatusOr<std::vector<std::string>> PayloadImages(std::string_view payload) {
  FOVEA_ASSIGN_OR_RETURN(const Json json, ParseJson(payload));
  std::vector<std::string> images;
  CollectImages(json, images);
  return images;
}

bool IsImageOf(const v1::PageRef& page, std::string_view png) {
  return png.starts_with(kPngSignature) && png.size() >= kPngSizeOffset + 8 &&
         BigEndian(png, kPngSizeOffset) == static_cast<uint32_t>(page.width()) &&
         BigEndian(png, kPngSizeOffset + 4) == static_cast<uint32_t>(page.height());
}

Json NativeContextJson(const v1::BuildContextResponse& response) {
  std::map<std::string, std::string> files;
  const v1::ContextSummary& summary = response.summary();
  for (int i = 0; i < summary.pages_size(); ++i) {
    files.emplace(
        summary.pages(i).page_id(),
        absl::StrCat("pages/", PageFileName(static_cast<size_t>(i) + 1, summary.pages(i))));
  }
  const auto name_file = [&files](Json& page) {
    const auto found = files.find(page["page_id"].get<std::string>());
    if (found != files.end()) page["file"] = found->second;
  };
  Json blocks = Json::array();
  for (const v1::ContextBlock& block : response.blocks()) {
    Json json = MessageToJson(block);
    if (json.contains("page")) name_file(json["page"]);
    if (json.contains("drawn_result")) {
      for (Json& page : json["drawn_result"]["pages"]) name_file(page);
    }
    blocks.push_back(std::move(json));
  }
  return Json{{"summary", MessageToJson(summary)}, {"blocks", std::move(blocks)}};
}

absl::Status WriteContextFiles(const std::string& folder, const v1::ContextSummary& summary,
                               const std::vector<std::string>& pages,
                               std::string_view context_json) {
  const fs::path pages_folder = fs::path(folder) / "pages";
  FOVEA_RETURN_IF_ERROR(EmptyPagesFolder(pages_folder));
  for (size_t i = 0; i < pages.size(); ++i) {
    const std::string name = PageFileName(i + 1, summary.pages(static_cast<int>(i)));
    FOVEA_RETURN_IF_ERROR(WriteFile((pages_folder / name).string(), pages[i]));
  }
  return WriteFile((fs::path(folder) / "context.json").string(), context_json);
}

}  // namespace fovea::cli
