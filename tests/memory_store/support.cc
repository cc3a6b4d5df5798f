#include "tests/memory_store/support.h"

#include <atomic>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "memory_store/absl_view.h"

namespace fovea::testing {
namespace {

constexpr int64_t kSomeTimeUs = 1'700'000'000'000'000;

uint64_t Below(std::mt19937_64& random, uint64_t end) { return random() % end; }

std::string RandomBytes(std::mt19937_64& random, size_t max_bytes) {
  const bool text = Below(random, 4) != 0;
  std::string bytes(Below(random, max_bytes + 1), '\0');
  for (char& byte : bytes) {
    byte = static_cast<char>(text ? 'a' + Below(random, 26) : Below(random, 256));
  }
  return bytes;
}

DocumentPart RandomDocument(std::mt19937_64& random, size_t max_bytes) {
  return {"text/plain",
          RandomBytes(random, 20),
          RandomBytes(random, max_bytes),
          RandomBytes(random, 20),
          RandomBytes(random, 20),
          RandomBytes(random, 20)};
}

SearchResultPart RandomSearchResult(std::mt19937_64& random, size_t max_bytes) {
  SearchResultPart part{RandomBytes(random, 20), RandomBytes(random, 20)};
  for (uint64_t i = Below(random, 3); i > 0; --i) {
    part.text.push_back(RandomBytes(random, max_bytes));
  }
  return part;
}

ToolResultPart RandomResult(std::mt19937_64& random, size_t max_bytes) {
  ToolResultPart part;
  part.call_id = RandomBytes(random, 20);
  part.is_error = Below(random, 2) == 0;
  for (uint64_t i = Below(random, 3); i > 0; --i) {
    switch (Below(random, 5)) {
      case 0:
        part.content.emplace_back(ImagePart{"image/png", RandomBytes(random, max_bytes)});
        break;
      case 1:
        part.content.emplace_back(RandomDocument(random, max_bytes));
        break;
      case 2:
        part.content.emplace_back(RandomSearchResult(random, max_bytes));
        break;
      case 3:
        part.content.emplace_back(ToolReferencePart{RandomBytes(random, 20)});
        break;
      default:
        part.content.emplace_back(TextPart{RandomBytes(random, max_bytes)});
    }
  }
  return part;
}

Part RandomPart(std::mt19937_64& random, size_t max_bytes) {
  switch (Below(random, 9)) {
    case 0:
      return ImagePart{"image/webp", RandomBytes(random, max_bytes)};
    case 1:
      return ToolCallPart{RandomBytes(random, 20), "tool", RandomBytes(random, max_bytes),
                          Below(random, 2) == 0};
    case 2:
      return RandomResult(random, max_bytes);
    case 3:
      return OpaquePart{"anthropic.thinking", RandomBytes(random, max_bytes)};
    case 4:
      return RandomDocument(random, max_bytes);
    case 5:
      return RandomSearchResult(random, max_bytes);
    case 6:
      return RefusalPart{RandomBytes(random, max_bytes)};
    case 7:
      return AudioPart{"audio/wav", RandomBytes(random, max_bytes), RandomBytes(random, 20),
                       RandomBytes(random, 20)};
    default:
      return TextPart{RandomBytes(random, max_bytes), RandomBytes(random, 10)};
  }
}

}  // namespace

Turn TextTurn(std::string text, Role role) {
  Turn turn;
  turn.role = role;
  turn.parts.emplace_back(TextPart{std::move(text)});
  return turn;
}

std::vector<Turn> TextTurns(const std::vector<std::string>& texts) {
  std::vector<Turn> turns;
  for (const std::string& text : texts) turns.push_back(TextTurn(text));
  return turns;
}

Turn RandomTurn(std::mt19937_64& random, size_t max_bytes) {
  Turn turn;
  turn.role = static_cast<Role>(1 + Below(random, 4));
  turn.time_us = Below(random, 3) == 0 ? 0 : kSomeTimeUs + static_cast<int64_t>(random() >> 30);
  if (Below(random, 4) == 0) turn.attributes_json = RandomBytes(random, 40);
  if (Below(random, 4) == 0) turn.agent_id = RandomBytes(random, 20);
  for (uint64_t i = Below(random, 4); i > 0; --i)
    turn.parts.push_back(RandomPart(random, max_bytes));
  return turn;
}

std::vector<Turn> RandomTurns(std::mt19937_64& random, size_t count, size_t max_bytes) {
  std::vector<Turn> turns;
  for (size_t i = 0; i < count; ++i) turns.push_back(RandomTurn(random, max_bytes));
  return turns;
}

std::vector<Turn> Numbered(std::vector<Turn> turns, uint64_t first) {
  for (Turn& turn : turns) turn.seq = first++;
  return turns;
}

AppendBatch Batch(std::vector<Turn> turns) {
  AppendBatch batch;
  batch.turns = std::move(turns);
  return batch;
}

AppendBatch KeyedBatch(std::vector<Turn> turns, std::string key, char digit) {
  AppendBatch batch = Batch(std::move(turns));
  batch.idempotency_key = std::move(key);
  batch.body_digest = std::string(32, digit);
  return batch;
}

std::string PageId(int number) {
  const std::string digits = absl::StrCat(number);
  return std::string(64 - digits.size(), '0') + digits;
}

NewSession Session(std::string id, int64_t created_us) {
  NewSession session;
  session.session_id = std::move(id);
  session.created_us = created_us;
  return session;
}

SearchAnswer FindWhenIndexed(MemoryStore& store, const SessionKey& key, const SearchQuery& query) {
  const uint64_t last_seq = Value(store.log().GetSession(key)).last_seq;
  const absl::Time end = absl::Now() + absl::Minutes(1);
  while (true) {
    SearchAnswer answer = Value(store.search().Find(key, query));
    if (answer.indexed_through_seq >= last_seq || absl::Now() >= end) {
      EXPECT_GE(answer.indexed_through_seq, last_seq);
      return answer;
    }
  }
}

std::unique_ptr<MemoryStore> OpenStore(const std::string& directory) {
  StoreOptions options;
  options.directory = directory;
  options.reserve_bytes = 64 << 10;
  options.search_wait = absl::Seconds(20);
  const auto time = std::make_shared<std::atomic<int64_t>>(0);
  options.now_us = [time] { return ++*time; };
  return Value(MemoryStore::Open(std::move(options)));
}

}  // namespace fovea::testing
