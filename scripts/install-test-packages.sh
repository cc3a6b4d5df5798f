#!/bin/sh
# Installs what tests take from npm: the vendors' SDKs that tests/service/sdk sends payloads through, and the languages
# of tests/core/tokens/text_kinds.h, at the versions of its
# package.json, outside the repository: in FOVEA_NPM, which is ~/.cache/fovea/npm unless set.
set -eu
cd "$(dirname "$0")/.."

folder=${FOVEA_NPM:-${XDG_CACHE_HOME:-$HOME/.cache}/fovea/npm}
wanted=tests/service/sdk/package.json
if cmp -s "$wanted" "$folder/package.json" && [ -d "$folder/node_modules/openai" ]; then
  exit 0
fi
if ! command -v npm >/dev/null 2>&1; then
  echo "$0: npm is missing; scripts/install-dependencies.sh installs it" >&2
  exit 1
fi
rm -rf "$folder"
mkdir -p "$folder/new"
cp "$wanted" "$folder/new/package.json"
npm install --prefix "$folder/new" --ignore-scripts --no-audit --no-fund --loglevel=error \
  --fetch-retries=1 --fetch-timeout=60000
mv "$folder/new/node_modules" "$folder/node_modules"
# Last: the package.json says that all is there.
mv "$folder/new/package.json" "$folder/package.json"
rm -rf "$folder/new"
