#include "gateway/compose.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "core/base/status_macros.h"
#include "gateway/json_span.h"
#include "gateway/system_items.h"

namespace fovea::gateway {
namespace {

constexpr int kMaxMarks = 4;
constexpr size_t kNoItem = static_cast<size_t>(-1);

std::string Quoted(absl::string_view text) {
  return nlohmann::json(std::string(text))
      .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string TextPart(Wire wire, absl::string_view text) {
  switch (wire) {
    case Wire::kGemini:
      return absl::StrCat(R"({"text":)", Quoted(text), "}");
    case Wire::kOpenAiResponses:
      return absl::StrCat(R"({"type":"input_text","text":)", Quoted(text), "}");
    default:
      return absl::StrCat(R"({"type":"text","text":)", Quoted(text), "}");
  }
}

std::string ImagePart(Wire wire, absl::string_view media_type, absl::string_view base64,
                      absl::string_view resolution) {
  // Chat Completions has no "original": it is what the API does without a detail.
  const bool detail = resolution == "low" || resolution == "high";
  switch (wire) {
    case Wire::kAnthropic:
      return absl::StrCat(R"({"type":"image","source":{"type":"base64","media_type":")", media_type,
                          R"(","data":")", base64, R"("}})");
    case Wire::kOpenAiChat:
      return absl::StrCat(R"({"type":"image_url","image_url":{"url":"data:)", media_type,
                          ";base64,", base64, "\"",
                          detail ? absl::StrCat(R"(,"detail":")", resolution, "\"") : "", "}}");
    case Wire::kOpenAiResponses:
      return absl::StrCat(R"({"type":"input_image","image_url":"data:)", media_type, ";base64,",
                          base64, R"(","detail":")",
                          detail || resolution == "original" ? resolution : "auto", R"("})");
    case Wire::kGemini:
      return absl::StrCat(
          R"({"inlineData":{"mimeType":")", media_type, R"(","data":")", base64, R"("})",
          absl::StartsWith(resolution, "MEDIA_RESOLUTION_")
              ? absl::StrCat(R"(,"mediaResolution":{"level":")", resolution, R"("})")
              : "",
          "}");
  }
  return "";
}

std::string UserMessage(Wire wire, const std::vector<std::string>& parts) {
  const std::string list = absl::StrJoin(parts, ",");
  switch (wire) {
    case Wire::kGemini:
      return absl::StrCat(R"({"role":"user","parts":[)", list, "]}");
    case Wire::kOpenAiResponses:
      return absl::StrCat(R"({"type":"message","role":"user","content":[)", list, "]}");
    default:
      return absl::StrCat(R"({"role":"user","content":[)", list, "]}");
  }
}

constexpr absl::string_view kMarkKey = "\"cache_control\"";

// Of the mark whose key stands there.
bool LivesLong(absl::string_view json, size_t at) {
  return absl::StrContains(json.substr(at, 64), "\"1h\"");
}

// The lifetime of the last mark, so that ours is in the order that the API asks for.
bool LastMarkIsLong(absl::string_view json) {
  const size_t last = json.rfind(kMarkKey);
  return last != absl::string_view::npos && LivesLong(json, last);
}

// How many cache marks there are, and how many of them live long.
struct Marks {
  int all = 0;
  int lasting = 0;
};
Marks MarksIn(absl::string_view json) {
  Marks marks;
  for (size_t at = FindText(json, kMarkKey, 0); at != absl::string_view::npos;
       at = FindText(json, kMarkKey, at + 1)) {
    ++marks.all;
    marks.lasting += LivesLong(json, at) ? 1 : 0;
  }
  return marks;
}

// Collects the served items in their order.
class Composer {
 public:
  Composer(const Conversation& conversation, absl::string_view body, const Mapping& mapping,
           const Replacements& replacements, absl::string_view note, PageCache& pages)
      : conversation_(conversation),
        body_(body),
        mapping_(mapping),
        replacements_(replacements),
        note_(note),
        pages_(pages) {
    emitted_.resize(conversation.items.size());
  }

