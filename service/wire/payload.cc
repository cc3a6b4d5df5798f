#include "service/wire/payload.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace fovea::wire {
namespace {

size_t CountPages(const Context& context) {
  size_t pages = 0;
  for (const HistoryMessage& message : context.history) {
    for (const auto& item : message.items) {
      pages += std::holds_alternative<PlannedPage>(item) ? 1 : 0;
    }
  }
  for (const ServedGroup& group : context.tail) {
    for (const ServedTurn& turn : group.turns) pages += turn.pages.size();
  }
  return pages;
}

// The agent's own pictures and documents: each that may go out as one.
size_t CountOwnMedia(const std::vector<ServedGroup>& groups) {
  size_t media = 0;
  for (const ServedGroup& group : groups) {
    for (const ServedTurn& turn : group.turns) {
      media += TurnImages(*turn.turn).size();
      for (const Part& part : turn.turn->parts) {
        media += std::holds_alternative<DocumentPart>(part) ? 1 : 0;
        const auto* opaque = std::get_if<OpaquePart>(&part);
        media += opaque != nullptr && turn.turn->role != Role::kAssistant ? 1 : 0;
        const auto* result = std::get_if<ToolResultPart>(&part);
        if (result == nullptr) continue;
        for (const ResultItem& item : result->content) {
          media += std::holds_alternative<DocumentPart>(item) ? 1 : 0;
        }
      }
    }
  }
  return media;
}

// How many of the agent's own may go out, where all would be more than the API takes: in the tail
// the newest, in the head the first.
struct MediaShares {
  size_t head = SIZE_MAX;
  size_t tail_skipped = 0;
};

MediaShares SharesOf(const Context& context, const ReaderTraits& reader) {
  // The head's share changes in steps, so that the prefix seldom does.
  constexpr size_t kStep = 10;
  MediaShares shares;
  const size_t pages = CountPages(context);
  const size_t head = CountOwnMedia(context.head);
  const size_t tail = CountOwnMedia(context.tail);
  if (reader.max_images == 0 || pages + head + tail <= reader.max_images) return shares;
  const size_t room = reader.max_images - std::min(reader.max_images, pages);
  shares.tail_skipped = tail - std::min(tail, room);
  shares.head = (room - (tail - shares.tail_skipped)) / kStep * kStep;
  return shares;
}

// Everything that the prefix's bytes follow from, within one life of a session.
std::string PrefixFingerprint(const Context& context, const PayloadRequest& request,
                              const ReaderTraits& reader, size_t media) {
  Sha256 hash;
  hash.UpdateNumber(static_cast<uint64_t>(request.format))
      .UpdateNumber(media)
      .UpdateNumber(reader.takes_images ? 1 : 0)
      .UpdateNumber(reader.dialect.roles_alternate ? 1 : 0)
      .UpdateNumber(reader.dialect.nine_character_ids ? 1 : 0)
      .UpdateNumber(reader.dialect.wants_reasoning ? 1 : 0)
      .UpdateNumber(static_cast<uint64_t>(reader.max_breakpoints))
      .UpdateNumber(context.head.size());
  for (const ServedGroup& group : context.head) {
    for (const ServedTurn& turn : group.turns) {
      hash.UpdateNumber(turn.turn->seq);
      for (const ImagePart* image : TurnImages(*turn.turn)) {
        hash.UpdateNumber(TakesPicture(reader.picture, image->data) ? 1 : 0);
      }
    }
  }
  for (const HistoryMessage& message : context.history) {
    hash.UpdateNumber(message.items.size()).UpdateNumber(message.rung_end ? 1 : 0);
    for (const auto& item : message.items) {
      hash.UpdateNumber(item.index());
      if (const auto* note = std::get_if<std::string>(&item)) {
        hash.UpdateField(*note);
      } else {
        const auto& page = std::get<PlannedPage>(item);
        hash.UpdateField(page.page_id)
            .UpdateField(page.resolution)
            .UpdateNumber(request.held_page_ids.contains(page.page_id) ? 1 : 0);
      }
    }
  }
  return hash.Digest();
}

uint64_t MessageBytes(const std::vector<Message>& messages) {
  uint64_t bytes = 0;
  for (const Message& message : messages) {
    for (const Block& block : message.blocks) bytes += sizeof(block) + block.text.size();
  }
  return bytes;
}

size_t CountImages(const std::vector<Block>& blocks) {
  size_t images = 0;
  for (const Block& block : blocks) {
    images += block.kind == Block::Kind::kImage ? 1 : block.media + CountImages(block.content);
  }
  return images;
}

size_t CountImages(const std::vector<Message>& messages) {
  size_t images = 0;
  for (const Message& message : messages) images += CountImages(message.blocks);
  return images;
}

bool HasMark(const Block& block) {
  return block.breakpoint || std::any_of(block.content.begin(), block.content.end(), HasMark);
}

// Adds the text of the blocks behind the messages' last mark to `text`; true if there is one.
bool TextBehindMarks(const std::vector<Message>& messages, std::string* text) {
  for (auto message = messages.rbegin(); message != messages.rend(); ++message) {
    for (auto block = message->blocks.rbegin(); block != message->blocks.rend(); ++block) {
      if (HasMark(*block)) return true;
      text->append(block->text);
      for (const Block& inner : block->content) text->append(inner.text);
    }
  }
  return false;
}

absl::flat_hash_map<PayloadFormat, std::unique_ptr<JsonFormat>> AllFormats() {
  absl::flat_hash_map<PayloadFormat, std::unique_ptr<JsonFormat>> formats;
  for (const FormatEntry& entry : Formats()) formats[entry.format] = entry.make();
  return formats;
}

void AddUnheld(const PlannedPage& page, const absl::flat_hash_set<std::string>& held,
               std::vector<const PlannedPage*>& pages) {
  if (!held.contains(page.page_id)) pages.push_back(&page);
}

}  // namespace

