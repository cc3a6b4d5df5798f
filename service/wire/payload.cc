#include "service/wire/payload.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace fovea::wire {
namespace {

// How many images may go out: the pages, and the agent's own in what is served as turns.
size_t CountImages(const Context& context) {
  size_t images = 0;
  for (const HistoryMessage& message : context.history) {
    for (const auto& item : message.items) {
      images += std::holds_alternative<PlannedPage>(item) ? 1 : 0;
    }
  }
  for (const std::vector<ServedGroup>* groups : {&context.head, &context.tail}) {
    for (const ServedGroup& group : *groups) {
      for (const ServedTurn& turn : group.turns) {
        images += turn.pages.size() + TurnImages(*turn.turn).size();
      }
    }
  }
  return images;
}

// Everything that the prefix's bytes follow from, within one life of a session.
std::string PrefixFingerprint(const Context& context, const PayloadRequest& request,
                              const ReaderTraits& reader) {
  Sha256 hash;
  hash.UpdateNumber(static_cast<uint64_t>(request.format))
      .UpdateNumber(reader.takes_images ? 1 : 0)
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
    images += block.kind == Block::Kind::kImage ? 1 : CountImages(block.content);
  }
  return images;
}

size_t CountImages(const std::vector<Message>& messages) {
  size_t images = 0;
  for (const Message& message : messages) images += CountImages(message.blocks);
  return images;
}

std::vector<std::unique_ptr<JsonFormat>> AllFormats() {
  std::vector<std::unique_ptr<JsonFormat>> formats;
  for (auto make : {OpenAiChat, AnthropicMessages, OpenAiResponses, GeminiGenerateContent, VllmChat,
                    DeepSeekChat}) {
    formats.push_back(make());
  }
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
  if (reader.many_images > 0 && CountImages(context) > reader.many_images) {
    reader.picture.max_side_px = reader.many_images_side_px;
  }
  auto prefix = GetPrefix(context, request, reader);
  if (!prefix.ok()) return prefix.status();
  const Prefix& head = **prefix;
  const JsonFormat& format = Format(request.format);
  auto pages = request.load(TailPages(context, request.held_page_ids));
  if (!pages.ok()) return pages.status();

  Conversation tail = head.conversation.Continuation();
  tail.reader = reader;  // the prefix may be of an earlier request
  for (const ServedGroup& group : context.tail) {
    const bool newest = &group == &context.tail.back();
    format.AddGroup(group, newest ? Place::kNewest : Place::kTail, &tail);
  }
  format.End(&tail);
  format.MarkTail(&tail);
  absl::Status valid = format.Validate(head.conversation.messages, tail.messages);
  if (!valid.ok()) return valid;

  std::string written;
  format.WriteTail(head.conversation.messages, tail.messages, *pages, &written);
  Payload payload;
  payload.bytes.reserve(head.bytes.size() + written.size());
  payload.bytes.append(head.bytes).append(written);
  payload.images = head.images + CountImages(tail.messages);
  payload.prefix_sha256 = head.hash.HexDigest();
  payload.sha256 = Sha256(head.hash).Update(written).HexDigest();
  return payload;
}

absl::StatusOr<PayloadWriter::PrefixPtr> PayloadWriter::GetPrefix(const Context& context,
                                                                  const PayloadRequest& request,
                                                                  const ReaderTraits& reader) {
  const std::pair<uint64_t, std::string> key(request.state_id,
                                             PrefixFingerprint(context, request, reader));
  if (auto kept = prefixes_.Get(key)) return *kept;
  const JsonFormat& format = Format(request.format);
  auto pages = request.load(PrefixPages(context, request.held_page_ids));
  if (!pages.ok()) return pages.status();

  auto prefix = std::make_shared<Prefix>(format.Begin(reader));
  Conversation& conversation = prefix->conversation;
  for (const ServedGroup& group : context.head) format.AddGroup(group, Place::kHead, &conversation);
  format.AddHistory(context.history, &conversation);
  format.MarkPrefix(context.history, &conversation);
  prefix->images = CountImages(conversation.messages);
  format.WritePrefix(conversation.messages, *pages, &prefix->bytes);
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
