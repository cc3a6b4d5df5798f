#!/bin/bash
# Generates, compiles, lints and tests clients/typescript, and installs what it packs where nothing else is.
#
#   scripts/test-typescript-client.sh FOLDER    where scripts/install-client-packages.sh put its packages
set -euo pipefail
cd "$(dirname "$0")/.."
packages=${1:?usage: test-typescript-client.sh FOLDER}
here=$PWD/clients/typescript
work=$(mktemp -d "${TMPDIR:-/tmp}/fovea-typescript.XXXXXX")
# A developer's own node_modules comes back.
own=
if [ -e "$here/node_modules" ] || [ -L "$here/node_modules" ]; then
  own=$work/own_node_modules
  mv "$here/node_modules" "$own"
fi
clean_up() {
  rm -rf "$here/node_modules"
  if [ -n "$own" ]; then mv "$own" "$here/node_modules"; fi
  rm -rf "$work"
}
trap clean_up EXIT
ln -s "$packages/node_modules" "$here/node_modules"
# The tests import the package by its name, as its users do.
ln -sfn "$here" "$packages/node_modules/fovea-memory"

clients/generate.sh typescript "$packages/node_modules/.bin/protoc-gen-ts_proto"
rm -rf "$here/dist"
(cd "$here" && node_modules/.bin/tsc -p . && node_modules/.bin/eslint src && node --test --test-reporter=dot tests/)

# What npm would publish, in a project of its own.
(cd "$here" && npm pack --silent --pack-destination "$work" >/dev/null)
mkdir "$work/project"
cd "$work/project"
echo '{"type": "module"}' >package.json
npm install --silent --no-audit --no-fund --omit=peer "$work"/fovea-memory-*.tgz
cat >program.mjs <<'PROGRAM'
import {Fovea} from 'fovea-memory';

const fovea = await Fovea.local({data: process.argv[2]});
const session = await fovea.session('s', {model: 'claude', budget: 8000});
await session.append({role: 'user', content: 'hello'});
const {messages} = await session.context();
if (messages.at(-1).content !== 'hello') throw new Error(JSON.stringify(messages));
await fovea.close();
console.log('the package installs and works');
PROGRAM
node program.mjs "$work/data"
