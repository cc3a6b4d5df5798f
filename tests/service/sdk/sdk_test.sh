#!/bin/bash
# Sends the payloads of every format through the vendors' own SDKs and checks their types.
# Usage: sdk_test.sh WRITE_PAYLOADS. Exits 77, which CTest reports as skipped, without Node.js or the SDKs.
set -euo pipefail
writer=$1
here=$(cd "$(dirname "$0")" && pwd)
packages=${FOVEA_NPM:-${XDG_CACHE_HOME:-$HOME/.cache}/fovea/npm}

skip() {
  echo "SKIPPED: $*; scripts/install-test-packages.sh installs what is missing" >&2
  exit 77
}
command -v node >/dev/null || skip "there is no Node.js"
cmp -s "$here/package.json" "$packages/package.json" || skip "the SDKs are not in $packages"
[ -d "$packages/node_modules/openai" ] || skip "the SDKs are not in $packages"

work=$(mktemp -d "${TMPDIR:-/tmp}/fovea-sdk.XXXXXX")
trap 'rm -rf "$work"' EXIT
"$writer" "$work"
node "$here/round_trip.mjs" "$work" "$packages/node_modules"
node "$here/check_types.mjs" "$work" "$packages/node_modules"
[ -d "$packages/templates" ] || skip "the chat templates are not in $packages"
node "$here/chat_templates.mjs" "$work" "$packages/node_modules" "$packages/templates"
