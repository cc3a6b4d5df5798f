#include "memory_store/sqlite/turn_reads.h"

#include <string>
#include <string_view>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/time/time.h"
#include "core/base/status_macros.h"
#include "memory_store/sqlite/log_rows.h"
#include "memory_store/sqlite/session_rows.h"
#include "memory_store/turn_codec.h"

namespace fovea::sqlite {
namespace {

// Before compression.
constexpr uint64_t kSmallReadBytes = uint64_t{4} << 20;

struct Body {
  uint64_t seq;
  std::string bytes;
};

struct Bodies {
  std::vector<Body> read;
  bool all = true;  // false: there is more than was asked for at the most
};

absl::StatusOr<Bodies> ReadBodies(Database& database, const SessionRef& session, SeqRange range,
                                  uint64_t max_bytes, uint64_t at_most) {
  Bodies bodies;
  uint64_t plain = 0;
  FOVEA_RETURN_IF_ERROR(database.ReadTransaction([&]() -> absl::Status {
    FOVEA_ASSIGN_OR_RETURN(const SessionHead head, FindHead(database, session));
    return ScanBodies(
        database, head.row, range, at_most,
        [&](uint64_t seq, std::optional<std::string_view> body) -> absl::StatusOr<bool> {
          if (body) plain += PlainBytes(*body);
          bodies.all = body && plain <= at_most;
          if (!bodies.all) return false;
          bodies.read.push_back({seq, std::string(*body)});
          return max_bytes == 0 || plain < max_bytes;
        });
  }));
  return bodies;
}

absl::StatusOr<std::vector<Turn>> Decode(std::vector<Body> bodies, uint64_t max_bytes) {
  std::vector<Turn> turns;
  uint64_t held = 0;
  for (Body& body : bodies) {
    if (max_bytes > 0 && held >= max_bytes) break;
    absl::StatusOr<Turn> turn = DecodeTurn(body.bytes, body.seq);
    if (absl::IsDataLoss(turn.status()) && !turns.empty()) break;
    FOVEA_RETURN_IF_ERROR(turn.status());
    body.bytes = {};
    held += HeldBytes(*turn);
    turns.push_back(*std::move(turn));
  }
  return turns;
}

}  // namespace

// There are few connections, and decoding takes longer than reading: it is done without one.
absl::StatusOr<std::optional<std::vector<Turn>>> TurnReads::ReadSmall(const SessionRef& session,
                                                                      SeqRange range,
                                                                      uint64_t max_bytes) {
  std::optional<ReadPool::Lease> database = readers_->Borrow();
  FOVEA_ASSIGN_OR_RETURN(Bodies bodies,
                         ReadBodies(**database, session, range, max_bytes, kSmallReadBytes));
  database.reset();
  if (!bodies.all) return std::nullopt;
  return Decode(std::move(bodies.read), max_bytes);
}

// By few at a time, who wait for each other without a connection and without memory.
absl::StatusOr<std::vector<Turn>> TurnReads::ReadLarge(const SessionRef& session, SeqRange range,
                                                       uint64_t max_bytes) {
  large_.acquire();
  const absl::Cleanup leave = [this] { large_.release(); };
  std::optional<ReadPool::Lease> database = readers_->Borrow();
  FOVEA_ASSIGN_OR_RETURN(Bodies bodies,
                         ReadBodies(**database, session, range, max_bytes, UINT64_MAX));
  database.reset();
  return Decode(std::move(bodies.read), max_bytes);
}

absl::StatusOr<std::vector<Turn>> TurnReads::Read(const SessionRef& session, SeqRange range,
                                                  uint64_t max_bytes) {
  FOVEA_ASSIGN_OR_RETURN(auto small, ReadSmall(session, range, max_bytes));
  if (small.has_value()) return *std::move(small);
  return ReadLarge(session, range, max_bytes);
}

absl::StatusOr<std::optional<std::vector<Turn>>> TurnReads::TryRead(const SessionRef& session,
                                                                    SeqRange range,
                                                                    uint64_t max_bytes) {
  std::optional<ReadPool::Lease> database = readers_->BorrowBefore(absl::InfinitePast());
  if (!database) return std::nullopt;
  FOVEA_ASSIGN_OR_RETURN(Bodies bodies,
                         ReadBodies(**database, session, range, /*max_bytes=*/0, max_bytes));
  database.reset();
  if (!bodies.all) return std::nullopt;
  const size_t count = bodies.read.size();
  auto turns = Decode(std::move(bodies.read), max_bytes);
  if (absl::IsDataLoss(turns.status())) return std::nullopt;
  FOVEA_RETURN_IF_ERROR(turns.status());
  if (turns->size() < count) return std::nullopt;
  return *std::move(turns);
}

}  // namespace fovea::sqlite
