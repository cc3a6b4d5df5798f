// Numbers on the command line: what is not wholly one, or out of its range, is a usage error.
#ifndef FOVEA_CLI_NUMBERS_H_
#define FOVEA_CLI_NUMBERS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace CLI {
class Option;
}  // namespace CLI

namespace fovea::cli {

// Decimal digits alone, no sign, of a number within [least, most].
std::optional<uint64_t> ParseWhole(std::string_view text, uint64_t least, uint64_t most);
// The same with a K, M, G or T behind it, powers of 1024.
std::optional<uint64_t> ParseBytes(std::string_view text, uint64_t least, uint64_t most);
// Decimal digits with a point among them or not.
std::optional<double> ParseDecimal(std::string_view text, double least, double most);

// Have an option take such numbers alone. CLI11 by itself takes 0x10 and 010, and wraps -1 around.
// An option for several numbers has each checked.
CLI::Option* TakeWhole(CLI::Option* option, uint64_t least, uint64_t most);
CLI::Option* TakeBytes(CLI::Option* option, uint64_t least, uint64_t most);
CLI::Option* TakeDecimal(CLI::Option* option, double least, double most);

}  // namespace fovea::cli

#endif  // FOVEA_CLI_NUMBERS_H_
