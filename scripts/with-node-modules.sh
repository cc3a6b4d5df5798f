#!/bin/bash
# Generates and compiles clients/typescript with the packages of scripts/install-client-packages.sh, and then
#
#   with-node-modules.sh FOLDER test        lints and tests it
#   with-node-modules.sh FOLDER exec COMMAND...  runs a command there
#   with-node-modules.sh FOLDER pack OUT    packs it as npm would publish it
#
# FOLDER is where the packages are. A developer's own node_modules comes back.
set -euo pipefail
cd "$(dirname "$0")/../clients/typescript"
packages=${1:?usage: with-node-modules.sh FOLDER test | exec COMMAND... | pack OUT}
verb=${2:?usage: with-node-modules.sh FOLDER test | exec COMMAND... | pack OUT}
here=$PWD
own=
if [ -e node_modules ] || [ -L node_modules ]; then
  own=$(mktemp -d "${TMPDIR:-/tmp}/fovea-own.XXXXXX")
  mv node_modules "$own/node_modules"
fi
clean_up() {
  rm -rf "$here/node_modules"
  if [ -n "$own" ]; then
    mv "$own/node_modules" "$here/node_modules"
    rmdir "$own"
  fi
}
trap clean_up EXIT
ln -s "$packages/node_modules" node_modules
# The tests import the package by its name, as its users do.
ln -sfn "$here" "$packages/node_modules/fovea-memory"

# Compiling takes a quarter of a minute: what was compiled from these very files need not be compiled once more.
sources=$(find ../../proto ../generate.sh src package.json tsconfig.json -path src/generated -prune -o -type f -print |
  LC_ALL=C sort | xargs sha256sum | sha256sum)
if [ ! -d dist ] || [ "$(cat .compiled 2>/dev/null)" != "$sources" ]; then
  rm -rf dist .compiled
  ../generate.sh typescript "$packages/node_modules/.bin/protoc-gen-ts_proto"
  node_modules/.bin/tsc -p .
  echo "$sources" >.compiled
fi
case $verb in
  test) node_modules/.bin/eslint src && node --test --test-reporter=dot tests/ ;;
  exec) "${@:3}" ;;
  pack)
    rm -f "${3:?}"/*.tgz
    npm pack --silent --pack-destination "$3" >/dev/null
    ;;
  *)
    echo "$0: neither test, exec nor pack: $verb" >&2
    exit 2
    ;;
esac
