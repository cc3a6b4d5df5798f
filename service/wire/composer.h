// From groups of turns to an API's messages, by the rules in which APIs differ.
#ifndef FOVEA_SERVICE_WIRE_COMPOSER_H_
#define FOVEA_SERVICE_WIRE_COMPOSER_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/context/context.h"
#include "service/wire/call_names.h"
#include "service/wire/conversation.h"
#include "service/wire/format.h"
#include "service/wire/message.h"

namespace fovea::wire {

// What an API asks of a conversation. The defaults ask nothing.
struct ApiRules {
  CallIdRule call_ids;
  size_t max_name_bytes = 64;
  // A function's name begins with a letter or '_'.
  bool name_begins_with_letter = false;
  // A call's arguments are a JSON object. Others go out as a field of one.
  bool object_arguments = false;
  // Texts of white space alone are refused, not only empty ones.
  bool refuses_blank_text = false;
  // There is one system text, before everything; a later system turn is a note to the user's side.
  bool one_system_text = false;
  // The first message is the user's.
  bool user_begins = false;
  // A call may not follow an assistant's message: assistants' messages in a row become one.
  bool joins_assistants = false;
  // The results of a step stand in one message of the user's. Else each is a message of role tool.
  bool results_in_one_message = false;
  // Results hold pictures. Else a note stands in the result, and the picture in the user's message
  // behind the results.
  bool pictures_in_results = false;
  // A result that is an error holds text, and some at least.
  bool errors_are_text = false;
  // Calls in one message, at most; 0: no limit.
  size_t max_calls = 0;
  // White space at the end of an assistant's message that is the last is refused.
  bool trims_last = false;
  // An assistant's blocks keep their order. Else the API's own come first, then texts, then calls.
  bool keeps_order = false;
  bool takes_gifs = true;
  // The block for an opaque part of a turn of that role; nothing if the API does not take it.
  std::optional<Block> (*own_block)(const OpaquePart& part, Role role) = nullptr;
  // Sees an assistant turn's blocks before they become a message.
  void (*settle)(std::vector<Block>* blocks, Conversation* conversation) = nullptr;
};

// A format that composes by rules, and adds how its API checks and writes. Thread-safe.
class ComposedFormat : public JsonFormat {
 public:
  explicit ComposedFormat(const ApiRules& rules) : rules_(rules) {}

  Conversation Begin(const ReaderTraits& reader) const final;
  void AddGroup(const ServedGroup& group, Place place, Conversation* to) const final;
  void AddHistory(const std::vector<HistoryMessage>& history, Conversation* to) const final;
  void End(Conversation* to) const final;
  void MarkPrefix(const std::vector<HistoryMessage>& history, Conversation* to) const override;
  void MarkTail(Conversation* to) const override;

 private:
  const ApiRules rules_;
};

// Marks the ends of at most `most` rungs in the messages that `history` became, which are the last:
// the deepest first, because they move least, and the last of all, because it covers all.
void MarkRungEnds(const std::vector<HistoryMessage>& history, size_t most,
                  std::vector<Message>* messages);
// Marks the last block that is not the API's own.
void MarkEnd(Message* message);

// `arguments` if they are a JSON object, "{}" if they are blank, else an object with the one field
// "_raw_arguments".
std::string ArgumentsObject(const std::string& arguments);

}  // namespace fovea::wire

#endif  // FOVEA_SERVICE_WIRE_COMPOSER_H_
