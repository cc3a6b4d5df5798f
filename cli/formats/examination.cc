#include "cli/formats/examination.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <tuple>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace fovea::cli {
namespace {

constexpr size_t kMinString = 6;  // bytes of an exact string
constexpr size_t kMaxString = 48;
constexpr size_t kMinContext = 10;  // bytes before it in its line
constexpr size_t kMaxContext = 40;
constexpr size_t kMinLines = 4;  // of a passage
constexpr size_t kMaxLines = 12;
constexpr size_t kMinPassage = 120;  // bytes
constexpr size_t kMaxPassage = 450;
constexpr size_t kMinPlace = 24;  // bytes of a line that is to be placed
constexpr size_t kMaxPlace = 100;
constexpr int kAttempts = 400;  // for each rung and kind

size_t Occurrences(std::string_view text, std::string_view part, size_t most) {
  size_t found = 0;
  for (size_t at = text.find(part); at != std::string_view::npos && found < most;
       at = text.find(part, at + 1)) {
    ++found;
  }
  return found;
}

bool IsWordByte(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
         std::string_view("_./:-").find(c) != std::string_view::npos;
}

bool IsPlain(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) { return c >= 0x20 && c < 0x7F; });
}

std::string_view Stripped(std::string_view text) {
  const auto space = [](char c) { return absl::ascii_isspace(static_cast<unsigned char>(c)); };
  while (!text.empty() && space(text.front())) text.remove_prefix(1);
  while (!text.empty() && space(text.back())) text.remove_suffix(1);
  return text;
}

// A string that cannot be guessed from the language: digits, or capitals behind small letters, or
// signs within.
bool IsExact(std::string_view word) {
  if (word.size() < kMinString || word.size() > kMaxString) return false;
  const bool digit =
      std::ranges::any_of(word, [](unsigned char c) { return absl::ascii_isdigit(c); });
  const bool sign = word.find_first_of("_/") != std::string_view::npos;
  return digit || sign;
}

// Draws tasks for one rung.
class TaskDrawer {
 public:
  TaskDrawer(std::vector<const PagedTurn*> turns, const std::vector<std::string>& session,
             std::string_view shown, std::mt19937_64& random)
      : turns_(std::move(turns)), session_(session), shown_(shown), random_(random) {}

  void Draw(TaskKind kind, int most, std::vector<Task>& tasks) {
    std::vector<std::string> taken;
    for (int attempt = 0; attempt < kAttempts && static_cast<int>(taken.size()) < most; ++attempt) {
      const PagedTurn& turn = *turns_[random_() % turns_.size()];
      const std::vector<std::string_view> lines = Lines(turn.text);
      const size_t line = random_() % lines.size();
      Task task{.kind = kind, .rung = turn.rung, .seq = turn.seq, .pages = turn.pages};
      const bool made = kind == TaskKind::kString    ? MakeString(turn, lines[line], task)
                        : kind == TaskKind::kPassage ? MakePassage(turn, lines, line, task)
                                                     : MakePlace(turn, lines[line], task);
      const std::string& key = kind == TaskKind::kPlace ? task.question : task.answer;
      if (!made || std::ranges::find(taken, key) != taken.end()) continue;
      taken.push_back(key);
      tasks.push_back(std::move(task));
    }
  }

 private:
  static std::vector<std::string_view> Lines(std::string_view text) {
    std::vector<std::string_view> lines;
    while (true) {
      const size_t end = text.find('\n');
      lines.push_back(text.substr(0, end));
      if (end == std::string_view::npos) return lines;
      text.remove_prefix(end + 1);
    }
  }

  // In one turn, once, and in none of the context's own text.
  bool IsHidden(std::string_view text) const {
    if (shown_.find(text) != std::string_view::npos) return false;
    size_t found = 0;
    for (const std::string& turn : session_) {
      found += Occurrences(turn, text, 2 - found);
      if (found > 1) return false;
    }
    return found == 1;
  }

  bool MakeString(const PagedTurn& turn, std::string_view line, Task& task) {
    std::vector<std::pair<size_t, size_t>> words;
    for (size_t at = kMinContext; at < line.size();) {
      size_t end = at;
      while (end < line.size() && IsWordByte(line[end])) ++end;
      if (end > at && !IsWordByte(line[at - 1]) && IsExact(line.substr(at, end - at))) {
        words.emplace_back(at, end);
      }
      at = end + 1;
    }
    if (words.empty()) return false;
    const auto [begin, end] = words[random_() % words.size()];
    std::string_view word = line.substr(begin, end - begin);
    word = word.substr(0, word.find_last_not_of(".:-") + 1);
    const size_t first = begin - std::min(begin, kMaxContext);
    const std::string_view context = line.substr(first, begin - first);
    if (!IsExact(word) || !IsPlain(context) || !IsHidden(word)) return false;
    if (Occurrences(turn.text, context, 2) != 1) return false;
    task.question = absl::StrCat("In turn #", turn.seq, ", which string stands directly behind “",
                                 std::string(context), "”? It has no spaces.");
    task.answer = std::string(word);
    return true;
  }

