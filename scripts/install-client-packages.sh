#!/bin/bash
# Installs what the tests of clients/ run with, at the versions that are pinned there, outside the repository: in
# FOVEA_CLIENTS, which is ~/.cache/fovea/clients unless set.
#
#   scripts/install-client-packages.sh python        a virtual environment
#   scripts/install-client-packages.sh typescript    Node 20 or newer, if there is none, and npm packages
#
# Prints the folder. Exit code 3: a registry cannot be reached.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=${FOVEA_CLIENTS:-${XDG_CACHE_HOME:-$HOME/.cache}/fovea/clients}
language=${1:?usage: install-client-packages.sh python | typescript}

unreachable() {
  echo "$0: $1" >&2
  exit 3
}

case $language in
  python)
    here=$folder/python
    wanted=clients/python/requirements-test.txt
    if ! cmp -s "$wanted" "$here/installed.txt"; then
      rm -rf "$here"
      mkdir -p "$folder"
      python3 -m venv "$here" >&2 || unreachable "python3 -m venv does not work; install python3-venv"
      "$here/bin/pip" install --quiet --disable-pip-version-check --requirement "$wanted" >&2 ||
        unreachable "pip could not install $wanted"
      # Last: it says that all is there.
      cp "$wanted" "$here/installed.txt"
    fi
    ;;
  typescript)
    here=$folder/typescript
    wanted=clients/typescript/package.json
    if ! cmp -s "$wanted" "$here/package.json"; then
      rm -rf "$here"
      mkdir -p "$here/new"
      cp "$wanted" "$here/new/package.json"
      npm install --prefix "$here/new" --ignore-scripts --no-audit --no-fund --loglevel=error \
        --fetch-retries=1 --fetch-timeout=60000 >&2 || unreachable "npm could not install $wanted"
      if [ "$(node -p 'process.versions.node.split(".")[0]')" -lt 20 ]; then
        # npm's package `node` brings the program; its script puts it in place.
        npm install --prefix "$here/node" --no-audit --no-fund --loglevel=error node@22 >&2 ||
          unreachable "npm could not install node@22"
      fi
      mv "$here/new/node_modules" "$here/node_modules"
      mv "$here/new/package.json" "$here/package.json"
      rm -rf "$here/new"
    fi
    ;;
  *)
    echo "$0: no language $language" >&2
    exit 2
    ;;
esac
echo "$here"
