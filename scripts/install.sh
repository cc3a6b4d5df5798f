#!/bin/sh
# Puts fovead, fovea and the programs that fovea runs on PATH: builds what is not built, and installs into PREFIX/bin.
#
#   scripts/install.sh [PREFIX]      PREFIX: /usr/local for root, ~/.local for others
set -eu
cd "$(dirname "$0")/.."

if [ $# -gt 1 ]; then
  sed -n '2,4p' "$0" | sed 's/^# \{0,1\}//' >&2
  exit 2
fi
if [ "$(id -u)" -eq 0 ]; then default=/usr/local; else default=$HOME/.local; fi
prefix=${1:-$default}
programs="fovead fovea fovea-gateway fovea-replay"

missing=""
for program in $programs; do [ -x "build/release/bin/$program" ] || missing=yes; done
if [ -n "$missing" ]; then
  scripts/install-dependencies.sh --build
  cmake --preset release
  # shellcheck disable=SC2086  # a list of names
  cmake --build build/release --target $programs
fi
mkdir -p "$prefix/bin"
for program in $programs; do
  # Beside the old one and then in its place, which may be running.
  cp "build/release/bin/$program" "$prefix/bin/.$program.new"
  chmod 755 "$prefix/bin/.$program.new"
  mv "$prefix/bin/.$program.new" "$prefix/bin/$program"
  echo "$prefix/bin/$program"
done

case ":$PATH:" in
  *":$prefix/bin:"*) ;;
  *) echo "$prefix/bin is not on PATH; add it: export PATH=\"$prefix/bin:\$PATH\"" ;;
esac
