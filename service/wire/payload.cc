#include "service/payload.h"

#include <utility>

namespace fovea::service {
namespace {

// Everything that the prefix's bytes follow from, within one life of a session.
std::string PrefixFingerprint(const Context& context, const PayloadRequest& request) {
  Sha256 hash;
  hash.UpdateNumber(static_cast<uint64_t>(request.format))
      .UpdateNumber(request.reader_takes_images ? 1 : 0)
      .UpdateNumber(context.head.size());
  for (const ServedGroup& group : context.head) {
    for (const ServedTurn& turn : group.turns) hash.UpdateNumber(turn.turn->seq);
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

uint64_t MessageBytes(const std::vector<wire::Message>& messages) {
  uint64_t bytes = 0;
  for (const wire::Message& message : messages) {
    for (const wire::Block& block : message.blocks) bytes += sizeof(block) + block.text.size();
  }
  return bytes;
}

void AddUnheld(const PlannedPage& page, const absl::flat_hash_set<std::string>& held,
               std::vector<const PlannedPage*>& pages) {
  if (!held.contains(page.page_id)) pages.push_back(&page);
}

}  // namespace

PayloadWriter::PayloadWriter(uint64_t max_prefix_bytes)
    : openai_(wire::OpenAiChat()),
      anthropic_(wire::AnthropicMessages()),
      prefixes_(SIZE_MAX, max_prefix_bytes) {}

absl::StatusOr<Payload> PayloadWriter::Write(const Context& context,
                                             const PayloadRequest& request) {
  auto prefix = GetPrefix(context, request);
  if (!prefix.ok()) return prefix.status();
  const Prefix& head = **prefix;
  const wire::JsonFormat& format = Format(request.format);
  auto pages = request.load(TailPages(context, request.held_page_ids));
  if (!pages.ok()) return pages.status();

  // All that the prefix's messages leave behind for the tail's, without the messages themselves.
  wire::Conversation tail(head.conversation.ids);
  tail.reader_takes_images = head.conversation.reader_takes_images;
  tail.begun = head.conversation.begun;
  for (const ServedGroup& group : context.tail) format.AddGroup(group, false, &tail);
  format.MarkTail(&tail.messages);
  absl::Status valid = format.Validate(head.conversation.messages, tail.messages);
  if (!valid.ok()) return valid;

  std::string written;
  format.WriteTail(head.conversation.messages, tail.messages, *pages, &written);
  Payload payload;
  payload.bytes.reserve(head.bytes.size() + written.size());
  payload.bytes.append(head.bytes).append(written);
  payload.prefix_sha256 = head.hash.HexDigest();
  payload.sha256 = Sha256(head.hash).Update(written).HexDigest();
  return payload;
}

absl::StatusOr<PayloadWriter::PrefixPtr> PayloadWriter::GetPrefix(const Context& context,
                                                                  const PayloadRequest& request) {
  const std::pair<uint64_t, std::string> key(request.state_id, PrefixFingerprint(context, request));
  if (auto kept = prefixes_.Get(key)) return *kept;
  const wire::JsonFormat& format = Format(request.format);
  auto pages = request.load(PrefixPages(context, request.held_page_ids));
  if (!pages.ok()) return pages.status();

  auto prefix = std::make_shared<Prefix>(format.Begin(request.reader_takes_images));
  wire::Conversation& conversation = prefix->conversation;
  for (const ServedGroup& group : context.head) format.AddGroup(group, true, &conversation);
  format.AddHistory(context.history, &conversation);
  format.MarkPrefix(context.history, &conversation.messages);
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

}  // namespace fovea::service
