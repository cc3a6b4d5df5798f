#!/bin/bash
# Builds a client's package and installs it where nothing else is, with its dependencies from the registry; then a
# program that imports it starts a server, appends, and gets a context.
#
#   scripts/test-client-package.sh python VENV
set -euo pipefail
cd "$(dirname "$0")/.."
language=${1:?}
tools=${2:?}
work=$(mktemp -d "${TMPDIR:-/tmp}/fovea-package.XXXXXX")
trap 'rm -rf "$work"' EXIT

case $language in
  python)
    (cd clients/python && "$tools/bin/python" -m hatchling build -t wheel -d "$work/dist" >/dev/null)
    files=$("$tools/bin/python" -m zipfile -l "$work"/dist/*.whl)
    for file in fovea/v1/turn_pb2.py fovea/v1/turn_pb2.pyi fovea/py.typed; do
      grep -q "^$file " <<<"$files" || {
        echo "the wheel has no $file" >&2
        exit 1
      }
    done
    python3 -m venv "$work/venv"
    "$work/venv/bin/pip" install --quiet --disable-pip-version-check "$work"/dist/*.whl
    cd "$work"
    "$work/venv/bin/python" - "$work/data" <<'PROGRAM'
import sys
from fovea import Fovea

with Fovea.local(sys.argv[1]) as fovea:
    session = fovea.session("s", model="claude", budget=8000)
    session.append({"role": "user", "content": "hello"})
    assert session.context().messages[-1]["content"] == "hello", session.context().messages
print("the wheel installs and works")
PROGRAM
    ;;
esac