PayloadWriter::PayloadWriter(uint64_t max_prefix_bytes)
    : formats_(AllFormats()), prefixes_(SIZE_MAX, max_prefix_bytes) {}

absl::StatusOr<Payload> PayloadWriter::Write(const Context& context,
                                             const PayloadRequest& request) {
  ReaderTraits reader = request.reader;
  const size_t media =
      CountPages(context) + CountOwnMedia(context.head) + CountOwnMedia(context.tail);
  if (reader.many_images > 0 && media > reader.many_images) {
    reader.picture.max_side_px = reader.many_images_side_px;
  }
  const MediaShares shares = SharesOf(context, reader);
  FOVEA_ASSIGN_OR_RETURN(auto prefix, GetPrefix(context, request, reader, shares.head));
  const Prefix& head = *prefix;
  const JsonFormat& format = *formats_.at(request.format);
  FOVEA_ASSIGN_OR_RETURN(auto pages, request.load(TailPages(context, request.held_page_ids)));

  Conversation tail = head.conversation.Continuation();
  tail.reader = reader;  // the prefix may be of an earlier request
  tail.media_to_skip = shares.tail_skipped;
  if (!context.tail.empty()) format.Reserve(context.tail.back(), &tail);
  for (const ServedGroup& group : context.tail) {
    const bool newest = &group == &context.tail.back();
    format.AddGroup(group, newest ? Place::kNewest : Place::kTail, &tail);
  }
  format.End(&tail);
  format.MarkTail(&tail);
  FOVEA_RETURN_IF_ERROR(format.Validate(head.conversation.messages, tail.messages));

  std::string written;
  format.WriteTail(head.conversation.messages, tail.messages, pages, &written);
  Payload payload;
  payload.bytes.reserve(head.bytes.size() + written.size());
  payload.bytes.append(head.bytes).append(written);
  payload.images = head.images + CountImages(tail.messages);
  payload.losses = head.conversation.losses;
  payload.losses.insert(payload.losses.end(), tail.losses.begin(), tail.losses.end());
  if (request.format == PayloadFormat::kAnthropic) {
    payload.unmarked.emplace();
    payload.any_mark = TextBehindMarks(tail.messages, &*payload.unmarked) ||
                       TextBehindMarks(head.conversation.messages, &*payload.unmarked);
  }
  payload.prefix_sha256 = head.hash.HexDigest();
  payload.sha256 = Sha256(head.hash).Update(written).HexDigest();
  return payload;
}

absl::StatusOr<PayloadWriter::PrefixPtr> PayloadWriter::GetPrefix(const Context& context,
                                                                  const PayloadRequest& request,
                                                                  const ReaderTraits& reader,
                                                                  size_t media) {
  const std::pair<uint64_t, std::string> key(request.state_id,
                                             PrefixFingerprint(context, request, reader, media));
  if (auto kept = prefixes_.Get(key)) return *kept;
  const JsonFormat& format = *formats_.at(request.format);
  FOVEA_ASSIGN_OR_RETURN(auto pages, request.load(PrefixPages(context, request.held_page_ids)));

  auto prefix = std::make_shared<Prefix>(format.Begin(reader));
  Conversation& conversation = prefix->conversation;
  conversation.media_left = media;
  for (const ServedGroup& group : context.head) format.AddGroup(group, Place::kHead, &conversation);
  format.AddHistory(context.history, &conversation);
  format.MarkPrefix(context.history, &conversation);
  prefix->images = CountImages(conversation.messages);
  format.WritePrefix(conversation.messages, pages, &prefix->bytes);
  prefix->hash.Update(prefix->bytes);
  prefixes_.Put(key, prefix, prefix->bytes.size() + MessageBytes(conversation.messages));
  return PrefixPtr(std::move(prefix));
}

void PayloadWriter::Forget(uint64_t state_id) {
  prefixes_.EraseIf([&](const auto& key) { return key.first == state_id; });
}

void PayloadWriter::ForgetAll() {
  prefixes_.EraseIf([](const auto&) { return true; });
}

absl::Status CheckLimits(const Payload& payload, const ReaderProfile& reader) {
  const uint64_t bytes = reader.limits.max_body_bytes;
  if (bytes > 0 && payload.bytes.size() > bytes) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "the payload has ", payload.bytes.size(), " bytes; ", reader.name,
        " takes requests of at most ", bytes, "; a smaller token_budget makes a smaller payload"));
  }
  const auto images = static_cast<size_t>(reader.limits.max_images);
  if (images > 0 && payload.images > images) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "the payload has ", payload.images, " images; ", reader.name,
        " takes requests with at most ", images, "; a smaller token_budget leaves fewer"));
  }
  return absl::OkStatus();
}

std::vector<const PlannedPage*> PrefixPages(const Context& context,
                                            const absl::flat_hash_set<std::string>& held) {
  std::vector<const PlannedPage*> pages;
  for (const HistoryMessage& message : context.history) {
    for (const auto& item : message.items) {
      if (const auto* page = std::get_if<PlannedPage>(&item)) AddUnheld(*page, held, pages);
    }
  }
  return pages;
}

std::vector<const PlannedPage*> TailPages(const Context& context,
                                          const absl::flat_hash_set<std::string>& held) {
  std::vector<const PlannedPage*> pages;
  for (const ServedGroup& group : context.tail) {
    for (const ServedTurn& turn : group.turns) {
      for (const PlannedPage& page : turn.pages) AddUnheld(page, held, pages);
    }
  }
  return pages;
}

}  // namespace fovea::wire
