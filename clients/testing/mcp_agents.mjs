// The real Claude Code and Codex with the MCP server of clients/python, over standard input and output and over HTTP:
// each lists its tools and calls them, against the scripted provider of tests/gateway.
//
//   FOVEA_BIN=build/dev/bin FOVEA_AGENTS=DIR PYTHON=VENV/bin/python node clients/testing/mcp_agents.mjs [claude] [codex]
//
// FOVEA_AGENTS is where scripts/install-agents.sh put them; PYTHON has fovea-memory[mcp], or PYTHONPATH names it.
// Prints a line for each; exit code 1 if one fails, 77 if none is installed.
import {spawn} from 'node:child_process';
import {existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';

import {Provider} from '../../tests/gateway/provider.mjs';

const agents = process.env.FOVEA_AGENTS ?? join(process.env.HOME, '.cache/fovea/agents');
const binaries = resolve(process.env.FOVEA_BIN ?? 'build/dev/bin');
const python = process.env.PYTHON ?? 'python3';
const chosen = process.argv.slice(2).length ? process.argv.slice(2) : ['claude', 'codex'];
const token = 'a secret of this test';
const needle = 'the exact words of turn four: libre2-dev=20230301-3+b1';
const wanted = ['recall', 'search', 'tiers', 'why'];

// What the model calls, a step each, and what the result must hold.
const steps = [
  ['recall', {seq: 4}, needle],
  ['search', {query: 'libre2-dev*'}, '#4'],
  ['tiers', {}, 'epoch'],
  ['why', {seq: 4}, '#4 is '],
];

const shells = {
  Bash: {command: 'sleep 1', description: 'waits'},
  exec_command: {cmd: 'sleep 1'},
  shell_command: {command: 'sleep 1'},
  shell: {command: ['sleep', '1']},
};

function run(program, args, {cwd, env, input, seconds = 120}) {
  return new Promise((done) => {
    const child = spawn(program, args, {cwd, env, stdio: ['pipe', 'pipe', 'pipe']});
    let out = '';
    const timer = setTimeout(() => child.kill('SIGKILL'), seconds * 1000);
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (out += bytes));
    child.on('close', (code) => (clearTimeout(timer), done({code, out})));
    child.on('error', (error) => (clearTimeout(timer), done({code: 127, out: error.message})));
    child.stdin.end(input ?? '');
  });
}

function start(program, args, env) {
  const child = spawn(program, args, {env, stdio: ['ignore', 'pipe', 'inherit']});
  return {child, stop: () => new Promise((done) => (child.on('close', done), child.kill()))};
}

async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const {port} = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

async function answers(url) {
  for (let tries = 0; tries < 200; ++tries) {
    try {
      await fetch(url);
      return;
    } catch {
      await new Promise((done) => setTimeout(done, 100));
    }
  }
  throw new Error(`${url} does not answer`);
}

// The names by which an agent offers the server's tools: a flat list, or Codex's namespaces.
function offered(body) {
  const found = new Map();
  for (const tool of body.tools ?? []) {
    for (const one of tool.tools ?? [tool]) {
      const name = one.name ?? '';
      const plain = name.split('__').at(-1);
      if (!wanted.includes(plain) || !`${tool.name}`.includes('fovea')) continue;
      found.set(plain, {name, namespace: tool.tools ? tool.name : undefined});
    }
  }
  return found;
}

