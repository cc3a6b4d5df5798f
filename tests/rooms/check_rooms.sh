#!/usr/bin/env bash
# Checks the rules between rooms (docs/ARCHITECTURE.md): which headers a room's files may include.
# Usage: check_rooms.sh ROOT. Prints each breach as FILE:LINE and exits 1 if there is any.
set -euo pipefail
root=${1:?usage: check_rooms.sh ROOT}
cd "$root"

# Room: what its files may include from the project, as an extended regular expression.
declare -A may_use=(
  [core]='core'
  [readers]='readers'
  [readers/files]='core|readers'
  [transcripts]='core/base|core/log|transcripts'
  [transcripts/files]='transcripts'
  [transcripts/proto]='core/base|core/log|transcripts/proto|fovea/v1'
  [memory_store]='core|memory_store'
  [render]='core|render'
  [replay]='core|readers/files|render|replay|transcripts'
  [service]='core|memory_store|readers/files|render|service|transcripts/proto|fovea/v1'
  [gateway]='gateway|transcripts|core/log|fovea/v1'
  [cli]='cli|transcripts|fovea/v1'
)
# What every room may include beside these: the early return on error.
everywhere='core/base/status_macros\.h'
# Folder of core: the folders of core that its files may include. They are layers: none may include one above it.
declare -A core_may_use=(
  [base]='base'
  [log]='base|log'
  [page]='base|log|page'
  [reader]='base|page|reader'
  [tokens]='base|log|reader|tokens'
  [exact]='base|exact|log'
  [voice]='base|log|page|tokens|voice'
  [strip]='base|log|page|reader|strip|voice'
  [sheet]='base|exact|log|page|sheet|strip'
  [forgetting]='base|exact|forgetting|log|page|reader|sheet|strip|tokens|voice'
  [context]='base|context|exact|forgetting|log|page|reader|sheet|strip|tokens|voice'
)
# Headers that only some places may include: pattern -> folders, as an extended regular expression.
declare -A only_in=(
  ['sqlite3\.h']='memory_store/sqlite/|gateway/books/'
  ['zstd\.h']='memory_store/|gateway/'
  ['cairo[a-z-]*\.h|hb[a-z-]*\.h|ft2build\.h|fribidi[a-z/-]*\.h|freetype/.*\.h|libdeflate\.h|jpeglib\.h|gif_lib\.h|webp/.*\.h']='render/'
  ['png\.h']='render/|cli/formats/page_picture'
  ['chafa[a-z-]*\.h']='cli/formats/page_picture'
)
# Folders where generated messages and gRPC may be named.
api='^(service|gateway|cli|tests|bench|transcripts/proto)/'
# What the pure domain must not touch: files, clocks, threads and sockets.
impure='<(fstream|filesystem|iostream|thread|chrono|random|ctime|time\.h|unistd\.h|fcntl\.h|sys/[a-z]+\.h)>|absl/time/clock\.h'

breaches=0
breach() {
  printf '%s: %s\n' "$1" "$2"
  breaches=$((breaches + 1))
}

include='^[[:space:]]*#[[:space:]]*include[[:space:]]*[<"]([^>"]+)[>"]'
project='^(core|readers|transcripts|memory_store|render|replay|service|gateway|cli|tests|bench|fovea/v1)/'
while IFS=: read -r file line text; do
  [[ $text =~ $include ]] || continue
  header=${BASH_REMATCH[1]}
  room=${file%%/*}
  if [[ $file =~ ^(transcripts/(files|proto)|readers/files)/ ]]; then room=${BASH_REMATCH[1]}; fi
  if [[ -n ${may_use[$room]:-} && $header =~ $project && ! $header =~ ^(${may_use[$room]})/ &&
        ! $header =~ ^($everywhere)$ ]]; then
    breach "$file:$line" "$room may not include $header"
  fi
  layer=${file#core/}
  layer=${layer%%/*}
  if [[ $room == core && $header == core/* && ! $header =~ ^core/(${core_may_use[$layer]:-none})/ ]]; then
    breach "$file:$line" "core/$layer may not include $header"
  fi
  for pattern in "${!only_in[@]}"; do
    if [[ $header =~ ^($pattern)$ && ! $file =~ ^(${only_in[$pattern]}) && $file != tests/* &&
          $file != bench/* ]]; then
      breach "$file:$line" "$header belongs to ${only_in[$pattern]} alone"
    fi
  done
  if [[ $header =~ ^(fovea/v1/.*\.pb\.h|grpcpp/.*|google/protobuf/.*)$ && ! $file =~ $api ]]; then
    breach "$file:$line" "generated types and gRPC stay in service, gateway, cli, transcripts/proto, tests and bench"
  fi
  if [[ $file == service/wire/* && $header =~ ^(fovea/v1/|grpcpp/|google/protobuf/) ]]; then
    breach "$file:$line" "the wire formats know no generated types and no gRPC"
  fi
  if [[ $file =~ ^cli/(calibrate|formats|verbs)/ && $header =~ ^(fovea/v1/.*\.grpc\.pb\.h|grpcpp/.*|cli/stubs\.h)$ ]]; then
    breach "$file:$line" "the verbs call by cli/methods.h: stubs and gRPC are behind cli/client.cc and cli/methods.cc"
  fi
  if [[ ($room == core || $room == transcripts) && $text =~ $impure ]]; then
    breach "$file:$line" "$room does no I/O and reads no clock"
  fi
done < <(grep -rnE '^[[:space:]]*#[[:space:]]*include' --include='*.h' --include='*.cc' \
           core readers transcripts memory_store render replay service gateway cli tests bench 2>/dev/null || true)

if ((breaches > 0)); then
  printf '%d breaches of the rules between rooms\n' "$breaches"
  exit 1
fi
