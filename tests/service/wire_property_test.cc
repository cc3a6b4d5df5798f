// Every random history, however broken, becomes a payload that its API accepts, in every format.
// FOVEA_HISTORIES=200000 sets how many histories are tried.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <string>

#include "absl/strings/numbers.h"
#include "core/base/sha256.h"
#include "core/forgetting/plan.h"
#include "core/forgetting/planner.h"
#include "core/reader/reader_profile.h"
#include "service/wire/payload.h"
#include "tests/service/payload_check.h"
#include "tests/service/wild_history.h"
#include "tests/support/grid_renderer.h"
#include "tests/support/histories.h"

namespace fovea::wire {
namespace {

using ::fovea::testing::GridRenderer;
using ::fovea::testing::MakeWildHistory;
using ::fovea::testing::Marker;
using ::fovea::testing::ServeAll;
using ::fovea::testing::VectorTurnSource;
using ::fovea::testing::WildHistory;

uint64_t Histories(uint64_t otherwise) {
  const char* text = std::getenv("FOVEA_HISTORIES");
  uint64_t value = 0;
  return text != nullptr && absl::SimpleAtoi(text, &value) && value > 0 ? value : otherwise;
}

struct FormatCase {
  const char* name;
  PayloadFormat format;
  std::vector<std::string> (*problems)(const nlohmann::json& payload);
};

const FormatCase kFormats[] = {
    {"OpenAiChat", PayloadFormat::kOpenAiChat, testing::OpenAiChatProblems},
    {"Anthropic", PayloadFormat::kAnthropic, testing::AnthropicProblems},
    {"OpenAiResponses", PayloadFormat::kOpenAiResponses, testing::ResponsesProblems},
    {"Gemini", PayloadFormat::kGemini, testing::GeminiProblems},
    {"Vllm", PayloadFormat::kVllm, testing::VllmProblems},
    {"DeepSeek", PayloadFormat::kDeepSeek, testing::DeepSeekProblems}};

bool IsChat(PayloadFormat format) {
  return format == PayloadFormat::kOpenAiChat || format == PayloadFormat::kVllm ||
         format == PayloadFormat::kDeepSeek;
}

class WirePropertyTest : public ::testing::TestWithParam<FormatCase> {
 protected:
  // Writes the context, checks the payload and what stands in it, and returns it.
  static void Check(PayloadWriter& writer, const Context& context, const PayloadRequest& request,
                    const std::vector<Marker>& expected, Payload* written = nullptr) {
    auto payload = writer.Write(context, request);
    ASSERT_TRUE(payload.ok()) << payload.status();
    const auto json = nlohmann::json::parse(payload->bytes);
    const auto problems = GetParam().problems(json);
    ASSERT_TRUE(problems.empty()) << problems.front() << "\n" << json.dump(1);
    if (request.reader.dialect.nine_character_ids && IsChat(request.format)) {
      const auto more = testing::TemplateProblems(json);
      ASSERT_TRUE(more.empty()) << more.front() << "\n" << json.dump(1);
    }
    ASSERT_EQ(payload->bytes.find("(empty)"), std::string::npos);
    ASSERT_EQ(payload->sha256, Sha256Hex(payload->bytes));
    std::string all;
    for (const std::string& text : testing::AllStrings(json)) all += text + "\n";
    for (const Marker& marker : expected) {
      ASSERT_NE(all.find(marker.text), std::string::npos) << "lost " << marker.text;
    }
    if (written != nullptr) *written = *std::move(payload);
  }
};

absl::StatusOr<PageBytes> FakePages(const std::vector<const PlannedPage*>& pages) {
  PageBytes bytes;
  for (const PlannedPage* page : pages) {
    bytes[page->page_id] =
        std::make_shared<const std::string>("\x89PNG\r\n\x1A\n of " + page->page_id);
  }
  return bytes;
}

// What varies from history to history beside the history.
struct Setting {
  ReaderTraits reader;
  bool draw_some = false;
  bool with_history = false;
};

Setting SettingOf(uint64_t seed) {
  std::mt19937_64 random(seed ^ 0x5E77);
  Setting setting{.draw_some = random() % 2 == 0, .with_history = random() % 2 == 0};
  setting.reader = {.takes_images = random() % 4 != 0,
                    .picture = {.max_base64_bytes = random() % 2 == 0 ? 0U : 5'000U,
                                .max_side_px = random() % 2 == 0 ? 0 : 1'000},
                    .many_images = random() % 2 == 0 ? 0U : 3U,
                    .many_images_side_px = 500,
                    .max_breakpoints = static_cast<int>(random() % 6),
                    .max_images = random() % 3 == 0 ? 20U : 0U};
  if (random() % 3 == 0) {
    setting.reader.dialect = {.roles_alternate = true, .nine_character_ids = true};
  } else {
    setting.reader.dialect.wants_reasoning = random() % 3 == 0;
  }
  return setting;
}

PayloadRequest RequestFor(PayloadFormat format, const ReaderTraits& reader) {
  return {.state_id = 1, .format = format, .reader = reader, .load = FakePages};
}

// What an assistant said goes out in the order in which it was said, where the API keeps order.
void CheckOrder(const WildHistory& history, PayloadFormat format, const std::string& bytes) {
  const bool keeps = format == PayloadFormat::kAnthropic || format == PayloadFormat::kGemini ||
                     format == PayloadFormat::kOpenAiResponses;
  if (!keeps) return;
  for (const std::vector<std::string>& words : history.spoken) {
    size_t last = 0;
    for (const std::string& word : words) {
      const size_t at = bytes.find(word);
      if (at == std::string::npos) continue;  // another API's, or thinking that led to nothing
      ASSERT_GE(at, last) << word << " was said later";
      last = at;
    }
  }
}

// The history's first turns as head where they are system turns; the rest as tail.
Context ContextOf(const std::vector<Turn>& turns, const Setting& setting) {
  Context context;
  std::vector<ServedGroup> groups = ServeAll(turns, setting.draw_some);
  size_t head = 0;
  while (head < groups.size() && groups[head].turns.size() == 1 &&
         groups[head].turns[0].turn->role == Role::kSystem) {
    ++head;
  }
  context.head.assign(groups.begin(), groups.begin() + static_cast<long>(head));
  context.tail.assign(groups.begin() + static_cast<long>(head), groups.end());
  if (!setting.with_history) return context;
  for (int i = 0; i < 5; ++i) {
    HistoryMessage message{.rung = "soft", .rung_end = true};
    message.items.emplace_back(std::string("pages follow"));
    PlannedPage page{.page_id = Sha256Hex("history " + std::to_string(i)),
                     .resolution = i % 2 == 0 ? "MEDIA_RESOLUTION_HIGH" : "original"};
    message.items.emplace_back(std::move(page));
    context.history.push_back(std::move(message));
  }
  return context;
}

TEST_P(WirePropertyTest, EveryHistoryIsAccepted) {
  PayloadWriter writer(1 << 20);
  const uint64_t histories = Histories(3'000);
  for (uint64_t seed = 0; seed < histories && !HasFatalFailure(); ++seed) {
    SCOPED_TRACE(seed);
    const WildHistory history = MakeWildHistory(seed);
    const Setting setting = SettingOf(seed);
    // What is drawn is not in the payload as text.
    Payload payload;
    Check(writer, ContextOf(history.turns, setting), RequestFor(GetParam().format, setting.reader),
          setting.draw_some ? std::vector<Marker>() : history.markers, &payload);
    CheckOrder(history, GetParam().format, payload.bytes);
    writer.Forget(1);
  }
}

// A session lived through with a real plan, over several epochs.
class Life {
 public:
  Life(const std::vector<Turn>& turns, const ReaderProfile& reader, int64_t budget)
      : source_(turns) {
    planner_ = *Planner::Create(
        {.reader = reader, .token_budget = budget, .renderer = &renderer_, .turns = &source_});
  }

  absl::Status Append(const Turn& turn) { return planner_->Append(turn); }
  const Planner& planner() const { return *planner_; }
  bool fits() const { return planner_->plan().required_tokens == 0; }
  absl::StatusOr<Context> Assemble() const { return AssembleContext(*planner_, source_); }

  // Those of turns that are text in the context.
  std::vector<Marker> TextMarkers(const std::vector<Marker>& markers) const {
    std::set<uint64_t> text;
    const Sheet& sheet = planner_->plan().sheet;
    for (const SheetPart& turn : sheet.head()) text.insert(turn.turns.first);
    for (const SheetPart& turn : sheet.tail()) {
      if (!turn.on_pages) text.insert(turn.turns.first);
    }
    std::vector<Marker> found;
    std::copy_if(markers.begin(), markers.end(), std::back_inserter(found),
                 [&](const Marker& marker) { return text.count(marker.seq) > 0; });
    return found;
  }

 private:
  const VectorTurnSource source_;
  const GridRenderer renderer_;
  std::unique_ptr<Planner> planner_;
};

TEST_P(WirePropertyTest, SoIsEveryContextOfALifeOverSeveralEpochs) {
  const std::vector<ReaderProfile> readers = BuiltInReaders()->profiles();
  const uint64_t histories = Histories(3'000) / 5 + 1;
  PayloadWriter writer(1 << 20);
  uint64_t most_epochs = 0;
  for (uint64_t seed = 0; seed < histories && !HasFatalFailure(); ++seed) {
    SCOPED_TRACE(seed);
    const WildHistory history = MakeWildHistory(seed * 7 + 3);
    const ReaderProfile& reader = readers[seed % readers.size()];
    const ReaderTraits traits = TraitsOf(reader);
    Life life(history.turns, reader, 6'000);
    uint64_t epoch = 0;
    for (const Turn& turn : history.turns) {
      ASSERT_TRUE(life.Append(turn).ok());
      const bool crossed = life.planner().plan().epoch() != epoch;
      if (!life.fits() || (!crossed && turn.seq % 7 != 0 && turn.seq != history.turns.size())) {
        continue;
      }
      epoch = life.planner().plan().epoch();
      most_epochs = std::max(most_epochs, epoch);
      auto context = life.Assemble();
      ASSERT_TRUE(context.ok()) << context.status();
      std::vector<Marker> markers = life.TextMarkers(history.markers);
      markers.erase(std::remove_if(markers.begin(), markers.end(),
                                   [&](const Marker& m) { return m.seq > turn.seq; }),
                    markers.end());
      Check(writer, *context, RequestFor(GetParam().format, traits), markers);
      if (HasFatalFailure()) break;
    }
    writer.Forget(1);
  }
  EXPECT_GE(most_epochs, 4);
}

TEST_P(WirePropertyTest, ThePrefixStaysWhileTheTailGrows) {
  PayloadWriter writer(1 << 20);
  for (uint64_t seed = 0; seed < 200 && !HasFatalFailure(); ++seed) {
    SCOPED_TRACE(seed);
    const WildHistory history = MakeWildHistory(seed);
    Setting setting = SettingOf(seed);
    // A picture of the head may become a note for these.
    setting.reader.many_images = 0;
    setting.reader.max_images = 0;
    const PayloadRequest request = RequestFor(GetParam().format, setting.reader);
    const Context whole = ContextOf(history.turns, setting);
    Context part = whole;
    part.tail.clear();
    auto empty = writer.Write(part, request);
    ASSERT_TRUE(empty.ok()) << empty.status();
    // What stands behind the prefix: a note if there is no message yet, and the closing brackets.
    size_t end = empty->bytes.size();
    while (end > 0 && Sha256Hex(empty->bytes.substr(0, end)) != empty->prefix_sha256) --end;
    ASSERT_GT(end, 0U);
    const std::string prefix = empty->bytes.substr(0, end);
    for (const ServedGroup& group : whole.tail) {
      part.tail.push_back(group);
      Payload payload;
      Check(writer, part, request, {}, &payload);
      ASSERT_EQ(payload.bytes.compare(0, prefix.size(), prefix), 0);
      ASSERT_EQ(payload.prefix_sha256, empty->prefix_sha256);
      if (part.tail.size() % 8 != 1) continue;
      // A writer that has kept nothing gives the same bytes.
      auto fresh = PayloadWriter(0).Write(part, request);
      ASSERT_TRUE(fresh.ok()) << fresh.status();
      ASSERT_EQ(fresh->bytes, payload.bytes);
      ASSERT_EQ(fresh->images, payload.images);
    }
    writer.Forget(1);
  }
}

INSTANTIATE_TEST_SUITE_P(All, WirePropertyTest, ::testing::ValuesIn(kFormats),
                         [](const auto& each) { return std::string(each.param.name); });

}  // namespace
}  // namespace fovea::wire
