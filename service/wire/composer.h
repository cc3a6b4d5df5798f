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
  CallNameRule names;
  // A call's arguments are a JSON object. Others go out as a field of one.
  bool object_arguments = false;
  // There are freeform tools, whose calls have any text for input.
  bool custom_calls = false;
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
  // A document of a result's may stand behind the results, where it may not stand in them.
  bool documents_behind_results = false;
  // A result that is an error holds text, and some at least.
  bool errors_are_text = false;
  // A result has a field that says that it is an error. Else its text does.
  bool has_error_field = false;
  // Calls in one message, at most; 0: no limit.
  size_t max_calls = 0;
  // White space at the end of an assistant's message that is the last is refused.
  bool trims_last = false;
  bool takes_gifs = true;
  // A model's chat template stands behind it: its dialect is spoken.
  bool chat_templates = false;
  // The block for an opaque part of a turn of that role; nothing if the API does not take it.
  std::optional<Block> (*own_block)(const OpaquePart& part, Role role,
                                    const ReaderTraits& reader) = nullptr;
  // The API's own blocks, of users and in results; nothing if it does not take that one.
  std::optional<Block> (*document)(const DocumentPart& part, const ReaderTraits& reader) = nullptr;
  std::optional<Block> (*search_result)(const SearchResultPart& part) = nullptr;
  Block (*tool_reference)(const ToolReferencePart& part) = nullptr;
  // Sees an assistant step's blocks before they become a message. Gives how many it left out.
  uint32_t (*settle)(std::vector<Block>* blocks, Conversation* conversation) = nullptr;
};

// A format that composes by rules, and adds how its API checks and writes. Thread-safe.
class ComposedFormat : public JsonFormat {
 public:
  explicit ComposedFormat(const ApiRules& rules) : rules_(rules) {}

  Conversation Begin(const ReaderTraits& reader) const final;
  void AddGroup(const ServedGroup& group, Place place, Conversation* to) const final;
  void Reserve(const ServedGroup& newest, Conversation* to) const final;
  void AddHistory(const std::vector<HistoryMessage>& history, Conversation* to) const final;
  void End(Conversation* to) const final;
  void MarkPrefix(const std::vector<HistoryMessage>& history, Conversation* to) const override;
  void MarkTail(Conversation* to) const override;

 private:
  const ApiRules rules_;
};

// `arguments` if they are a JSON object, "{}" if they are blank, else an object with the one field
// "_raw_arguments".
std::string ArgumentsObject(const std::string& arguments);
// An object with the one field "input": a freeform call's, where there are no freeform tools.
std::string InputObject(const std::string& input);

}  // namespace fovea::wire

#endif  // FOVEA_SERVICE_WIRE_COMPOSER_H_
