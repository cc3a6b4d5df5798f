#!/usr/bin/env bash
# The rules between rooms hold in the tree, and the check finds a breach of each kind.
set -euo pipefail
root=${1:?usage: check_rooms_test.sh ROOT}
check="$root/tests/rooms/check_rooms.sh"
bash "$check" "$root"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
expect_breach() {  # expect_breach FILE INCLUDE
  rm -rf "${scratch:?}"/*
  mkdir -p "$scratch/$(dirname "$1")"
  printf '#include %s\n' "$2" >"$scratch/$1"
  if bash "$check" "$scratch" >/dev/null; then
    printf 'not found: %s including %s\n' "$1" "$2"
    exit 1
  fi
}
expect_breach core/log/a.cc '"memory_store/store.h"'
expect_breach core/log/a.cc '<fstream>'
expect_breach core/log/a.cc '"fovea/v1/turn.pb.h"'
expect_breach core/log/a.cc '"core/page/page.h"'
expect_breach core/forgetting/a.cc '"core/context/context.h"'
expect_breach core/reader/a.cc '"readers/files/load_readers.h"'
expect_breach readers/files/a.cc '"service/auth.h"'
expect_breach replay/a.cc '"service/auth.h"'
expect_breach cli/a.cc '"readers/files/load_readers.h"'
expect_breach render/a.cc '"memory_store/store.h"'
expect_breach memory_store/a.cc '"render/renderer.h"'
expect_breach memory_store/a.cc '<sqlite3.h>'
expect_breach service/a.cc '<cairo.h>'
expect_breach service/wire/a.cc '"fovea/v1/turn.pb.h"'
expect_breach cli/a.cc '"core/log/turn.h"'
expect_breach cli/verbs/a.cc '<grpcpp/grpcpp.h>'
expect_breach cli/verbs/a.cc '"fovea/v1/admin.grpc.pb.h"'
expect_breach transcripts/a.cc '"core/page/page.h"'
expect_breach transcripts/a.cc '"fovea/v1/turn.pb.h"'
expect_breach transcripts/a.cc '<fstream>'
expect_breach transcripts/proto/a.cc '"service/convert_turn.h"'
expect_breach service/a.cc '"transcripts/anthropic.h"'
expect_breach gateway/a.cc '"service/listen.h"'
expect_breach gateway/a.cc '<sqlite3.h>'
echo "the rules between rooms hold, and each kind of breach is found"
