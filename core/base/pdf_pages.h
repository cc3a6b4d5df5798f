// How many pages a PDF has, without reading it whole.
#ifndef FOVEA_CORE_BASE_PDF_PAGES_H_
#define FOVEA_CORE_BASE_PDF_PAGES_H_

#include <cstdint>
#include <string_view>

namespace fovea {

// The pages that the file's plain objects name; 0 if it is no PDF or names none, as where its
// objects are compressed. At most 100,000. Linear.
int64_t PdfPages(std::string_view data);

}  // namespace fovea

#endif  // FOVEA_CORE_BASE_PDF_PAGES_H_
