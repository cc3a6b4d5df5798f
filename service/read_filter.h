// What gRPC reads of its clients, looked at before it does.
//
// gRPC 1.51, which is Debian 12's, parses an unfinished header block again from its start with each
// frame of it (CVE-2023-33953), and calls that are given up at once cost it more than their clients
// (CVE-2023-44487), on the threads that everybody's calls wait for. It has no hook for either. So
// the functions that it reads by, recvmsg and OpenSSL's SSL_read, are this program's own: they do
// what those do, and end a connection that goes over the limits of Http2Frames. So are sendmsg and
// SSL_write, which note that the server has sent something. ADR 57.
#ifndef FOVEA_SERVICE_READ_FILTER_H_
#define FOVEA_SERVICE_READ_FILTER_H_

#include <sys/types.h>

#include <cstdint>

namespace fovea::service {

// From now on a socket's bytes are looked at, until it is closed; told from a later one with the
// same number by its inode. To be called before gRPC has it. A socket that speaks TLS does not
// begin as HTTP/2 does and is passed over; what it deciphers to is looked at without being asked
// for. Thread-safe.
void FilterReads(int socket, ino_t inode);

// Connections that were ended so. Thread-safe.
uint64_t FilteredConnections();

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_READ_FILTER_H_
