#!/bin/bash
# How fast a fovead is beside SQLite and gRPC alone, and how much memory it takes: prints each figure and, where there is
# one, its bar.
#
#   bench/service/bars.sh BIN-DIRECTORY DIRECTORY [short]
#
# DIRECTORY is on the disk that is to be measured; what is made there is removed. `short` measures a thousandth of the
# store, and is for seeing that all of it works.
set -euo pipefail
bin=${1:?usage: bars.sh BIN-DIRECTORY DIRECTORY [short]}
place=${2:?usage: bars.sh BIN-DIRECTORY DIRECTORY [short]}
turns=1000000 long=200000 sessions=10000 seconds=3 rounds=5 samples=300
if [ "${3:-}" = short ]; then turns=2000 long=2000 sessions=20 seconds=0.2 rounds=1 samples=10; fi
work=$(mktemp -d "$place/bars-XXXXXX")
server=""
stop() {
  if [ -n "$server" ]; then
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  server=""
}
trap 'stop; rm -rf "$work"' EXIT

start() {
  "$bin/fovead" --data "$work/data" --listen "unix:$work/s" --log-level warning --vocabularies /nonexistent "$@" \
    > "$work/out" &
  server=$!
  for _ in $(seq 600); do
    grep -q listening "$work/out" && return
    sleep 0.1
  done
  echo "fovead does not start" >&2
  exit 1
}
load() { "$bin/load_bench" --server "unix:$work/s" --directory "$work" --rounds "$rounds" --seconds "$seconds" --samples "$samples" "$@"; }
memory() { awk -v what="$1" '$1 == what ":" {printf "%d MiB\n", $2 / 1024}' "/proc/$server/status"; }
bar() { printf '   bar: %s\n' "$1"; }

echo "== appends, audit on"
start --audit-log "$work/audit"
load append --clients 64 --turns 16 | tail -1
bar "at least 0.70"
load append --clients 64 --turns 1 | tail -1
bar "at least 0.50"
load single | tail -1
bar "at most 1.5"

echo "== $turns turns in one session"
load --session big fill --turns "$turns"
load --session big settle
load --session big last | tail -1
bar "at most 1.5"
for query in needle7x common "common needle9*"; do load --session big search "$query"; done
bar "a unique word under 5 ms p50, a common one under 10; none over 2 s"
# Reads for two seconds each time, and says how far it came.
samples=5 load --session big search --exact "eedle11"
echo "== exact text within 5,000 turns"
load --session small fill --turns $((turns < 5000 ? turns : 5000))
load --session small settle
load --session small search --exact "eedle2x c"
bar "under 20 ms p50"

echo "== a session of $long turns"
load --session long fill --turns "$long"
load --session long context
stop
start
load --session long context
bar "the first after a restart under 300 ms, warm under 10 ms p50, appends under 2 ms"
stop

echo "== $turns turns in $sessions sessions"
rm -rf "$work/data"
start
load --session m fill --turns "$turns" --sessions "$sessions"
for i in 0 1 2 3 4; do load --session "m$i" context > /dev/null; done
echo "resident: now $(memory VmRSS), at most $(memory VmHWM)"
bar "300 MiB"
