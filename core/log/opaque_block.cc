#include "core/log/opaque_block.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "nlohmann/json.hpp"

namespace fovea {
namespace {

using Json = nlohmann::json;

// Shorter strings are no files, whatever they look like.
constexpr size_t kMinBase64 = 1'024;

bool IsBase64(std::string_view text) {
  return text.size() >= kMinBase64 && std::ranges::all_of(text, [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '+' || c == '/' ||
                  c == '=' || c == '-' || c == '_';
         });
}

// The part of a data URL behind its type; any other text whole.
std::string_view DataOf(std::string_view text) {
  if (!absl::StartsWith(absl::string_view(text.data(), text.size()), "data:")) return text;
  const size_t comma = text.substr(0, kMinBase64).find(',');
  return comma == std::string_view::npos ? text : text.substr(comma + 1);
}

// The strings and keys of the outermost object, and base64 anywhere.
class Fields final : public nlohmann::json_sax<Json> {
 public:
  bool null() override { return true; }
  bool boolean(bool value) override {
    if (depth_ == 1 && key_ == "thought") thought = value;
    return true;
  }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool string(string_t& value) override {
    if (depth_ == 1) {
      if (key_ == "type") type = value;
      if (key_ == "id") id = value;
      if (key_ == "call_id") call_id = value;
      if (key_ == "tool_use_id") tool_use_id = value;
      if (key_ == "approval_request_id") approval_request_id = value;
    } else if (key_ == "type") {
      inner_is_text_ = value == "text";
    }
    const std::string_view data = DataOf(value);
    if (!IsBase64(data)) return true;
    (depth_ == 1 ? base64 : inner_base64_) += data.size();
    return true;
  }
  bool start_object(size_t) override {
    ++depth_;
    inner_is_text_ = false;
    return true;
  }
  bool key(string_t& value) override {
    key_ = value;
    if (depth_ > 1) return true;
    signature |= value == "thoughtSignature";
    gemini_call |= value == "executableCode" || value == "toolCall";
    gemini_result |= value == "codeExecutionResult" || value == "toolResponse";
    has_data |= value != "thoughtSignature" && value != "thought";
    return true;
  }
  // A source of type text holds text, though it may look like base64.
  bool end_object() override {
    if (!inner_is_text_) base64 += inner_base64_;
    inner_base64_ = 0;
    inner_is_text_ = false;
    --depth_;
    return true;
  }
  bool start_array(size_t) override { return ++depth_ > 0; }
  bool end_array() override { return --depth_ >= 0; }
  bool parse_error(size_t, const std::string&, const nlohmann::detail::exception&) override {
    return false;
  }

  std::string type, id, call_id, tool_use_id, approval_request_id;
  bool signature = false, gemini_call = false, gemini_result = false;
  bool has_data = false;  // something beside a signature
  bool thought = false;
  size_t base64 = 0;

 private:
  int depth_ = 0;
  std::string key_;
  bool inner_is_text_ = false;
  size_t inner_base64_ = 0;
};

using Half = OpaqueBlock::Half;

void ReadAnthropic(const Fields& fields, OpaqueBlock& block) {
  block.leads_on = fields.type == "thinking" || fields.type == "redacted_thinking";
  if (fields.type == "tool_use" || fields.type == "tool_result") return;
  if (absl::EndsWith(fields.type, "tool_use") && !fields.id.empty()) {
    block.half = Half::kCall;
    block.id = fields.id;
  } else if (absl::EndsWith(fields.type, "tool_result") && !fields.tool_use_id.empty()) {
    block.half = Half::kResult;
    block.id = fields.tool_use_id;
  }
}

void ReadOpenAi(const Fields& fields, OpaqueBlock& block) {
  block.leads_on = fields.type == "reasoning";
  if (fields.type == "mcp_approval_request") {
    block.half = Half::kCall;
    block.id = fields.id;
  } else if (fields.type == "mcp_approval_response") {
    block.half = Half::kResult;
    block.id = fields.approval_request_id;
  } else if (absl::EndsWith(fields.type, "_call_output")) {
    block.half = Half::kResult;
    block.id = fields.call_id.empty() ? fields.id : fields.call_id;
  } else if (absl::EndsWith(fields.type, "_call") && !fields.call_id.empty()) {
    block.half = Half::kCall;
    block.id = fields.call_id;
  }
}

void ReadGemini(const Fields& fields, OpaqueBlock& block) {
  block.leads_on = fields.thought || (fields.signature && !fields.has_data);
  if (fields.gemini_call) block.half = Half::kCall;
  if (fields.gemini_result) block.half = Half::kResult;
}

}  // namespace

OpaqueBlock ReadOpaqueBlock(const OpaquePart& part) {
  OpaqueBlock block;
  const bool reasoning = absl::EndsWith(part.kind, ".reasoning_content");
  Fields fields;
  if (!Json::sax_parse(part.data, &fields)) {
    block.leads_on = reasoning;
    return block;
  }
  block.type = fields.type;
  block.base64_bytes = fields.base64;
  if (absl::StartsWith(part.kind, "anthropic.")) ReadAnthropic(fields, block);
  if (absl::StartsWith(part.kind, "openai.")) ReadOpenAi(fields, block);
  if (absl::StartsWith(part.kind, "gemini.")) ReadGemini(fields, block);
  block.leads_on |= reasoning;
  return block;
}

}  // namespace fovea