  bool MakePassage(const PagedTurn& turn, const std::vector<std::string_view>& lines, size_t line,
                   Task& task) {
    const std::string_view first = Stripped(lines[line]);
    if (first.size() < 8 || !IsPlain(first) || Occurrences(turn.text, first, 2) != 1) return false;
    size_t count = 0;
    size_t bytes = 0;
    while (line + count < lines.size() && count < kMaxLines) {
      const std::string_view next = lines[line + count];
      if (bytes + next.size() + 1 > kMaxPassage || !IsPlain(next)) break;
      // Space at a line's end is what no edit repeats.
      if (!next.empty() && absl::ascii_isspace(static_cast<unsigned char>(next.back()))) break;
      bytes += next.size() + 1;
      ++count;
      if (count >= kMinLines && bytes >= kMinPassage && !next.empty() && random_() % 3 == 0) {
        break;
      }
    }
    while (count > 0 && Stripped(lines[line + count - 1]).empty()) --count;
    if (count < kMinLines || bytes < kMinPassage) return false;
    const char* const begin = lines[line].data();
    const std::string_view last = lines[line + count - 1];
    const std::string passage(begin, static_cast<size_t>(last.data() + last.size() - begin));
    if (!IsHidden(passage)) return false;
    task.question =
        absl::StrCat("Copy ", count, " lines of turn #", turn.seq, ", beginning with the line “",
                     std::string(first),
                     "”. Byte for byte, the indentation of every line and empty lines among them.");
    task.answer = passage;
    return true;
  }

  bool MakePlace(const PagedTurn& turn, std::string_view line, Task& task) {
    const std::string_view shown = Stripped(line).substr(0, kMaxPlace);
    if (shown.size() < kMinPlace || !IsPlain(shown) || !IsHidden(shown)) return false;
    task.question = absl::StrCat("Which turn has the line that begins “", std::string(shown),
                                 "”? Answer with its number, such as #57.");
    task.answer = absl::StrCat("#", turn.seq);
    return true;
  }

  const std::vector<const PagedTurn*> turns_;
  const std::vector<std::string>& session_;
  const std::string_view shown_;
  std::mt19937_64& random_;
};

std::string_view WithoutFence(std::string_view answer) {
  std::string_view text = answer;
  const size_t open = text.find("```");
  if (open == std::string_view::npos) return text;
  const size_t line_end = text.find('\n', open);
  if (line_end == std::string_view::npos) return text;
  text.remove_prefix(line_end + 1);
  const size_t close = text.rfind("```");
  return close == std::string_view::npos ? text : text.substr(0, close);
}

std::string_view WithoutNewlinesAround(std::string_view text) {
  while (!text.empty() && (text.front() == '\n' || text.front() == '\r')) text.remove_prefix(1);
  while (!text.empty() && absl::ascii_isspace(static_cast<unsigned char>(text.back()))) {
    text.remove_suffix(1);
  }
  return text;
}

std::string_view Bare(std::string_view text) {
  text = WithoutNewlinesAround(text);
  while (!text.empty() &&
         std::string_view(" \t\"'`").find(text.front()) != std::string_view::npos) {
    text.remove_prefix(1);
  }
  while (!text.empty() && std::string_view(" \t\"'`").find(text.back()) != std::string_view::npos) {
    text.remove_suffix(1);
  }
  return text;
}

std::string_view FirstNumber(std::string_view text) {
  const size_t begin = text.find_first_of("0123456789");
  if (begin == std::string_view::npos) return "";
  return text.substr(begin, text.find_first_not_of("0123456789", begin) - begin);
}

}  // namespace

const char* Name(TaskKind kind) {
  switch (kind) {
    case TaskKind::kString:
      return "string";
    case TaskKind::kPassage:
      return "passage";
    case TaskKind::kPlace:
      return "place";
  }
  return "unknown";
}

std::vector<Task> ChooseTasks(const std::vector<PagedTurn>& turns,
                              const std::vector<std::string>& session, std::string_view shown,
                              int per_kind, uint64_t seed) {
  std::map<std::string, std::vector<const PagedTurn*>> by_rung;
  for (const PagedTurn& turn : turns) by_rung[turn.rung].push_back(&turn);
  std::mt19937_64 random(seed);
  std::vector<Task> tasks;
  for (auto& [rung, on_rung] : by_rung) {
    TaskDrawer drawer(std::move(on_rung), session, shown, random);
    for (const TaskKind kind : kTaskKinds) drawer.Draw(kind, per_kind, tasks);
  }
  std::ranges::stable_sort(
      tasks, {}, [](const Task& task) { return std::tuple(task.rung, task.kind, task.seq); });
  return tasks;
}

bool IsRight(TaskKind kind, std::string_view right, std::string_view answer) {
  switch (kind) {
    case TaskKind::kString:
      return Bare(answer) == right;
    case TaskKind::kPassage: {
      std::string text(WithoutNewlinesAround(WithoutFence(answer)));
      std::erase(text, '\r');
      return text == WithoutNewlinesAround(right);
    }
    case TaskKind::kPlace:
      return !FirstNumber(answer).empty() && FirstNumber(answer) == FirstNumber(right);
  }
  return false;
}

Interval Confidence95(const Count& count) {
  if (count.all == 0) return {};
  constexpr double kZ = 1.959964;
  const auto n = static_cast<double>(count.all);
  const double share = count.Share();
  const double middle = (share + kZ * kZ / (2 * n)) / (1 + kZ * kZ / n);
  const double half =
      kZ / (1 + kZ * kZ / n) * std::sqrt(share * (1 - share) / n + kZ * kZ / (4 * n * n));
  return {.low = std::max(0.0, middle - half), .high = std::min(1.0, middle + half)};
}

}  // namespace fovea::cli
