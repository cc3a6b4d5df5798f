// Readers: how a model counts, accepts and reads what a context holds. Profiles are data
// (readers/).
#ifndef FOVEA_CORE_READER_READER_PROFILE_H_
#define FOVEA_CORE_READER_READER_PROFILE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/page/paper.h"
#include "core/reader/image_rule.h"
#include "core/reader/text_tokenizer.h"

namespace fovea {

// A size of paper that the reader takes without resizing it.
struct PagePaper {
  PageBox box;
  std::string resolution;  // the wire's setting, "" if none: "MEDIA_RESOLUTION_HIGH", "original"
  int flat_tokens = 0;     // for kFlat: what the page costs at this setting
};

// One optical rung of the ladder.
struct Rung {
  std::string name;  // "sharp", "soft", "faint", "trace"
  PageTypography typography;
  double pixels_per_character = 0;  // on a full reflowed page of mixed agent text
  double legibility = 0;            // expected share of characters read back, 0 to 1
  double exact_legibility = 0;  // expected share of 12-digit hex strings read back exactly, 0 to 1
  // Expected share of passages (code of 4 to 14 lines) copied byte for byte, 0 to 1.
  double passage_legibility = 0;
  // Of each of the three. What was not measured of exact strings and passages is 0 and assumed.
  Evidence evidence = Evidence::kAssumed;
  Evidence exact_evidence = Evidence::kAssumed;
  Evidence passage_evidence = Evidence::kAssumed;
  std::string source;  // for people
  std::string exact_source;
  std::string passage_source;
  // The papers for this rung, by tokens of a full page, dearest first. The first takes full pages;
  // the remainder of a run goes to whichever is cheapest.
  std::vector<PagePaper> papers;
};

struct ReaderLimits {
  int max_images = 0;            // in one request; 0: none stated
  uint64_t max_body_bytes = 0;   // of one request; 0: none stated
  uint64_t max_image_bytes = 0;  // of one image as sent; 0: none stated
  int max_side_px = 0;           // of one image; 0: none stated
  int many_images = 0;           // with more than these in one request, ...
  int many_images_side_px = 0;   // ... no side may be longer; both 0: none stated
  Evidence evidence = Evidence::kAssumed;
  std::string source;
};

struct CacheRule {
  double read_price = 1;   // of a cached token, as a share of the input price
  double write_price = 1;  // of writing one to the cache, as such a share
  int64_t lifetime_seconds = 0;
  int max_breakpoints = 0;  // 0: the provider finds prefixes on its own
  Evidence evidence = Evidence::kAssumed;
  std::string source;
};

// What the provider asks for, in US dollars a million tokens; 0 where nothing is stated.
struct Prices {
  double input = 0;
  double output = 0;
  std::string date;  // of the list, YYYY-MM-DD or YYYY-MM; "" if none was found
  Evidence evidence = Evidence::kAssumed;
  std::string source;
};

struct ReaderProfile {
  std::string name;  // "claude"
  std::string title;
  std::vector<std::string> models;  // that the profile was made for
  // Ids of models as their providers spell them, which find the profile (core/reader/model_id.h).
  std::vector<std::string> ids;
  std::string family;  // the name of the profile that it was made from; its own if of none
  ImageTokenRule image_rule;
  std::vector<Rung> ladder;  // sharpest first; empty for a text-only reader
  ReaderLimits limits;
  CacheRule cache;
  // Tokens of text are estimated as o200k-like tokens times this, rounded up. At least 1; larger
  // where the reader's own tokenizer is finer or unknown.
  double text_token_factor = 1;
  // Counts its text exactly; null where it is estimated. Not a part of the profile's file: whoever
  // has the vocabulary sets it.
  std::shared_ptr<const TextTokenizer> tokenizer;
  bool text_tokens_exact() const { return tokenizer != nullptr && !tokenizer->failed(); }
  Evidence text_evidence = Evidence::kAssumed;  // of the factor
  std::string text_source;
  // What a provider's own counts add to these (core/tokens/usage_correction.h). Not of the file.
  double text_correction = 1;
  // The name of the vocabulary that counts its text exactly, "" where the tokenizer is not public.
  std::string vocabulary;
  bool tool_result_images = false;  // the reader's usual API takes images in tool results
  bool takes_webp = false;          // documented to take WebP
  // Roles whose messages may hold images: "user", "assistant", "tool".
  std::vector<std::string> image_roles;
  Prices prices;
  std::string source;
  std::string confidence;
  std::string json;  // the text that the profile was read from
};

// Tokens of an image of the given size by the reader's rule, overhead included; `flat_tokens` (the
// paper's price, positive) where the rule says so, and ignored elsewhere. INVALID_ARGUMENT if the
// reader takes no images, or none of that size, or a side is not within 1 to 2^20 pixels.
absl::StatusOr<int64_t> ImageTokens(const ReaderProfile& reader, int width, int height,
                                    int flat_tokens);

// Reads a profile from its JSON text (readers/README.md describes the fields). INVALID_ARGUMENT
// names `file`, the line, and the field's path for a wrong value. Unknown and repeated fields are
// refused.
absl::StatusOr<ReaderProfile> ParseReaderProfile(std::string_view file, std::string_view json);

// What a person should know before a model reads by this profile, a sentence each: exact strings
// are not read from its pages, or nothing was measured. Empty for a reader of text.
std::vector<std::string> ReaderWarnings(const ReaderProfile& reader);

// Profiles by name. Thread-compatible; const access is thread-safe.
class ReaderCatalogue {
 public:
  // A later profile with the same name takes the earlier one's place.
  void Add(ReaderProfile profile);
  // By the profile's name, or by the id of a model as providers spell it: the profile with the
  // longest id that the name begins with (IsModel in core/reader/model_id.h). NOT_FOUND, naming the
  // nearest.
  absl::StatusOr<const ReaderProfile*> Find(std::string_view name) const;
  const std::vector<ReaderProfile>& profiles() const { return profiles_; }  // by name

 private:
  const ReaderProfile* FindByName(std::string_view name) const;
  const ReaderProfile* FindByModelId(std::string_view id) const;
  std::vector<std::string> Nearest(std::string_view name) const;

  std::vector<ReaderProfile> profiles_;
};

// The profiles of readers/, built into the program. INTERNAL if one of them is wrong.
absl::StatusOr<ReaderCatalogue> BuiltInReaders();

}  // namespace fovea

#endif  // FOVEA_CORE_READER_READER_PROFILE_H_
