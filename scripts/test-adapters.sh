#!/bin/bash
# What is too long for every change: an agent of each framework lives 150 turns through its adapter and does what it does
# without Fovea; the MCP server passes its conformance suite, and the real Claude Code and Codex use it; what the clients
# add to their calls stays within its bounds. Prints a table of the lives at the end.
#
#   scripts/test-adapters.sh [langchain] [openai-agents] [pydantic-ai] [google-adk] [smolagents] [autogen] [ag2] [ai-sdk] \
#                            [mastra] [claude-agent-sdk] [conformance] [agents] [overhead]
#
# Each framework gets a virtual environment of its own in FOVEA_CLIENTS (~/.cache/fovea/clients unless set), since they
# pin what others cannot have. FOVEAD: the server; build/dev/bin/fovead unless set. FOVEA_AGENTS: where
# scripts/install-agents.sh put the agents.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
export FOVEAD=${FOVEAD:-$PWD/build/dev/bin/fovead}
export PYTHONPATH=$PWD/clients/python/src
FOVEA_LIVES=$(mktemp "${TMPDIR:-/tmp}/fovea-lives.XXXXXX")
export FOVEA_LIVES
trap 'rm -f "$FOVEA_LIVES"' EXIT
folder=${FOVEA_CLIENTS:-${XDG_CACHE_HOME:-$HOME/.cache}/fovea/clients}
clients/generate.sh python || exit 1

# What a framework's life wants beside the adapter's extra.
beside() {
  case $1 in
    langchain) echo langchain-openai ;;
    pydantic-ai) echo "pydantic-ai-slim[openai]" ;;
    smolagents) echo "smolagents[openai]" ;;
    autogen) echo "autogen-ext[openai]" ;;
    ag2) echo "ag2[openai]" ;;
  esac
}

# A virtual environment with an extra of the package.
environment() {
  local here=$folder/extra-$1
  if [ ! -f "$here/installed" ]; then
    rm -rf "$here"
    # shellcheck disable=SC2046
    python3 -m venv "$here" >&2 &&
      "$here/bin/pip" install --quiet --disable-pip-version-check "./clients/python[$1]" $(beside "$1") pytest \
        pytest-asyncio >&2 && touch "$here/installed" || return 1
  fi
  echo "$here"
}

run() {
  local here node
  case $1 in
    conformance | agents)
      here=$(environment mcp) || return 1
      node=$folder/node
      if [ ! -x "$node/node_modules/.bin/conformance" ]; then
        npm install --prefix "$node" --no-audit --no-fund --loglevel=error node@22 \
          @modelcontextprotocol/conformance@0.1.16 >&2 || return 1
      fi
      export PATH="$node/node_modules/.bin:$PATH"
      if [ "$1" = conformance ]; then
        "$here/bin/python" clients/testing/mcp_conformance.py 2>/dev/null | tail -n 40
      else
        FOVEA_BIN=$(dirname "$FOVEAD") PYTHON=$here/bin/python node clients/testing/mcp_agents.mjs
      fi
      ;;
    ai-sdk)
      here=$(scripts/install-client-packages.sh typescript) || return $?
      PATH="$here/node/node_modules/.bin:$PATH" scripts/with-node-modules.sh "$here" exec \
        node --test --test-reporter=dot tests/ai-sdk.test.mjs
      ;;
    mastra)
      here=$folder/extra-mastra
      if [ ! -d "$here/node_modules/@mastra/core" ]; then
        mkdir -p "$here" && cp clients/typescript/package.json "$here" &&
          npm install --prefix "$here" --ignore-scripts --no-audit --no-fund --loglevel=error @mastra/core@1.71.0 >&2 ||
          return 1
      fi
      scripts/with-node-modules.sh "$here" exec node --test --test-reporter=dot tests/mastra.test.mjs
      ;;
    overhead)
      here=$(scripts/install-client-packages.sh python) && "$here/bin/python" clients/testing/overhead.py || return 1
      here=$(scripts/install-client-packages.sh typescript) || return $?
      PATH="$here/node/node_modules/.bin:$PATH" scripts/with-node-modules.sh "$here" exec \
        node ../testing/overhead.mjs dist
      ;;
    claude-agent-sdk)
      here=$(environment "$1") || return 1
      (cd clients/python && "$here/bin/python" -m pytest -q tests/test_session_store.py)
      ;;
    *)
      here=$(environment "$1") || return 1
      (cd clients/python && FOVEA_ADAPTERS=all "$here/bin/python" -m pytest -q tests/test_adapters.py -k "$1")
      ;;
  esac
}

parts=("$@")
if [ ${#parts[@]} -eq 0 ]; then
  parts=(langchain openai-agents pydantic-ai google-adk smolagents autogen ag2 ai-sdk mastra claude-agent-sdk conformance agents overhead)
fi
failed=0
for part in "${parts[@]}"; do
  printf -- '--- %s\n' "$part"
  run "$part"
  status=$?
  if [ $status -eq 77 ]; then
    printf '*** SKIPPED: %s: they are not installed (scripts/install-agents.sh)\n' "$part" >&2
  elif [ $status -ne 0 ]; then
    failed=1
  fi
done
if [ -s "$FOVEA_LIVES" ]; then
  row='%-18s %6s %9s %9s %7s %8s %15s %8s\n'
  # shellcheck disable=SC2059
  printf "$row" agent turns requests streamed epochs refused 'prefix changes' recalls
  while IFS=$'\t' read -r -a cells; do
    # shellcheck disable=SC2059
    printf "$row" "${cells[@]}"
  done <"$FOVEA_LIVES"
fi
exit $failed
