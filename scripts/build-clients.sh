#!/bin/bash
# Builds the packages of the clients into out/clients: a wheel, and what `npm install` takes.
#
#   scripts/build-clients.sh [python] [typescript]
#
# Python needs protoc, python3-venv and PyPI; TypeScript protoc, npm and its registry
# (scripts/install-dependencies.sh installs the programs).
set -euo pipefail
cd "$(dirname "$0")/.."
out=$PWD/out/clients
mkdir -p "$out"

build_python() {
  clients/generate.sh python
  rm -f "$out"/*.whl
  # A virtual environment that has hatchling (the tests' own), or one for this build.
  local tools=${FOVEA_HATCHLING:-} work
  if [ -n "$tools" ]; then
    (cd clients/python && "$tools/bin/python" -m hatchling build -t wheel -d "$out" >/dev/null)
  else
    work=$(mktemp -d "${TMPDIR:-/tmp}/fovea-wheel.XXXXXX")
    python3 -m venv "$work"
    "$work/bin/pip" wheel --quiet --disable-pip-version-check --no-deps --wheel-dir "$out" ./clients/python
    rm -rf "$work"
  fi
  echo "pip install $(echo "$out"/*.whl)"
}

build_typescript() {
  local packages
  packages=$(scripts/install-client-packages.sh typescript)
  PATH="$packages/node/node_modules/.bin:$PATH" scripts/with-node-modules.sh "$packages" pack "$out"
  echo "npm install $(echo "$out"/*.tgz)"
}

languages=("$@")
if [ ${#languages[@]} -eq 0 ]; then languages=(python typescript); fi
for language in "${languages[@]}"; do "build_$language"; done
