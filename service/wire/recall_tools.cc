#include "service/wire/recall_tools.h"

#include <nlohmann/json.hpp>

namespace fovea::wire {
namespace {

using Json = nlohmann::ordered_json;

struct Tool {
  const char* name;
  const char* description;
  Json parameters;
};

constexpr char kRecall[] =
    "Reads back exactly what an earlier turn of this conversation holds: its text, the calls that "
    "were made with all their arguments, their results. Older turns are shown on "
    "pages: pictures of small text, in which every turn begins with its number, such as #57. What "
    "you read from a page may be wrong in single characters. Call this with the turn's number "
    "before you rely on the exact text of anything that you know only from a page (code to edit, "
    "a path, an id, a hash, a number, a command, an error, somebody's words), when a page is too "
    "small to read, and when a note names turns that are not shown. Do not guess: recalling is "
    "cheap.";
constexpr char kSearch[] =
    "Searches the exact text of this whole conversation, including turns that are on pages and "
    "turns that are not shown at all. Answers with turn numbers, such as #57, and a snippet of "
    "each with the byte at which it begins. Call this when you need something that was said, "
    "written or printed earlier and do not see where; then recall the turn, from that byte on if "
    "it "
    "is long.";

Json Property(const char* type, const char* description) {
  return {{"type", type}, {"description", description}};
}

std::vector<Tool> Tools() {
  const Json recall = {
      {"type", "object"},
      {"properties",
       {{"seq", Property("integer", "The turn's number: 57 for #57.")},
        {"first_byte", Property("integer",
                                "Where in the turn's text to begin, in bytes from 0. Leave it out "
                                "to begin at the start.")},
        {"max_bytes",
         Property("integer",
                  "How many bytes of text to give at most. Leave it out for all; set "
                  "it for a turn that may be very long, and read on with first_byte.")}}},
      {"required", {"seq"}}};
  const Json search = {
      {"type", "object"},
      {"properties",
       {{"query", Property("string",
                           "Words that must all occur in the turn; upper and lower case are the "
                           "same. A word that ends with * matches what begins with it.")},
        {"limit",
         Property("integer", "How many turns to give at most, 1 to 200; 20 if left out.")}}},
      {"required", {"query"}}};
  return {{"recall", kRecall, recall}, {"search", kSearch, search}};
}

// {"name", "description", `schema_key`: the parameters}
Json Flat(const Tool& tool, const char* schema_key) {
  return {{"name", tool.name}, {"description", tool.description}, {schema_key, tool.parameters}};
}

Json ForChat(const Tool& tool) {
  return {{"type", "function"}, {"function", Flat(tool, "parameters")}};
}

Json ForResponses(const Tool& tool) {
  Json json = {{"type", "function"}};
  json.update(Flat(tool, "parameters"));
  json["strict"] = false;  // true, the default, would make every parameter a required one
  return json;
}

}  // namespace

std::string RecallTools(std::optional<PayloadFormat> format) {
  Json tools = Json::array();
  for (const Tool& tool : Tools()) {
    if (!format.has_value()) {
      tools.push_back(Flat(tool, "inputSchema"));
      continue;
    }
    switch (EntryOf(*format).tools) {
      case ToolShape::kAnthropic:
        tools.push_back(Flat(tool, "input_schema"));
        break;
      case ToolShape::kGemini:
        tools.push_back(Flat(tool, "parametersJsonSchema"));
        break;
      case ToolShape::kResponses:
        tools.push_back(ForResponses(tool));
        break;
      case ToolShape::kChat:
        tools.push_back(ForChat(tool));
        break;
    }
  }
  // Gemini's one tool holds all functions.
  if (format.has_value() && EntryOf(*format).tools == ToolShape::kGemini) {
    tools = Json::array({Json{{"functionDeclarations", tools}}});
  }
  return tools.dump();
}

}  // namespace fovea::wire
