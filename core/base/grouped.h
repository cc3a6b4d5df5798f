// Numbers as a reader takes them in.
#ifndef FOVEA_CORE_BASE_GROUPED_H_
#define FOVEA_CORE_BASE_GROUPED_H_

#include <cstdint>
#include <string>

namespace fovea {

// 1234567 as "1,234,567".
std::string Grouped(uint64_t number);

}  // namespace fovea

#endif  // FOVEA_CORE_BASE_GROUPED_H_
