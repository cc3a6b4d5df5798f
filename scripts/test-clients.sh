#!/bin/bash
# Checks and tests the clients: types, style, their behaviour against a real fovead, and that what is built installs.
# Says at the end what it skipped.
#
#   scripts/test-clients.sh [python] [typescript]    FOVEAD: the server; build/dev/bin/fovead unless set
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
export FOVEAD=${FOVEAD:-$PWD/build/dev/bin/fovead}
if [ ! -x "$FOVEAD" ]; then
  echo "$0: there is no $FOVEAD; build it first (scripts/test.sh tests)" >&2
  exit 1
fi

test_python() {
  local here
  here=$(scripts/install-client-packages.sh python) || return $?
  clients/generate.sh python || return 1
  (
    cd clients/python || exit 1
    "$here/bin/ruff" check . ../testing && "$here/bin/ruff" format --check --quiet . ../testing &&
      "$here/bin/mypy" && "$here/bin/mypy" ../testing/*.py && PYTHONPATH=src "$here/bin/python" -m pytest -q -rs
  ) || return 1
  python3 clients/document.py --check && FOVEA_HATCHLING=$here scripts/test-client-package.sh python
}

test_typescript() {
  local here
  here=$(scripts/install-client-packages.sh typescript) || return $?
  (
    PATH="$here/node/node_modules/.bin:$PATH"
    scripts/with-node-modules.sh "$here" test && scripts/test-client-package.sh typescript
  )
}

languages=("$@")
if [ ${#languages[@]} -eq 0 ]; then languages=(python typescript); fi
failed=0
skipped=()
logs=$(mktemp -d "${TMPDIR:-/tmp}/fovea-clients.XXXXXX")
trap 'rm -rf "$logs"' EXIT
# Side by side: they wait for a server more than they compute.
for language in "${languages[@]}"; do
  (
    "test_$language" >"$logs/$language" 2>&1
    echo $? >"$logs/$language.status"
  ) &
done
wait
for language in "${languages[@]}"; do
  printf -- '--- clients/%s\n' "$language"
  cat "$logs/$language"
  case $(cat "$logs/$language.status") in
    0) ;;
    3) skipped+=("clients/$language: its packages cannot be installed here") ;;
    *) failed=1 ;;
  esac
done
skipped+=("adapters but LangChain's and the AI SDK's, MCP conformance and real agents: scripts/test-adapters.sh runs them")
printf '*** SKIPPED: %s\n' "${skipped[@]}"
exit $failed
