#!/bin/bash
# Builds a client's package, installs it where nothing else is, with its dependencies from the registry, and runs the
# newcomer's program of README.md with it: 200 turns against a scripted model, with a fovead from the PATH.
#
#   FOVEAD=build/dev/bin/fovead scripts/test-client-package.sh python | typescript
set -euo pipefail
cd "$(dirname "$0")/.."
language=${1:?usage: test-client-package.sh python | typescript}
work=$(mktemp -d "${TMPDIR:-/tmp}/fovea-package.XXXXXX")
trap 'rm -rf "$work"' EXIT
PATH="$(dirname "$(realpath "${FOVEAD:-build/dev/bin/fovead}")"):$PATH"
unset FOVEAD
scripts/build-clients.sh "$language" >/dev/null

case $language in
  python)
    wheel=$(echo out/clients/*.whl)
    files=$(python3 -m zipfile -l "$wheel")
    for file in fovea/v1/turn_pb2.py fovea/v1/turn_pb2.pyi fovea/client.py fovea/_sync_transport.py fovea/py.typed; do
      grep -q "^$file " <<<"$files" || {
        echo "the wheel has no $file" >&2
        exit 1
      }
    done
    python3 -m venv "$work/venv"
    "$work/venv/bin/pip" install --quiet --disable-pip-version-check "$wheel" openai
    python3 clients/testing/newcomer.py "$work/venv/bin/python" examples/newcomer.py
    ;;
  typescript)
    package=$(realpath out/clients/*.tgz)
    cp examples/newcomer.mjs "$work"
    (cd "$work" && echo '{"type": "module"}' >package.json &&
      npm install --silent --no-audit --no-fund --omit=peer "$package" openai)
    python3 clients/testing/newcomer.py node "$work/newcomer.mjs"
    ;;
esac
