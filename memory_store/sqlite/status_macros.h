// Early return on error, under the names that this room uses.
#ifndef FOVEA_MEMORY_STORE_SQLITE_STATUS_MACROS_H_
#define FOVEA_MEMORY_STORE_SQLITE_STATUS_MACROS_H_

#include "core/base/status_macros.h"

#define STORE_RETURN_IF_ERROR(expression) FOVEA_RETURN_IF_ERROR(expression)
#define STORE_ASSIGN_OR_RETURN(lhs, expression) FOVEA_ASSIGN_OR_RETURN(lhs, expression)

#endif  // FOVEA_MEMORY_STORE_SQLITE_STATUS_MACROS_H_
