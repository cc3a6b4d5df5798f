// Early return on error. For .cc files and templates only.
#ifndef FOVEA_CORE_BASE_STATUS_MACROS_H_
#define FOVEA_CORE_BASE_STATUS_MACROS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define FOVEA_CONCAT_INNER(a, b) a##b
#define FOVEA_CONCAT(a, b) FOVEA_CONCAT_INNER(a, b)

// The name differs by line, because an expression may hold a lambda that uses the macro too.
#define FOVEA_RETURN_IF_ERROR(expression) \
  FOVEA_RETURN_IF_ERROR_IMPL(FOVEA_CONCAT(fovea_status_, __LINE__), expression)

#define FOVEA_RETURN_IF_ERROR_IMPL(status, expression) \
  do {                                                 \
    absl::Status status = (expression);                \
    if (!(status).ok()) return status;                 \
  } while (false)

// FOVEA_ASSIGN_OR_RETURN(auto value, StatusOrExpression());
#define FOVEA_ASSIGN_OR_RETURN(lhs, expression) \
  FOVEA_ASSIGN_OR_RETURN_IMPL(FOVEA_CONCAT(fovea_statusor_, __LINE__), lhs, expression)

// The left side may be a declaration, which cannot stand in parentheses.
// NOLINTBEGIN(bugprone-macro-parentheses)
#define FOVEA_ASSIGN_OR_RETURN_IMPL(statusor, lhs, expression) \
  auto statusor = (expression);                                \
  if (!(statusor).ok()) return std::move(statusor).status();   \
  lhs = *std::move(statusor)
// NOLINTEND(bugprone-macro-parentheses)

#endif  // FOVEA_CORE_BASE_STATUS_MACROS_H_
