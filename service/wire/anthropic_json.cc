#include "service/wire/anthropic_json.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace fovea::wire {
namespace {

void WriteBlocks(const std::vector<Block>& blocks, const PageBytes& pages, std::string& out);

void WriteImage(const Image& image, const PageBytes& pages, std::string& out) {
  const std::string* bytes = ImageBytes(image, pages);
  if (bytes == nullptr) {
    absl::StrAppend(&out, R"({"type":"image","source":{"type":"url","url":"fovea:page/)",
                    image.page_id, R"("})");
    return;
  }
  out += R"({"type":"image","source":{"type":"base64","media_type":")";
  out += MediaType(image);
  out += R"(","data":")";
  AppendBase64(*bytes, out);
  out += R"("})";
}

void WriteBlock(const Block& block, const PageBytes& pages, std::string& out) {
  switch (block.kind) {
    case Block::Kind::kRaw:
      if (!block.breakpoint) {
        out += block.text;
        return;
      }
      // The object is gone on with.
      out.append(block.text, 0, block.text.rfind('}'));
      break;
    case Block::Kind::kText:
      out += R"({"type":"text","text":)";
      AppendString(block.text, out);
      break;
    case Block::Kind::kImage:
      WriteImage(block.image, pages, out);
      break;
    case Block::Kind::kCall:
      out += R"({"type":"tool_use","id":)";
      AppendString(block.id, out);
      out += R"(,"name":)";
      AppendString(block.name, out);
      out += R"(,"input":)";
      out += block.text;
      break;
    case Block::Kind::kResult:
      out += R"({"type":"tool_result","tool_use_id":)";
      AppendString(block.id, out);
      if (!block.content.empty()) {
        out += R"(,"content":)";
        WriteBlocks(block.content, pages, out);
      }
      if (block.is_error) out += R"(,"is_error":true)";
      break;
  }
  if (block.breakpoint) out += R"(,"cache_control":{"type":"ephemeral"})";
  out += '}';
}

void WriteBlocks(const std::vector<Block>& blocks, const PageBytes& pages, std::string& out) {
  out += '[';
  for (const Block& block : blocks) {
    if (&block != &blocks.front()) out += ',';
    WriteBlock(block, pages, out);
  }
  out += ']';
}

void WriteMessage(const Message& message, const PageBytes& pages, std::string& out) {
  absl::StrAppend(&out, R"({"role":")", RoleName(message.role), R"(","content":)");
  WriteBlocks(message.blocks, pages, out);
  out += '}';
}

bool IsSystem(const Message& message) { return message.role == Role::kSystem; }

}  // namespace

void WriteAnthropicPrefix(const std::vector<Message>& prefix, const PageBytes& pages,
                          std::string& out) {
  const auto messages = std::find_if_not(prefix.begin(), prefix.end(), IsSystem);
  out += '{';
  if (messages != prefix.begin()) {
    std::vector<Block> system;
    for (auto message = prefix.begin(); message != messages; ++message) {
      system.insert(system.end(), message->blocks.begin(), message->blocks.end());
    }
    out += R"("system":)";
    WriteBlocks(system, pages, out);
    out += ',';
  }
  out += R"("messages":[)";
  for (auto message = messages; message != prefix.end(); ++message) {
    if (message != messages) out += ',';
    WriteMessage(*message, pages, out);
  }
}

void WriteAnthropicTail(const std::vector<Message>& prefix, const std::vector<Message>& tail,
                        const PageBytes& pages, std::string& out) {
  bool first = std::all_of(prefix.begin(), prefix.end(), IsSystem);
  for (const Message& message : tail) {
    if (!std::exchange(first, false)) out += ',';
    WriteMessage(message, pages, out);
  }
  out += "]}";
}

}  // namespace fovea::wire