  absl::Status Add(const v1::BuildContextResponse& context) {
    for (const v1::ContextBlock& block : context.blocks()) {
      if (block.has_turn()) verbatim_.insert(block.turn().seq());
    }
    for (size_t i = 0; i < conversation_.head; ++i) AddRaw(i);
    for (const v1::ContextBlock& block : context.blocks()) {
      FOVEA_RETURN_IF_ERROR(AddBlock(block));
    }
    FlushHistory();
    // What is not in the session: the newest items of a call that only looks on, and those behind
    // the last turn that are of none.
    size_t behind = conversation_.head + mapping_.turns.size();
    while (behind > conversation_.head && !HasTurns(behind - 1)) --behind;
    for (size_t i = behind; i < emitted_.size(); ++i) {
      const Item& item = conversation_.items[i];
      if (!emitted_[i] && !item.IsSystem()) absl::StrAppend(&uncounted_, item.span.In(body_));
      AddRaw(i);
    }
    if (!emitted_.empty() && !emitted_.back()) {
      return absl::FailedPreconditionError("the newest message is not there as it came");
    }
    return AddSystem();
  }

  Composed Finish() {
    Composed composed;
    for (size_t i = 0; i < emitted_.size(); ++i) {
      if (!emitted_[i]) composed.changed = true;
    }
    composed.changed = composed.changed || has_history_;
    composed.uncounted = std::move(uncounted_);
    MarkHistory();
    composed.array = absl::StrCat("[", absl::StrJoin(out_, ","), "]");
    if (tail_from_ >= out_.size()) return composed;
    composed.first_item = item_of_[tail_from_];
    for (size_t i = 0; i < tail_from_; ++i) composed.prefix_bytes += out_[i].size() + 1;
    return composed;
  }

 private:
  absl::Status AddBlock(const v1::ContextBlock& block) {
    switch (block.kind_case()) {
      case v1::ContextBlock::kNote:
        // Behind the pages, a note says that a call has no result; the agent's own items say so
        // too.
        if (block.in_prefix()) parts_.push_back(TextPart(conversation_.wire, block.note()));
        return absl::OkStatus();
      case v1::ContextBlock::kPage: {
        const auto png = pages_.Find(block.page().page_id());
        if (png == nullptr) {
          return absl::NotFoundError(absl::StrCat("page ", block.page().page_id()));
        }
        parts_.push_back(
            ImagePart(conversation_.wire, "image/png", *png, block.page().resolution()));
        return absl::OkStatus();
      }
      case v1::ContextBlock::kTurn:
        FlushHistory();
        return AddTurn(block.turn());
      default:
        return absl::FailedPreconditionError("a block that was not asked for");
    }
  }

  absl::Status AddTurn(const v1::Turn& turn) {
    const auto& turns = mapping_.turns;
    auto found =
        std::lower_bound(turns.begin(), turns.end(), turn.seq(),
                         [](const ItemTurns& item, uint64_t seq) { return item.last < seq; });
    if (found == turns.end() || found->first > turn.seq()) {
      return absl::FailedPreconditionError(absl::StrCat("turn ", turn.seq(), " is of no message"));
    }
    const size_t item = conversation_.head + static_cast<size_t>(found - turns.begin());
    if (emitted_[item]) return absl::OkStatus();
    for (uint64_t seq = found->first; seq <= found->last; ++seq) {
      if (!verbatim_.contains(seq)) return AddRest(turn);
    }
    // Items without turns of their own (reasoning) stand directly before the one that has them.
    size_t first = item;
    while (first > conversation_.head && !emitted_[first - 1] && !HasTurns(first - 1)) --first;
    const auto replacement = replacements_.find(item);
    if (replacement == replacements_.end()) {
      for (size_t i = first; i <= item; ++i) AddRaw(i);
      return absl::OkStatus();
    }
    for (size_t i = first; i < item; ++i) {
      if (conversation_.items[i].IsSystem()) AddRaw(i);
      emitted_[i] = true;
    }
    AddRaw(item);
    out_.back() = replacement->second;
    absl::StrAppend(&uncounted_, replacement->second);
    return absl::OkStatus();
  }

