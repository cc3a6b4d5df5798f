#include "gateway/answer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/json_member.h"

namespace fovea::gateway {
namespace {

using transcripts::Json;

constexpr size_t kMaxAnswerBytes = 64 << 20;
constexpr int64_t kMaxBlocks = 10'000;

const Json& First(const Json& list) {
  static const Json* const kNone = new Json();
  return list.is_array() && !list.empty() ? list[0] : *kNone;
}

void AppendText(Json& object, const char* key, const std::string& text) {
  Json& value = object[key];
  value = (value.is_string() ? value.get<std::string>() : "") + text;
}

}  // namespace

int64_t ChatCallNumbers::Of(const Json& delta) {
  const std::string id = TextAt(delta, "id");
  const bool named = !TextAt(MemberAt(delta, "function"), "name").empty();
  const Json& index = MemberAt(delta, "index");
  if (!index.is_number_integer()) {
    // What begins a call has its name.
    const bool begins = named && (id.empty() || id != last_id_);
    if (begins || next_ == 0) last_ = next_++;
    if (begins) last_id_ = id;
    return last_;
  }
  const int64_t given = NumberAt(delta, "index");
  const auto known = by_index_.find(given);
  // An id may come behind the name.
  if (known != by_index_.end() && known->second.id.empty()) known->second.id = id;
  const bool other = known != by_index_.end() && named && !id.empty() && known->second.id != id;
  if (known != by_index_.end() && !other) return last_ = known->second.number;
  if (by_index_.size() >= static_cast<size_t>(kMaxBlocks)) return -1;
  const int64_t number = other || given < next_ ? next_ : given;
  if (number >= kMaxBlocks) return -1;
  next_ = number + 1;
  by_index_[given] = {.number = number, .id = id};
  return last_ = number;
}

void AnswerReader::Feed(absl::string_view bytes) {
  if (too_long_) return;
  if (!stream_) {
    if (body_.size() + bytes.size() > kMaxAnswerBytes) {
      too_long_ = true;
    } else {
      absl::StrAppend(&body_, bytes);
    }
    return;
  }
  const bool fine =
      splitter_.Feed(bytes, [this](absl::string_view, absl::string_view data) { TakeData(data); });
  if (!fine) too_long_ = true;
}

void AnswerReader::TakeData(absl::string_view data) {
  if (data.empty() || data == "[DONE]") return;
  const auto json = transcripts::ParseJson({data.data(), data.size()});
  if (json.ok()) Take(*json);
}

void AnswerReader::End() {
  if (stream_ && !too_long_) {
    splitter_.End([this](absl::string_view, absl::string_view data) { TakeData(data); });
  }
  if (stream_ || too_long_ || body_.empty()) return;
  const auto json = transcripts::ParseJson(body_);
  if (json.ok()) Take(*json);
}

void AnswerReader::Take(const Json& json) {
  if (!json.is_object()) return;
  switch (wire_) {
    case Wire::kAnthropic:
      return TakeAnthropic(json);
    case Wire::kOpenAiChat:
      return TakeChat(json);
    case Wire::kOpenAiResponses:
      return TakeResponses(json);
    case Wire::kGemini:
      return TakeGemini(json);
  }
}

void AnswerReader::TakeUsage(const Json& usage) {
  if (!usage.is_object()) return;
  const auto most = [](int64_t& to, int64_t value) { to = std::max(to, value); };
  switch (wire_) {
    case Wire::kAnthropic:
      most(usage_.cached, NumberAt(usage, "cache_read_input_tokens"));
      most(usage_.written, NumberAt(usage, "cache_creation_input_tokens"));
      most(usage_.input, NumberAt(usage, "input_tokens") +
                             NumberAt(usage, "cache_read_input_tokens") +
                             NumberAt(usage, "cache_creation_input_tokens"));
      most(usage_.output, NumberAt(usage, "output_tokens"));
      return;
    case Wire::kOpenAiChat:
      most(usage_.input, NumberAt(usage, "prompt_tokens"));
      most(usage_.cached,
           std::max(NumberAt(MemberAt(usage, "prompt_tokens_details"), "cached_tokens"),
                    NumberAt(usage, "prompt_cache_hit_tokens")));
      most(usage_.output, NumberAt(usage, "completion_tokens"));
      return;
    case Wire::kOpenAiResponses:
      most(usage_.input, NumberAt(usage, "input_tokens"));
      most(usage_.cached, NumberAt(MemberAt(usage, "input_tokens_details"), "cached_tokens"));
      most(usage_.output, NumberAt(usage, "output_tokens"));
      return;
    case Wire::kGemini:
      most(usage_.input, NumberAt(usage, "promptTokenCount"));
      most(usage_.cached, NumberAt(usage, "cachedContentTokenCount"));
      most(usage_.output,
           NumberAt(usage, "candidatesTokenCount") + NumberAt(usage, "thoughtsTokenCount"));
      return;
  }
}

void AnswerReader::TakeAnthropic(const Json& event) {
  const std::string type = TextAt(event, "type");
  if (type == "message") {  // not streamed
    TakeUsage(MemberAt(event, "usage"));
    const Json& content = MemberAt(event, "content");
    for (size_t i = 0; content.is_array() && i < content.size(); ++i) {
      blocks_[static_cast<int64_t>(i)] = content[i];
    }
    complete_ = true;
  } else if (type == "message_start") {
    TakeUsage(MemberAt(MemberAt(event, "message"), "usage"));
  } else if (type == "message_delta") {
    TakeUsage(MemberAt(event, "usage"));
  } else if (type == "message_stop") {
    complete_ = true;
  } else if (type == "content_block_start") {
    const int64_t index = NumberAt(event, "index");
    if (index >= 0 && index < kMaxBlocks) blocks_[index] = MemberAt(event, "content_block");
  } else if (type == "content_block_delta") {
    TakeAnthropicDelta(event);
  } else if (type == "content_block_stop") {
    const auto written = arguments_.find(NumberAt(event, "index"));
    if (written == arguments_.end()) return;
    auto input = transcripts::ParseJson(written->second);
    if (input.ok()) blocks_[written->first]["input"] = *std::move(input);
    arguments_.erase(written);
  }
}

void AnswerReader::TakeAnthropicDelta(const Json& event) {
  const auto block = blocks_.find(NumberAt(event, "index"));
  const Json& delta = MemberAt(event, "delta");
  if (block == blocks_.end() || !block->second.is_object()) return;
  const std::string type = TextAt(delta, "type");
  if (type == "text_delta") {
    AppendText(block->second, "text", TextAt(delta, "text"));
  } else if (type == "thinking_delta") {
    AppendText(block->second, "thinking", TextAt(delta, "thinking"));
  } else if (type == "signature_delta") {
    AppendText(block->second, "signature", TextAt(delta, "signature"));
  } else if (type == "input_json_delta") {
    arguments_[block->first] += TextAt(delta, "partial_json");
  } else if (type == "citations_delta") {
    Json& citations = block->second["citations"];
    if (!citations.is_array()) citations = Json::array();
    citations.push_back(MemberAt(delta, "citation"));
  }
}

void AnswerReader::TakeChatDelta(const Json& delta) {
  text_ += TextAt(delta, "content");
  reasoning_ += TextAt(delta, "reasoning_content");
  const Json& calls = MemberAt(delta, "tool_calls");
  for (size_t i = 0; calls.is_array() && i < calls.size(); ++i) {
    const Json& call = calls[i];
    const int64_t index = stream_ ? numbers_.Of(call) : static_cast<int64_t>(i);
    if (index < 0 || index >= kMaxBlocks) continue;
    Json& known = blocks_[index];
    if (known.is_null()) {
      known = {{"id", ""}, {"type", "function"}, {"function", {{"name", ""}, {"arguments", ""}}}};
    }
    if (!TextAt(call, "id").empty()) known["id"] = TextAt(call, "id");
    const Json& function = MemberAt(call, "function");
    if (!TextAt(function, "name").empty()) known["function"]["name"] = TextAt(function, "name");
    AppendText(known["function"], "arguments", TextAt(function, "arguments"));
  }
}

void AnswerReader::TakeChat(const Json& chunk) {
  TakeUsage(MemberAt(chunk, "usage"));
  const Json& choice = First(MemberAt(chunk, "choices"));
  // Which of several answers the agent goes on with is not known.
  several_ = several_ || MemberAt(chunk, "choices").size() > 1 || NumberAt(choice, "index") > 0;
  if (several_) return;
  TakeChatDelta(MemberAt(choice, stream_ ? "delta" : "message"));
  if (!TextAt(choice, "finish_reason").empty()) complete_ = true;
}

void AnswerReader::TakeResponses(const Json& event) {
  const std::string type = TextAt(event, "type");
  if (type == "response.output_item.done") {
    if (items_.size() < static_cast<size_t>(kMaxBlocks)) items_.push_back(MemberAt(event, "item"));
  } else if (type == "response.completed" || type == "response.incomplete") {
    TakeUsage(MemberAt(MemberAt(event, "response"), "usage"));
    complete_ = type == "response.completed";
  } else if (TextAt(event, "object") == "response") {  // not streamed
    TakeUsage(MemberAt(event, "usage"));
    const Json& output = MemberAt(event, "output");
    for (size_t i = 0; output.is_array() && i < output.size(); ++i) items_.push_back(output[i]);
    complete_ = TextAt(event, "status") == "completed";
  }
}

void AnswerReader::TakeGemini(const Json& chunk) {
  TakeUsage(MemberAt(chunk, "usageMetadata"));
  const Json& candidate = First(MemberAt(chunk, "candidates"));
  several_ =
      several_ || MemberAt(chunk, "candidates").size() > 1 || NumberAt(candidate, "index") > 0;
  if (several_) return;
  const Json& parts = MemberAt(MemberAt(candidate, "content"), "parts");
  for (size_t i = 0; parts.is_array() && i < parts.size(); ++i) {
    if (items_.size() < static_cast<size_t>(kMaxBlocks)) items_.push_back(parts[i]);
  }
  if (!TextAt(candidate, "finishReason").empty()) complete_ = true;
}

std::vector<Json> AnswerReader::items() const {
  switch (wire_) {
    case Wire::kOpenAiResponses:
      return items_;
    case Wire::kGemini: {
      if (items_.empty()) return {};
      return {Json{{"role", "model"}, {"parts", items_}}};
    }
    case Wire::kAnthropic: {
      Json content = Json::array();
      for (const auto& [index, block] : blocks_) content.push_back(block);
      if (content.empty()) return {};
      return {Json{{"role", "assistant"}, {"content", content}}};
    }
    case Wire::kOpenAiChat: {
      if (text_.empty() && blocks_.empty()) return {};
      Json message = {{"role", "assistant"}};
      if (!reasoning_.empty()) message["reasoning_content"] = reasoning_;
      message["content"] = text_.empty() ? Json() : Json(text_);
      for (const auto& [index, call] : blocks_) message["tool_calls"].push_back(call);
      return {message};
    }
  }
  return {};
}

}  // namespace fovea::gateway
