#!/bin/bash
# Checks and tests the clients: types, style, their behaviour against a real fovead, and that what is built installs.
#
#   scripts/test-clients.sh [python] [typescript]    FOVEAD: the server; build/dev/bin/fovead unless set
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
export FOVEAD=${FOVEAD:-$PWD/build/dev/bin/fovead}
if [ ! -x "$FOVEAD" ]; then
  echo "$0: there is no $FOVEAD; build it first (scripts/test.sh tests)" >&2
  exit 1
fi

# Prints where a language's packages are. 3: skipped.
packages() {
  scripts/install-client-packages.sh "$1"
}

test_python() {
  local here
  here=$(packages python) || return $?
  clients/generate.sh python || return 1
  (
    cd clients/python || exit 1
    "$here/bin/ruff" check . ../testing && "$here/bin/ruff" format --check --quiet . ../testing &&
      "$here/bin/mypy" && PYTHONPATH=src "$here/bin/python" -m pytest -q
  ) || return 1
  python3 clients/document.py --check && scripts/test-client-package.sh python "$here"
}

test_typescript() {
  local here
  here=$(packages typescript) || return $?
  PATH="$here/node/node_modules/.bin:$PATH" scripts/test-typescript-client.sh "$here"
}

languages=("$@")
if [ ${#languages[@]} -eq 0 ]; then languages=(python typescript); fi
failed=0
for language in "${languages[@]}"; do
  printf -- '--- clients/%s\n' "$language"
  "test_$language"
  case $? in
    0) ;;
    3) printf '\n*** SKIPPED: clients/%s: its packages cannot be installed here\n\n' "$language" >&2 ;;
    *) failed=1 ;;
  esac
done
exit $failed