  // A turn whose message is on pages otherwise: what the user said beside a tool's results.
  absl::Status AddRest(const v1::Turn& turn) {
    std::vector<std::string> parts;
    for (const v1::Part& part : turn.parts()) {
      if (part.has_text()) {
        parts.push_back(TextPart(conversation_.wire, part.text().text()));
      } else if (part.has_image()) {
        parts.push_back(ImagePart(conversation_.wire, part.image().media_type(),
                                  absl::Base64Escape(part.image().data()), ""));
      } else {
        return absl::FailedPreconditionError(
            absl::StrCat("turn ", turn.seq(), ": its message is in two places"));
      }
    }
    if (turn.role() != v1::ROLE_USER) {
      return absl::FailedPreconditionError(
          absl::StrCat("turn ", turn.seq(), ": its message is in two places"));
    }
    AddOut(UserMessage(conversation_.wire, parts), kNoItem);
    return absl::OkStatus();
  }

  // Whether the item has turns of its own.
  bool HasTurns(size_t item) const {
    const ItemTurns& turns = mapping_.turns[item - conversation_.head];
    return turns.first <= turns.last;
  }

  void AddRaw(size_t item) {
    if (emitted_[item]) return;
    emitted_[item] = true;
    if (has_history_ && tail_from_ == kNoItem) tail_from_ = out_.size();
    AddOut(std::string(conversation_.items[item].span.In(body_)), item);
  }

  void AddOut(std::string message, size_t item) {
    out_.push_back(std::move(message));
    item_of_.push_back(item);
  }

  // The system items that are not where they were, since the message behind them is on pages. They
  // are of the prefix, and so is what stands before them.
  absl::Status AddSystem() {
    std::vector<absl::string_view> items;
    for (size_t i = conversation_.head; i < emitted_.size(); ++i) {
      if (emitted_[i] || !conversation_.items[i].IsSystem()) continue;
      items.push_back(conversation_.items[i].span.In(body_));
      emitted_[i] = true;
    }
    if (items.empty()) return absl::OkStatus();
    if (!has_history_) return absl::FailedPreconditionError("system text stands nowhere");
    const size_t before = out_.size();
    const size_t behind = InsertSystemItems(conversation_.wire, items, history_at_ + 1, out_);
    // What is behind them kept its order and its distance from the end.
    const size_t tail = std::min(out_.size() - behind, before - std::min(before, tail_from_));
    item_of_.erase(item_of_.begin(), item_of_.end() - static_cast<std::ptrdiff_t>(tail));
    item_of_.insert(item_of_.begin(), out_.size() - tail, kNoItem);
    tail_from_ = out_.size() - tail;
    return absl::OkStatus();
  }

  void FlushHistory() {
    if (parts_.empty()) return;
    if (!has_history_ && !note_.empty()) {
      parts_.insert(parts_.begin(), TextPart(conversation_.wire, note_));
      absl::StrAppend(&uncounted_, note_);
    }
    has_history_ = true;
    history_at_ = out_.size();
    AddOut(UserMessage(conversation_.wire, parts_), kNoItem);
    parts_.clear();
  }

  // What moves least is cached longest: a mark at the end of the pages, where the agent leaves one
  // free.
  void MarkHistory() {
    if (conversation_.wire != Wire::kAnthropic || !has_history_) return;
    const absl::string_view before = body_.substr(0, conversation_.array.begin);
    const absl::string_view after = body_.substr(conversation_.array.end);
    int marks = MarksIn(before).all + MarksIn(after).all;
    absl::string_view last = before;
    for (const std::string& item : out_) {
      const int own = MarksIn(item).all;
      if (own > 0) last = item;
      marks += own;
    }
    if (marks == 0 || marks >= kMaxMarks) return;
    std::string& history = out_[history_at_];
    // "...LAST_PART]}": the mark goes into the last part.
    history.insert(history.size() - 3, LastMarkIsLong(last)
                                           ? R"(,"cache_control":{"type":"ephemeral","ttl":"1h"})"
                                           : R"(,"cache_control":{"type":"ephemeral"})");
  }

