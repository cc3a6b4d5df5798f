#!/bin/sh
# Installs the coding agents that tests/gateway/agents.mjs runs, at these versions, outside the repository: in FOVEA_AGENTS, which is
# ~/.cache/fovea/agents unless set.
set -eu

folder=${FOVEA_AGENTS:-${XDG_CACHE_HOME:-$HOME/.cache}/fovea/agents}
if ! command -v npm >/dev/null 2>&1; then
  echo "$0: npm is missing; scripts/install-dependencies.sh installs it" >&2
  exit 1
fi
mkdir -p "$folder"
npm install --prefix "$folder" --no-audit --no-fund --loglevel=error --fetch-retries=1 \
  @anthropic-ai/claude-code@2.1.197 \
  @openai/codex@0.169.0 \
  @mariozechner/pi-coding-agent@0.73.1 \
  opencode-ai@1.18.33 \
  @google/gemini-cli@0.61.0 \
  @qwen-code/qwen-code@0.24.4 \
  @github/copilot@1.0.102
