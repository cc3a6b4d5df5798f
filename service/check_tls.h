// Whether certificates and keys are such that connections can be made with them.
#ifndef FOVEA_SERVICE_CHECK_TLS_H_
#define FOVEA_SERVICE_CHECK_TLS_H_

#include "absl/status/status.h"
#include "service/certificate_files.h"

namespace fovea::service {

// INVALID_ARGUMENT, with a line for each thing that is wrong that names the key of the
// configuration and its file, if gRPC could not serve with `texts`, the contents of `files` (what
// is "" is not looked at): a key that is not the certificate's; one that OpenSSL, as it is set up
// on this machine, holds for too weak or cannot sign with; or a part of a file that is cut off or
// damaged, which gRPC would pass over with all that comes after it. Text between PEM blocks is let
// be.
absl::Status CheckTls(const TlsFiles& files, const TlsFiles& texts);

// Both errors, a line for each, with the first one's code.
absl::Status Joined(const absl::Status& first, const absl::Status& second);

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_CHECK_TLS_H_
