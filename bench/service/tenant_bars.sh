#!/bin/bash
# What tenants cost each other, and what safety costs each call: prints each figure and its bar.
#
#   bench/service/tenant_bars.sh BIN-DIRECTORY DIRECTORY [short]
#
# First: eight tenants, one at ten times its quota for two minutes; fovead and who asks it on a core each; and its memory when
# every answer has all its pages. Then: contexts of a server with TLS, tokens, audit, metrics and logs beside those of one
# without. What is made in DIRECTORY is removed. `short` takes seconds, and is for seeing that all of it works.
set -euo pipefail
bin=${1:?usage: tenant_bars.sh BIN-DIRECTORY DIRECTORY [short]}
place=${2:?usage: tenant_bars.sh BIN-DIRECTORY DIRECTORY [short]}
turns=2000 seconds=120 rounds=7 samples=1000 limit=1024
if [ "${3:-}" = short ]; then turns=300 seconds=5 rounds=2 samples=50; fi
work=$(mktemp -d "$place/tenants-XXXXXX")
pids=()
stop() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  pids=()
}
trap 'stop; rm -rf "$work"' EXIT
bar() { printf '   bar: %s\n' "$1"; }

resident() {
  awk '/^VmHWM/ {printf "resident at most %d MiB\n", $2 / 1024}' "/proc/${pids[0]}/status"
  bar "$limit MiB, which is --memory-limit"
}

# $1: a name for its files; the rest goes to fovead.
start() {
  local name=$1
  shift
  taskset -c 0 "$bin/fovead" --data "$work/$name" --vocabularies /nonexistent "$@" > "$work/$name.out" 2> "$work/$name.log" &
  pids+=($!)
  for _ in $(seq 600); do
    grep -q listening "$work/$name.out" && return
    sleep 0.1
  done
  cat "$work/$name.log" >&2
  exit 1
}
address() { sed -n 's/.*listening on \([^ ,]*\).*/\1/p' "$work/$1.out"; }
ask() { taskset -c 1 "$bin/tenant_bench" "$@"; }
token() {
  printf '{"token_sha256": "%s", "tenant": "%s"}\n' "$(printf %s "$1" | sha256sum | cut -d' ' -f1)" "$2" >> "$work/tokens"
}

echo "== eight tenants, one of them at ten times its quota for $seconds s (load: $(cut -d' ' -f1-3 /proc/loadavg))"
given=()
for i in 0 1 2 3 4 5 6 7; do
  token "token-$i" "tenant-$i"
  given+=(--token "token-$i")
done
common=(--listen "unix:$work/s" --tokens "$work/tokens" --audit-log "$work/audit" --log-level warning --memory-limit "${limit}M")
start tenants "${common[@]}"
ask --server "unix:$work/s" "${given[@]}" fill --turns "$turns"
stop
start tenants "${common[@]}" --tenant-calls-per-second 40 --tenant-builds-per-second 10 --tenant-turns-per-second 5
ask --server "unix:$work/s" "${given[@]}" noisy --calls 40 --builds 10 --turns-per-second 5 --seconds "$seconds"
resident
stop

echo "== the same without quotas, each answer with all its pages"
start tenants "${common[@]}"
ask --server "unix:$work/s" "${given[@]}" noisy --forgetful --seconds "$((seconds / 4))"
resident
stop
rm -rf "$work/tenants"

echo "== contexts with TLS, tokens, audit, metrics and logs (load: $(cut -d' ' -f1-3 /proc/loadavg))"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
  -addext subjectAltName=IP:127.0.0.1 -keyout "$work/key" -out "$work/certificate" 2> "$work/openssl" || { cat "$work/openssl"; exit 1; }
start plain --listen 127.0.0.1:0 --log-level "off"
start safe --listen 127.0.0.1:0 --tls-certificate "$work/certificate" --tls-key "$work/key" --tokens "$work/tokens" \
  --audit-log "$work/audit" --metrics-listen 127.0.0.1:0 --log-level debug --log-format json
ask --server "$(address plain)" fill --turns "$turns"
safe=(--server "$(address safe)" --authority "$work/certificate" --token token-0)
ask "${safe[@]}" fill --turns "$turns"
metrics=127.0.0.1:$(sed -n "s/.*metrics on port \([0-9]*\).*/\1/p" "$work/safe.out")
[ "$metrics" != 127.0.0.1: ] || { echo "no port of metrics" >&2; exit 1; }
while curl -sf "http://$metrics/metrics" -o "$work/metrics.next" && mv "$work/metrics.next" "$work/metrics"; do sleep 1; done &
pids+=($!)
ask "${safe[@]}" overhead --plain "$(address plain)" --rounds "$rounds" --samples "$samples"
bar "at most 1.2 times"
for said in '"BuildContext"|audit' 'BuildContext OK|safe.log' 'BuildContext|metrics'; do
  grep -q "${said%|*}" "$work/${said#*|}" || { echo "no ${said%|*} in ${said#*|}" >&2; exit 1; }
done
