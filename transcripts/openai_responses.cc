#include "transcripts/openai_responses.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "transcripts/fields.h"
#include "transcripts/openai_parts.h"
#include "transcripts/texts.h"

namespace fovea::transcripts {
namespace {

// Items of the documents without a part of their own.
constexpr std::array<std::string_view, 28> kWholeTypes = {"reasoning",
                                                          "web_search_call",
                                                          "file_search_call",
                                                          "computer_call",
                                                          "computer_call_output",
                                                          "local_shell_call",
                                                          "local_shell_call_output",
                                                          "shell_call",
                                                          "shell_call_output",
                                                          "apply_patch_call",
                                                          "apply_patch_call_output",
                                                          "mcp_call",
                                                          "mcp_list_tools",
                                                          "mcp_approval_request",
                                                          "mcp_approval_response",
                                                          "image_generation_call",
                                                          "code_interpreter_call",
                                                          "compaction",
                                                          "compaction_summary",
                                                          "compaction_trigger",
                                                          "item_reference",
                                                          "tool_search_call",
                                                          "tool_search_output",
                                                          "additional_tools",
                                                          "ghost_snapshot",
                                                          "context_compaction",
                                                          "program",
                                                          "program_output"};

absl::StatusOr<Role> RoleOf(const std::string& name, const Fields& fields) {
  if (name == "system" || name == "developer") return Role::kSystem;
  if (name == "user") return Role::kUser;
  if (name == "assistant") return Role::kAssistant;
  return fields.Error("role",
                      absl::StrCat("is \"", name, "\", not system, developer, user or assistant"));
}

absl::StatusOr<ReadMessage> ReadMessageItem(Fields& fields) {
  FOVEA_ASSIGN_OR_RETURN(std::string name, fields.TakeText("role"));
  FOVEA_ASSIGN_OR_RETURN(Role role, RoleOf(name, fields));
  MessageBuilder builder(role);
  if (name == "developer") builder.Keep("role", JsonOf(name));
  // Only what an assistant says has a phase, of bounded length.
  constexpr size_t kMaxPhase = 64;
  std::string phase;
  if (const Json* const said = fields.Take("phase")) {
    const bool fits =
        role == Role::kAssistant && IsText(*said) && BytesOf(*said)->size() <= kMaxPhase;
    if (fits) phase = BytesOf(*said).value();
    if (!fits) builder.Keep("phase", *said);
  }
  if (const Json* const content = fields.Take("content")) {
    FOVEA_RETURN_IF_ERROR(ReadOpenAiContent(*content, fields.PathOf("content"), phase, builder));
  }
  builder.Keep(fields.Rest({"id", "status", "internal_chat_message_metadata_passthrough"},
                           builder.unknown_keys()));
  return std::move(builder).Finish("content");
}

absl::StatusOr<ReadMessage> ReadCallItem(Fields& fields, bool custom) {
  MessageBuilder builder(Role::kAssistant);
  ToolCallPart call{.call_id = fields.TakeTextOrJson("call_id")};
  FOVEA_ASSIGN_OR_RETURN(std::string name, fields.TakeText("name"));
  call.name = std::move(name);
  call.custom = custom;
  const Json* const written = fields.Take(custom ? "input" : "arguments");
  call.arguments_json = written == nullptr ? "" : ArgumentsOf(written);
  builder.Add(std::move(call));
  builder.Keep(fields.Rest({"id", "status", "namespace", "caller", "created_by",
                            "internal_chat_message_metadata_passthrough"},
                           builder.unknown_keys()));
  return std::move(builder).Finish("name");
}

absl::StatusOr<ReadMessage> ReadOutputItem(Fields& fields) {
  MessageBuilder builder(Role::kTool);
  ToolResultPart result{.call_id = fields.TakeTextOrJson("call_id")};
  const Json* const output = fields.Take("output");
  if (output == nullptr) return fields.Error("output", "it holds nothing");
  FOVEA_ASSIGN_OR_RETURN(Json kept, ReadOpenAiOutput(*output, fields.PathOf("output"), result,
                                                     builder.unknown_keys()));
  builder.Add(std::move(result), kept);
  builder.Keep(fields.Rest({"id", "status", "name", "caller", "created_by",
                            "internal_chat_message_metadata_passthrough"},
                           builder.unknown_keys()));
  return std::move(builder).Finish("output");
}

}  // namespace

absl::StatusOr<ReadMessage> ReadOpenAiResponsesItem(const Json& item) {
  if (!item.is_object()) return absl::InvalidArgumentError("an item must be an object");
  Fields fields(item, "");
  FOVEA_ASSIGN_OR_RETURN(std::string type, fields.TakeText("type"));
  if (type == "message" || (type.empty() && fields.Has("role"))) return ReadMessageItem(fields);
  if (type == "function_call") return ReadCallItem(fields, /*custom=*/false);
  if (type == "custom_tool_call") return ReadCallItem(fields, /*custom=*/true);
  if (type == "function_call_output" || type == "custom_tool_call_output") {
    return ReadOutputItem(fields);
  }
  if (type.empty()) return fields.Error("type", "is missing, and there is no role");
  const bool output = absl::EndsWith(type, "_output") || type == "mcp_approval_response";
  MessageBuilder builder(output ? Role::kTool : Role::kAssistant);
  if (!IsResponsesItemType(type)) {
    builder.unknown_keys().push_back(absl::StrCat("type=", type));
  }
  builder.Add(WholeBlock(absl::StrCat("openai.", type), item));
  return std::move(builder).Finish("type");
}

bool IsResponsesItemType(std::string_view type) {
  return type == "message" || type == "function_call" || type == "function_call_output" ||
         type == "custom_tool_call" || type == "custom_tool_call_output" ||
         std::find(kWholeTypes.begin(), kWholeTypes.end(), type) != kWholeTypes.end();
}

}  // namespace fovea::transcripts
