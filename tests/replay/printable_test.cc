#include "replay/printable.h"

#include <gtest/gtest.h>

namespace fovea::replay {
namespace {

TEST(Printable, IsTheTextWithoutWhatATerminalObeysOrWhatHides) {
  struct Case {
    const char* text;
    const char* printable;
  };
  for (const Case& c :
       {Case{"plain – Grüße 会", "plain – Grüße 会"}, Case{"\x1b]0;title\x07", "%1B]0;title%07"},
        Case{"two\r\nlines\ttab", "two%0D%0Alines%09tab"}, Case{"\x7f", "%7F"},
        Case{"\u009b31m", "%C2%9B31m"}, Case{"a\u202eb", "a%E2%80%AEb"},
        Case{"a\u2028b", "a%E2%80%A8b"}, Case{"ill\xff", "ill%FF"}}) {
    EXPECT_EQ(Printable(c.text), c.printable);
  }
}

}  // namespace
}  // namespace fovea::replay
