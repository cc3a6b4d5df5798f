#!/bin/sh
# Installs what tests take from npm: the vendors' SDKs that tests/service/sdk sends payloads through, and the languages
# of tests/core/tokens/text_kinds.h, at the versions of its
# package.json, and the chat templates of models that axolotl's wheel on PyPI brings, outside the repository: in
# FOVEA_NPM, which is ~/.cache/fovea/npm unless set. Without Python's pip there are no templates, and their test is skipped.
set -eu
cd "$(dirname "$0")/.."

folder=${FOVEA_NPM:-${XDG_CACHE_HOME:-$HOME/.cache}/fovea/npm}
wanted=tests/service/sdk/package.json
templates_of=axolotl==0.19.0
templates() {
  if [ -d "$folder/templates" ]; then return 0; fi
  mkdir -p "$folder/wheel"
  if python3 -m pip download --quiet --no-deps --only-binary :all: --no-cache-dir --disable-pip-version-check \
    --dest "$folder/wheel" "$templates_of" && python3 - "$folder" <<'END'
import glob, os, sys, zipfile
folder = sys.argv[1]
os.makedirs(folder + "/templates.new", exist_ok=True)
with zipfile.ZipFile(glob.glob(folder + "/wheel/*.whl")[0]) as wheel:
    for name in wheel.namelist():
        if "/chat_templates/templates/" in name and name.endswith(".jinja"):
            with open(folder + "/templates.new/" + os.path.basename(name), "wb") as out:
                out.write(wheel.read(name))
END
  then mv "$folder/templates.new" "$folder/templates"; else echo "$0: no chat templates: $templates_of did not come" >&2; fi
  rm -rf "$folder/wheel" "$folder/templates.new"
}
if cmp -s "$wanted" "$folder/package.json" && [ -d "$folder/node_modules/openai" ]; then
  templates
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
templates
