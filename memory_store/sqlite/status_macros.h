// Early return on error. For .cc files of this room only.
#ifndef FOVEA_MEMORY_STORE_SQLITE_STATUS_MACROS_H_
#define FOVEA_MEMORY_STORE_SQLITE_STATUS_MACROS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define STORE_CONCAT_INNER(a, b) a##b
#define STORE_CONCAT(a, b) STORE_CONCAT_INNER(a, b)

// The name differs by line, because an expression may hold a lambda that uses the macro too.
#define STORE_RETURN_IF_ERROR(expression) \
  STORE_RETURN_IF_ERROR_IMPL(STORE_CONCAT(store_status_, __LINE__), expression)

#define STORE_RETURN_IF_ERROR_IMPL(status, expression) \
  do {                                                 \
    absl::Status status = (expression);                \
    if (!(status).ok()) return status;                 \
  } while (false)

#define STORE_ASSIGN_OR_RETURN(lhs, expression) \
  STORE_ASSIGN_OR_RETURN_IMPL(STORE_CONCAT(store_statusor_, __LINE__), lhs, expression)

// The left side may be a declaration, which cannot stand in parentheses.
// NOLINTBEGIN(bugprone-macro-parentheses)
#define STORE_ASSIGN_OR_RETURN_IMPL(statusor, lhs, expression) \
  auto statusor = (expression);                                \
  if (!(statusor).ok()) return std::move(statusor).status();   \
  lhs = *std::move(statusor)
// NOLINTEND(bugprone-macro-parentheses)

#endif  // FOVEA_MEMORY_STORE_SQLITE_STATUS_MACROS_H_
