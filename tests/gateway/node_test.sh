#!/bin/sh
# Runs one file of tests with Node; 77 (skipped) where there is none, or one older than 20.
set -eu
if ! node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)' 2>/dev/null; then
  echo "skipped: Node.js 20 or later is not installed" >&2
  exit 77
fi
exec node --test --test-reporter=spec "$@"
