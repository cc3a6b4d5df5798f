#!/bin/sh
# Installs PP-OCRv4 for `legibility_bench --reader pp-ocr`, at the versions of its package.json,
# outside the repository: in FOVEA_PPOCR, which is ~/.cache/fovea/ppocr unless set. 200 MB.
set -eu
cd "$(dirname "$0")/.."

folder=${FOVEA_PPOCR:-${XDG_CACHE_HOME:-$HOME/.cache}/fovea/ppocr}
wanted=bench/legibility/ppocr/package.json
if cmp -s "$wanted" "$folder/package.json" && [ -d "$folder/node_modules/onnxruntime-node" ]; then
  exit 0
fi
if ! command -v npm >/dev/null 2>&1; then
  echo "$0: npm is missing; scripts/install-dependencies.sh installs it" >&2
  exit 1
fi
mkdir -p "$folder"
rm -rf "$folder/node_modules"
cp "$wanted" "$folder/package.json"
# Without scripts: the one of onnxruntime-node fetches what only graphics cards need.
npm install --prefix "$folder" --ignore-scripts --no-audit --no-fund --loglevel=error
