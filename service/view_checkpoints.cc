#include "service/view_checkpoints.h"

#include <elf.h>
#include <link.h>

#include <cstring>
#include <initializer_list>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/sha256.h"
#include "core/forgetting/checkpoint_bytes.h"
#include "core/forgetting/plan.h"
#include "core/forgetting/policy.h"
#include "core/page/page.h"
#include "service/convert_turn.h"

namespace fovea::service {
namespace {

constexpr size_t kAlignment = 4;

size_t Aligned(size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

// The note NT_GNU_BUILD_ID of the first object, which is the program itself.
int FindBuildId(dl_phdr_info* object, size_t /*size*/, void* id) {
  for (size_t i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr)& header = object->dlpi_phdr[i];
    if (header.p_type != PT_NOTE) continue;
    const auto* at = reinterpret_cast<const char*>(object->dlpi_addr + header.p_vaddr);
    const char* const end = at + header.p_memsz;
    while (at + sizeof(ElfW(Nhdr)) <= end) {
      ElfW(Nhdr) note;
      std::memcpy(&note, at, sizeof(note));
      const char* const name = at + sizeof(note);
      const char* const body = name + Aligned(note.n_namesz);
      if (body + note.n_descsz > end) break;
      if (note.n_type == NT_GNU_BUILD_ID &&
          std::string_view(name, note.n_namesz) == std::string_view("GNU\0", 4)) {
        static_cast<std::string*>(id)->assign(body, note.n_descsz);
      }
      at = body + Aligned(note.n_descsz);
    }
  }
  return 1;
}

void AddOptional(const std::optional<int>& value, Sha256& digest) {
  digest.UpdateNumber(value.has_value() ? 1 : 0);
  digest.UpdateNumber(static_cast<uint64_t>(value.value_or(0)));
}

// Every member, as in core/forgetting/checkpoint_fields.h.
void AddPolicy(const Policy& policy, Sha256& digest) {
  const auto& [name, tail_high, tail_low, pressure_low, entry_rung, forbid_unmeasured, forbid_drawn,
               show_colour_codes, sidecar] = policy;
  digest.UpdateNumber(static_cast<uint64_t>(name));
  for (const std::optional<int>& mark : {tail_high, tail_low, pressure_low, entry_rung}) {
    AddOptional(mark, digest);
  }
  for (const int number :
       {forbid_unmeasured ? 1 : 0, forbid_drawn ? 1 : 0, show_colour_codes ? 1 : 0, sidecar}) {
    digest.UpdateNumber(static_cast<uint64_t>(number));
  }
}

// Of the last turn that the planner has seen; "" if it cannot be read.
std::string DigestOfTurn(uint64_t seq, const SessionState& state) {
  const auto turns = state.turns.Turns({.first = seq, .last = seq});
  return turns.ok() && turns->size() == 1 ? DigestTurns({*turns->front()}) : "";
}

}  // namespace

std::string BuildId() {
  std::string id;
  dl_iterate_phdr(FindBuildId, &id);
  return id;
}

ViewCheckpoints::ViewCheckpoints(ViewStore* store) : store_(*store), build_id_(BuildId()) {}

std::string ViewCheckpoints::IdOf(const PlannerInputs& inputs, const SessionInfo& session,
                                  uint64_t look_back_seq) const {
  Sha256 digest;
  digest.UpdateField(build_id_).UpdateField(inputs.renderer->Version());
  digest.UpdateField(inputs.reader.name).UpdateField(inputs.reader.json);
  digest.UpdateNumber(inputs.reader.text_tokens_exact() ? 1 : 0);
  digest.UpdateField(std::to_string(inputs.reader.text_correction));
  digest.UpdateNumber(static_cast<uint64_t>(inputs.token_budget));
  AddPolicy(inputs.policy, digest);
  digest.UpdateNumber(static_cast<uint64_t>(session.created_us)).UpdateNumber(look_back_seq);
  return digest.Digest();
}

std::unique_ptr<Planner> ViewCheckpoints::Restore(const PlannerInputs& inputs,
                                                  const SessionInfo& session,
                                                  uint64_t look_back_seq, uint64_t target,
                                                  const SessionState& state) const {
  if (build_id_.empty()) return nullptr;
  const std::optional<std::string> bytes =
      store_.Get(session.identity, IdOf(inputs, session, look_back_seq));
  if (!bytes) return nullptr;
  CheckpointReader reader(*bytes);
  std::string last_turn;
  std::vector<std::pair<uint64_t, uint64_t>> gists;
  std::string saved;
  reader(last_turn, gists, saved);
  if (!reader.ok() || !reader.at_end()) return nullptr;
  auto planner = Planner::Restore(inputs, saved);
  if (!planner.ok()) return nullptr;
  const uint64_t seq = (*planner)->plan().last_seq;
  if (seq == 0 || seq > target || DigestOfTurn(seq, state) != last_turn) return nullptr;
  state.turns.NoteGists(gists);
  return *std::move(planner);
}

void ViewCheckpoints::Save(const Planner& planner, const SessionInfo& session,
                           uint64_t look_back_seq, const SessionState& state) const {
  const uint64_t seq = planner.plan().last_seq;
  if (build_id_.empty() || seq == 0) return;
  CheckpointWriter writer;
  writer(DigestOfTurn(seq, state), state.turns.Gists(seq), planner.Save());
  store_.Put(session.identity, IdOf(planner.inputs(), session, look_back_seq), writer.TakeBytes());
}

}  // namespace fovea::service