const settings = {
  claude: ({url, server, home}) => {
    const config = join(home, 'mcp.json');
    const entry = server.url
      ? {type: 'http', url: server.url, headers: {Authorization: `Bearer ${token}`}}
      : {type: 'stdio', command: server.command, args: server.args, env: server.env};
    writeFileSync(config, JSON.stringify({mcpServers: {fovea: entry}}));
    return {
      args: ['-p', 'What did we say?', '--model', 'claude-sonnet-4-5', '--permission-mode', 'bypassPermissions',
        '--mcp-config', config, '--strict-mcp-config'],
      env: {ANTHROPIC_API_KEY: 'sk-ant-test', ANTHROPIC_BASE_URL: url, IS_SANDBOX: '1', DISABLE_AUTOUPDATER: '1',
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1', ENABLE_TOOL_SEARCH: 'false'},
    };
  },
  codex: ({url, server, home}) => {
    const entry = server.url
      ? [`url = ${JSON.stringify(server.url)}`, 'bearer_token_env_var = "FOVEA_MCP_TOKEN"']
      : [`command = ${JSON.stringify(server.command)}`, `args = ${JSON.stringify(server.args)}`,
         `env = {${Object.entries(server.env).map(([key, value]) => `${key} = ${JSON.stringify(value)}`).join(', ')}}`];
    mkdirSync(join(home, '.codex'), {recursive: true});
    writeFileSync(join(home, '.codex/config.toml'), [
      'model_provider = "x"', '[model_providers.x]', 'name = "x"', `base_url = "${url}/v1"`, 'wire_api = "responses"',
      'env_key = "OPENAI_API_KEY"', '[mcp_servers.fovea]', ...entry, 'startup_timeout_sec = 60', ''].join('\n'));
    return {
      args: ['exec', '--skip-git-repo-check', '--dangerously-bypass-approvals-and-sandbox', '-m', 'gpt-5.6', 'What did we say?'],
      env: {OPENAI_API_KEY: 'sk-test', FOVEA_MCP_TOKEN: token},
    };
  },
};

async function life(agent, wire, {address, environment, folder}) {
  const home = join(folder, `${agent}-${wire}`);
  mkdirSync(home, {recursive: true});
  const server = {command: python, env: {PYTHONPATH: environment.PYTHONPATH ?? ''}};
  server.args = ['-m', 'fovea.cli', 'mcp', '--server', address, '--session', 's', '--reader', 'claude', '--budget', '4000'];
  let http;
  if (wire === 'http') {
    const port = await freePort();
    http = start(python, [...server.args, '--http', `${port}`], {...environment, FOVEA_MCP_TOKEN: token});
    server.url = `http://127.0.0.1:${port}/mcp`;
    await answers(server.url);
  }
  let listed = [];
  let step = 0;
  let waits = 0;
  const script = (_, body) => {
    const thinking = ['enabled', 'adaptive'].includes(body.thinking?.type) ? 'Let me think.' : undefined;
    const tools = offered(body);
    const shell = (body.tools ?? []).map((tool) => tool.name).find((name) => name in shells);
    if (tools.size === 0) {
      // Agents do not wait for their servers: the first request may come before the tools are known.
      if (shell === undefined || ++waits > 30) return {thinking, text: 'A title'};
      return {thinking, text: 'Waiting.', tools: [{name: shell, input: shells[shell]}]};
    }
    listed = [...tools.keys()].sort();
    if (step === steps.length) return {thinking, text: 'All done.'};
    const [name, input] = steps[step++];
    return {thinking, text: `Calling ${name}.`, tools: [{...tools.get(name), input}]};
  };
  const provider = await new Provider({script, pieces: 211}).listen();
  const {args, env} = settings[agent]({url: provider.url, server, home});
  const path = `${join(agents, 'node_modules/.bin')}:${process.env.PATH}`;
  const done = await run(agent, args, {cwd: home, env: {PATH: path, HOME: home, TERM: 'dumb', LANG: 'C.UTF-8', ...env}});
  await provider.close();
  await http?.stop();
  const last = JSON.stringify(provider.requests.filter((one) => one.wire).at(-1)?.body ?? {});
  const missing = steps.filter(([, , held]) => !last.includes(held)).map(([name]) => name);
  const fine = done.code === 0 && `${listed}` === `${wanted}` && step === steps.length && missing.length === 0 && provider.refused.length === 0;
  console.log(`${agent} over ${wire}: ${fine ? 'fine' : 'FAILED'}: lists ${listed.join(', ')}; ${step} calls, ${missing.length} wrong results${missing.length ? ` (${missing})` : ''}, ${provider.refused.length} requests refused, exit code ${done.code}`);
  if (!fine) console.log(done.out.slice(-1500), provider.refused.slice(0, 2), last.slice(-3000));
  return fine;
}

const installed = chosen.filter((agent) => existsSync(join(agents, 'node_modules/.bin', agent)));
for (const agent of chosen) if (!installed.includes(agent)) console.log(`${agent}: SKIPPED, not in ${agents}`);
if (installed.length === 0) process.exit(77);
const folder = mkdtempSync(join(tmpdir(), 'fovea-mcp-'));
const address = `unix:${folder}/s`;
const environment = {...process.env, FOVEA_SERVER: address};
const fovead = start(join(binaries, 'fovead'), ['--listen', address, '--data', join(folder, 'data')], environment);
let failed = 0;
try {
  await new Promise((done) => fovead.child.stdout.once('data', done));
  const turns = Array.from({length: 60}, (_, i) => ({role: i % 2 ? 'assistant' : 'user', content: i === 3 ? needle : `turn ${i + 1} ` + 'alpha beta gamma '.repeat(40)}));
  const fill = 'import sys, json, fovea; fovea.Fovea.connect().session("s").append(json.load(sys.stdin))';
  const filled = await run(python, ['-c', fill], {env: environment, input: JSON.stringify(turns)});
  if (filled.code !== 0) throw new Error(filled.out);
  for (const agent of installed) {
    for (const wire of ['stdio', 'http']) failed += (await life(agent, wire, {address, environment, folder})) ? 0 : 1;
  }
} finally {
  await fovead.stop();
  rmSync(folder, {recursive: true, force: true});
}
process.exit(failed ? 1 : 0);