  const Conversation& conversation_;
  const absl::string_view body_;
  const Mapping& mapping_;
  const Replacements& replacements_;
  const absl::string_view note_;
  PageCache& pages_;
  absl::flat_hash_set<uint64_t> verbatim_;
  std::vector<bool> emitted_;
  std::vector<std::string> out_;
  std::vector<size_t> item_of_;     // for each of them, or kNoItem
  std::vector<std::string> parts_;  // of the history's message
  std::string uncounted_;
  bool has_history_ = false;
  size_t history_at_ = 0;
  size_t tail_from_ = kNoItem;  // the first of the agent's items behind the pages
};

}  // namespace

ServedPrefix PrefixOf(const Conversation& conversation, const Composed& composed) {
  const auto& items = conversation.items;
  size_t first = composed.first_item;
  while (first > conversation.head && items[first - 1].chain == items[first].chain) --first;
  return {.bytes = composed.array.substr(0, composed.prefix_bytes + 1),
          .first_chain = items[composed.first_item].chain,
          .first_offset = composed.first_item - first,
          .system_text = SystemTextOf(conversation, conversation.head, composed.first_item)};
}

std::optional<size_t> FirstBehind(const Conversation& conversation, const ServedPrefix& prefix) {
  const auto& items = conversation.items;
  size_t first = conversation.head;
  while (first < items.size() && items[first].chain != prefix.first_chain) ++first;
  first += prefix.first_offset;
  if (first >= items.size() || items[first].chain != prefix.first_chain) return std::nullopt;
  return first;
}

std::optional<Continued> Continue(const Conversation& conversation, absl::string_view body,
                                  const ServedPrefix& prefix, size_t first,
                                  const Replacements& replacements) {
  const auto& items = conversation.items;
  // System text is in the prefix, as it was then.
  absl::string_view head = prefix.bytes;
  head.remove_prefix(1);
  for (size_t i = 0; i < conversation.head; ++i) {
    if (!absl::ConsumePrefix(&head, items[i].span.In(body)) || !absl::ConsumePrefix(&head, ",")) {
      return std::nullopt;
    }
  }
  if (SystemTextOf(conversation, conversation.head, first) != prefix.system_text) {
    return std::nullopt;
  }
  Continued continued{.array = prefix.bytes};
  const auto add = [&](size_t item) {
    absl::StrAppend(&continued.array, items[item].span.In(body), ",");
  };
  size_t waiting = first;  // the first of the items that go with the next that says something
  for (size_t i = first; i < items.size(); ++i) {
    const std::string& before = i == conversation.head ? conversation.root : items[i - 1].chain;
    if (items[i].chain == before) continue;
    const auto replacement = replacements.find(i);
    const bool replaced = replacement != replacements.end();
    for (; waiting < i; ++waiting) {
      if (!replaced || items[waiting].IsSystem()) add(waiting);
    }
    if (replaced) {
      absl::StrAppend(&continued.array, replacement->second, ",");
      absl::StrAppend(&continued.uncounted, replacement->second);
    } else {
      add(i);
    }
    waiting = i + 1;
  }
  for (; waiting < items.size(); ++waiting) {
    if (!items[waiting].IsSystem()) return std::nullopt;
    add(waiting);
  }
  continued.array.back() = ']';
  if (conversation.wire != Wire::kAnthropic) return continued;
  Marks marks = MarksIn(continued.array);
  for (const absl::string_view beside :
       {body.substr(0, conversation.array.begin), body.substr(conversation.array.end)}) {
    const Marks more = MarksIn(beside);
    marks.all += more.all;
    marks.lasting += more.lasting;
  }
  // Those that live long must stand before the others; the prefix has its mark as it was then.
  const bool mixed = marks.lasting > 0 && marks.lasting < marks.all;
  if (mixed || marks.all > kMaxMarks) return std::nullopt;
  return continued;
}

absl::StatusOr<Composed> Compose(const Conversation& conversation, absl::string_view body,
                                 const Mapping& mapping, const v1::BuildContextResponse& context,
                                 const Replacements& replacements, absl::string_view note,
                                 PageCache& pages) {
  Composer composer(conversation, body, mapping, replacements, note, pages);
  FOVEA_RETURN_IF_ERROR(composer.Add(context));
  return composer.Finish();
}

}  // namespace fovea::gateway
