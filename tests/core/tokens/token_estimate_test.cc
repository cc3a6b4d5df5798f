#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "core/tokens/token_counter.h"
#include "core/tokens/token_estimate.h"

namespace fovea {
namespace {

std::string Repeat(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

// With the true count of o200k_base, and the most that the estimate may be.
struct Sample {
  const char* name;
  std::string text;
  int64_t tokens;
  double most;
};

class SampleText : public testing::TestWithParam<Sample> {};

TEST_P(SampleText, IsEstimatedOnTheSafeSide) {
  const Sample& sample = GetParam();
  const int64_t estimate = EstimateTokens(sample.text);
  EXPECT_GE(estimate, sample.tokens);
  EXPECT_LE(static_cast<double>(estimate), static_cast<double>(sample.tokens) * sample.most);
}

INSTANTIATE_TEST_SUITE_P(
    All, SampleText,
    testing::ValuesIn(std::vector<Sample>{
        {"Prose",
         "The log is the truth; pages are a cache. Every served page can be thrown away and drawn "
         "again from the log.",
         25, 1.5},
        {"Code",
         "for (size_t i = 0; i < strings.size(); ++i) {\n  if (!strings[i].empty()) "
         "out->push_back(strings[i]);\n}\n",
         34, 1.4},
        {"Json",
         "{\"user_id\": \"mia_li_3668\", \"reservations\": [{\"id\": \"4WQ150\", \"price\": "
         "1234.5, \"open\": true}]}",
         39, 1.4},
        {"Hex", "83db48f84a1c2d9e7b605f13c4d2e8a90f1b2c3d 5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f7081",
         65, 1.3},
        {"Base64",
         "SGVsbG8sIHRoaXMgaXMgYSBsb25nZXIgYmFzZTY0IHN0cmluZyB0aGF0IGhvbGRzIHNvbWUgdGV4dA==", 53,
         1.5},
        {"Uuid", "550e8400-e29b-41d4-a716-446655440000 7c9e6679-7425-40de-944b-e07fc1f90ae7", 42,
         1.3},
        {"CamelCase", "getUserByIdFromServer parseJsonResponseIntoMap HTTPServerConnectionPool", 15,
         1.7},
        {"SnakeCase", "max_token_len_per_req __init__ parse_reader_profile kMaxSidePx", 15, 1.6},
        {"Emoji", "Deploy done 🚀 tests pass ✅ docs missing ⚠️ 👩‍💻 🇩🇪", 21,
         2.2},
        {"Terminal",
         "\x1B[31mFAIL\x1B[39m src/a.test.ts \x1B[2m>\x1B[22m adds\n\x1B[32m✓\x1B[39m ok "
         "(\x1B[33m12\x1B[39mms)",
         47, 1.5},
        {"Path", "/usr/lib/x86_64-linux-gnu/libc.so.6 src/core/reader_profile.cc:128:5", 24, 1.5},
        {"Russian",
         "Память хранит весь разговор без потерь и отдаёт его модели как контекст ограниченного "
         "размера.",
         22, 2.2},
        {"Chinese",
         "记忆完整地保存对话，并以有限大小的上下文提供给模型。较早的内容绘制在分辨率更低的页面上。",
         34, 2.2},
        {"Japanese",
         "メモリは会話の全文を失わずに保存し、限られた大きさの文脈としてモデルに渡します。", 33,
         2.2},
        {"Korean",
         "메모리는 대화 전체를 손실 없이 저장하고 제한된 크기의 문맥으로 모델에 전달합니다.", 24,
         3.0},
        {"Arabic", "تحفظ الذاكرة المحادثة كاملة دون فقدان وتقدمها للنموذج كسياق محدود الحجم.", 24,
         2.2},
        {"Hindi", "स्मृति पूरी बातचीत को बिना हानि के सहेजती है और मॉडल को सीमित आकार का संदर्भ देती है।", 27,
         2.2},
        {"Thai", "หน่วยความจำเก็บบทสนทนาทั้งหมดโดยไม่สูญเสียและส่งให้แบบจำลองเป็นบริบทขนาดจำกัด", 31, 2.2},
        {"Greek", "Η μνήμη κρατά ολόκληρη τη συνομιλία χωρίς απώλειες και τη δίνει στο μοντέλο.",
         28, 2.2},
        {"German",
         "Das Gedächtnis bewahrt das ganze Gespräch verlustfrei und übergibt es dem Modell als "
         "begrenzten Kontext.",
         26, 2.2},
        {"Spanish",
         "La memoria guarda toda la conversación sin pérdidas y la entrega al modelo como un "
         "contexto limitado.",
         18, 2.2},
        {"Romanian",
         "Memoria păstrează întreaga conversație fără pierderi și o oferă modelului ca un context "
         "de mărime limitată.",
         29, 2.2},
        {"Turkish",
         "Bellek tüm konuşmayı kayıpsız saklar ve modele sınırlı büyüklükte bir bağlam olarak "
         "sunar.",
         27, 2.2},
        {"Vietnamese",
         "Bộ nhớ lưu giữ toàn bộ cuộc trò chuyện mà không mất mát và trao cho mô hình một ngữ cảnh "
         "giới hạn.",
         27, 2.2},
    }),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(EstimateTokens, NothingCostsNothing) { EXPECT_EQ(EstimateTokens(""), 0); }

TEST(EstimateTokens, DigitsGoByThrees) {
  const int64_t three = EstimateTokens(Repeat("123 ", 300));
  const int64_t four = EstimateTokens(Repeat("1234 ", 300));
  EXPECT_GE(three, 600);
  EXPECT_GE(four, 900);
  EXPECT_LT(three, four);
}

// Of a vocabulary with single digits.
TEST(EstimateTokens, IsOfTheFamily) {
  EXPECT_EQ(TokenFamilyOf("qwen"), TokenFamily::kQwen);
  EXPECT_EQ(TokenFamilyOf("tekken"), TokenFamily::kTekken);
  EXPECT_EQ(TokenFamilyOf(""), TokenFamily::kO200k);
  EXPECT_EQ(TokenFamilyOf("no such"), TokenFamily::kO200k);
  const std::string digits = Repeat("123456 ", 100);
  EXPECT_GE(EstimateTokens(digits, TokenFamily::kQwen), 700);
  EXPECT_LT(EstimateTokens(digits, TokenFamily::kO200k), 600);
  EXPECT_EQ(EstimateTokens(digits), EstimateTokens(digits, TokenFamily::kO200k));
}

// One token less is not enough where every piece is a token.
TEST(EstimateTokens, IsNearTheTruthOfPlainWords) {
  const std::string words = Repeat(" the file was not found", 200);  // five tokens
  EXPECT_GE(EstimateTokens(words), 1000);
  EXPECT_LE(EstimateTokens(words), 1100);
}

TEST(EstimateTokens, CamelCaseIsCut) {
  EXPECT_GT(EstimateTokens(Repeat(" getUserByName", 50)),
            2 * EstimateTokens(Repeat(" understanding", 50)));
}

// Nothing is counted by a byte that is not there, whatever the bytes.
TEST(EstimateTokens, TakesAnyBytes) {
  std::mt19937 random(7);
  for (int round = 0; round < 3000; ++round) {
    std::string text(random() % 40, '\0');
    for (char& c : text) c = static_cast<char>(random());
    const int64_t tokens = EstimateTokens(std::string(text.data(), text.size()));
    EXPECT_GE(tokens, text.empty() ? 0 : 1);
    EXPECT_LE(tokens, 8 + 5 * static_cast<int64_t>(text.size()));
    EXPECT_EQ(tokens, EstimateTokens(text));
  }
}

TEST(EstimateTokens, LongRunsStayLinear) {
  for (const char* piece : {"a", "A", " ", "\n", "-", "9", "é", "文", "\xF0\x9F\x9A\x80", "\xFF",
                            "\x1B[", "─", "'s", "_"}) {
    const double once = static_cast<double>(EstimateTokens(Repeat(piece, 20000)));
    const double twice = static_cast<double>(EstimateTokens(Repeat(piece, 40000)));
    EXPECT_NEAR(twice / once, 2, 0.05) << piece;
  }
}

}  // namespace
}  // namespace fovea
