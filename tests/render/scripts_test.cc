#include <gtest/gtest.h>

#include "tests/render/pages.h"

namespace fovea::render {
namespace {

struct Language {
  const char* name;
  const char* text;
};

class Languages : public testing::TestWithParam<Language> {};

TEST_P(Languages, AreDrawnWithoutAMissingGlyph) {
  const PageContent content = Turns({GetParam().text, GetParam().text});
  for (const int pitch : {7, 9, 16}) {
    const PageTypography typography{.line_pitch_px = pitch, .grey_bits = 4};
    uint64_t missing = 0;
    uint64_t hidden = 0;
    for (const PageExtent& extent : LayOutAll(content, kBox, typography)) {
      const auto page = SharedRenderer().Draw(content, extent, typography, {});
      ASSERT_TRUE(page.ok());
      missing += page->missing_glyphs;
      hidden += page->hidden_characters;
    }
    EXPECT_EQ(missing, 0U);
    EXPECT_EQ(hidden, 0U);
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, Languages,
    testing::Values(
        Language{"Arabic", "تحفظ الخدمة المحادثة كلها (حتى عام 2026)، وترسم الصفحات القديمة أصغر."},
        Language{"Chinese", "服务保存整个对话，并把较旧的部分画成越来越小的页面（2026年）。"},
        Language{"English", "The service keeps the whole conversation – “older” pages shrink."},
        Language{"German",
                 "Der Dienst bewahrt das ganze Gespräch; ältere Seiten werden größer „klein“."},
        Language{"Greek",
                 "Η υπηρεσία κρατά όλη τη συνομιλία και σχεδιάζει τις παλιές σελίδες μικρότερες."},
        Language{"Hindi", "सेवा पूरी बातचीत रखती है और पुराने पृष्ठों को छोटा बनाती है। क्षत्रिय, ज्ञान, श्री।"},
        Language{"Romanian",
                 "Serviciul păstrează întreaga conversație și desenează paginile vechi mai mici."},
        Language{"Russian", "Сервис хранит весь разговор и рисует старые страницы всё мельче."},
        Language{"Spanish",
                 "¿Dónde está la conversación? El servicio dibuja las páginas más pequeñas."},
        Language{"Thai", "บริการเก็บบทสนทนาทั้งหมด และวาดหน้าเก่าให้เล็กลงเรื่อย ๆ ที่นี่"},
        Language{"Turkish",
                 "Hizmet tüm konuşmayı saklar; eski sayfaları gittikçe küçültür, İstanbul ığüşöç."},
        Language{"Vietnamese", "Dịch vụ giữ toàn bộ cuộc trò chuyện và vẽ các trang cũ nhỏ dần."},
        Language{"Hebrew", "השירות שומר את כל השיחה (גם 2026) וּמְצַיֵּר דפים ישנים."},
        Language{"Japanese", "サービスは会話全体を保存し、古いページを小さく描きます。"},
        Language{"Korean", "서비스는 대화 전체를 보관하고 오래된 페이지를 작게 그립니다."},
        Language{"Symbols", "→ ✓ ✗ ⚠ ∀x∈ℝ ≤ √ │├└─┐ █▓▒░ ⠋⠙⠹ ★ € £ 😀 🚀 👍"}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace fovea::render
