// A context as a list of messages, as a chat API wants it, before it is written as JSON.
#ifndef FOVEA_SERVICE_WIRE_MESSAGE_H_
#define FOVEA_SERVICE_WIRE_MESSAGE_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/log/turn.h"
#include "core/log/turn_source.h"
#include "core/strip/strip.h"

namespace fovea::wire {

// A page of Fovea's, or a picture of the agent's own.
struct Image {
  std::string page_id;     // "" for the agent's own
  std::string resolution;  // a page's: the reader's setting, "" if it has none
  TurnPtr owner;           // keeps `own` alive
  const ImagePart* own = nullptr;
};

struct Block {
  enum class Kind : uint8_t {
    kText = 1,
    kImage = 2,
    kCall = 3,    // id, name, and text: its arguments
    kResult = 4,  // id and name of its call, is_error, and content
    kRaw = 5      // of the API's own; text: as it goes out; id and name: as the format has use for
  };
  Kind kind = Kind::kText;
  std::string text;  // well-formed UTF-8
  std::string id;
  std::string name;
  Image image;
  std::vector<Block> content;  // kText, kImage and documents (kRaw) only
  std::string signature;       // kText and kCall: what the API signed it with, as JSON; mostly ""
  std::string phase;           // kText: the part's
  bool is_error = false;
  bool breakpoint = false;   // a provider may cache everything up to here
  bool custom = false;       // kCall and kResult: of a freeform tool
  bool refusal = false;      // kText: said instead of an answer
  bool begins_turn = false;  // the first of a turn that goes on with the step of the one before
  bool is_document = false;  // kRaw: takes a breakpoint, and users and results may hold it
  size_t media = 0;          // kRaw: the pictures and pages that the API counts in it
};

struct Message {
  Role role = Role::kUser;
  std::vector<Block> blocks;
  bool open = false;       // the prefix's last: what is written of it can be gone on with
  bool continues = false;  // the tail's first: goes on with the one that is open
};

// `text` is made well-formed.
Block TextBlock(const std::string& text);
Block PageBlock(const PlannedPage& page);
Block OwnImageBlock(const TurnPtr& owner, const ImagePart& image);
// The bytes of `text` without the white space at its end, Unicode's and control characters' U+001C
// to U+001F included.
size_t TrimmedBytes(std::string_view text);
// White space only, or nothing: some APIs refuse such a text.
bool IsBlank(std::string_view text);

// What stands where a message would have nothing in it, in nobody's voice.
extern const char kNothingNote[];
// What says that a result is an error where the API has no field for it, or no text stands in it.
extern const char kErrorNote[];

}  // namespace fovea::wire

#endif  // FOVEA_SERVICE_WIRE_MESSAGE_H_
