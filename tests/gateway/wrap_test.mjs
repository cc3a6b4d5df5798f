// `fovea wrap`: the agent runs as ever, with everything around it, and nothing stays behind.
import test, { before, after } from 'node:test';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Provider } from './provider.mjs';
import { binaries, eventually, folder } from './harness.mjs';
import { extension } from './wrapping.mjs';

let place, provider;
before(async () => {
  place = folder();
  mkdirSync(join(place.path, 'run'), { mode: 0o700 });
  mkdirSync(join(place.path, 'home'));
  provider = await new Provider({ script: [{ text: 'Hello.' }] }).listen();
});
after(async () => {
  await provider?.close();
  place?.remove();
});

const agentFile = (text) => { const path = join(place.path, `agent-${Math.random()}.mjs`); writeFileSync(path, text); return path; };
const body = JSON.stringify({ model: 'claude-opus-4-8', max_tokens: 5, messages: [{ role: 'user', content: 'hi' }], tools: [{ name: 'x', input_schema: {} }] });
const call = `const call = () => fetch(process.env.ANTHROPIC_BASE_URL + '/v1/messages', { method: 'POST', headers: { 'anthropic-version': '1', 'content-type': 'application/json' }, body: ${JSON.stringify(body)} });`;

function environment(extra = {}) {
  const env = { ...process.env, HOME: join(place.path, 'home'), XDG_RUNTIME_DIR: join(place.path, 'run'), XDG_DATA_HOME: join(place.path, 'data'), FOVEA_ANTHROPIC_UPSTREAM: provider.url, ...extra };
  for (const name of ['ANTHROPIC_BASE_URL', 'OPENAI_BASE_URL', 'FOVEA_SERVER']) if (!(name in extra)) delete env[name];
  return env;
}

function wrap(args, { env = {}, program = 'fovea-gateway' } = {}) {
  const child = spawn(join(binaries, program), ['wrap', ...args], { env: environment(env), stdio: ['pipe', 'pipe', 'pipe'] });
  const run = { child, out: '', err: '' };
  child.stdout.on('data', (bytes) => { run.out += bytes; });
  child.stderr.on('data', (bytes) => { run.err += bytes; });
  run.ended = new Promise((resolve) => child.on('exit', (code, signal) => resolve({ code, signal })));
  return run;
}

// Programs whose environment names this test's folder.
function alive(name) {
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid)).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(name) && readFileSync(`/proc/${pid}/environ`, 'latin1').includes(place.path);
    } catch { return false; }
  }).map(Number);
}

test('the agent gets its arguments, its input, its exit code, and an address that works', async () => {
  const file = agentFile(`${call}
    const answer = await call();
    let input = ''; for await (const bytes of process.stdin) input += bytes;
    console.log(JSON.stringify({ args: process.argv.slice(2), input, status: answer.status, action: answer.headers.get('x-fovea-action'), text: (await answer.json()).content[0].text, url: process.env.ANTHROPIC_BASE_URL }));
    process.exit(7);`);
  const run = wrap(['--wire', 'anthropic', '--', process.execPath, file, '--flag', 'two words', '--server', 'not wrap\'s']);
  run.child.stdin.end('from the terminal');
  const { code } = await run.ended;
  assert.equal(code, 7, run.err);
  const seen = JSON.parse(run.out);
  assert.deepEqual(seen.args, ['--flag', 'two words', '--server', 'not wrap\'s']);
  assert.equal(seen.input, 'from the terminal');
  assert.equal(seen.status, 200);
  assert.equal(seen.action, 'passed');
  assert.match(seen.url, /^http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{32}$/);
  await eventually(() => alive('fovea-gateway').length === 0 && alive('fovead').length === 0, 15000);
  assert.deepEqual(readdirSync(join(place.path, 'home')), [], 'nothing in the home folder');
});

test('claude, codex, opencode, gemini, qwen and copilot are pointed at it', async () => {
  const bin = join(place.path, 'bin');
  mkdirSync(bin);
  for (const name of ['claude', 'codex', 'opencode', 'gemini', 'qwen', 'copilot', 'pi']) {
    writeFileSync(join(bin, name), `#!${process.execPath}\nconst keys = ['ANTHROPIC_BASE_URL','_CLAUDE_CODE_ASSUME_FIRST_PARTY_BASE_URL','OPENCODE_CONFIG_CONTENT','GOOGLE_GEMINI_BASE_URL','OPENAI_BASE_URL','COPILOT_PROVIDER_BASE_URL'];\n${extension}\nconsole.log(JSON.stringify({ args, bases, env: Object.fromEntries(keys.flatMap((k) => process.env[k] ? [[k, process.env[k]]] : [])) }));\n`, { mode: 0o755 });
  }
  const base = /http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{32}/;
  const look = async (name) => { const run = wrap([name, '-p', 'hi'], { env: { PATH: `${bin}:${process.env.PATH}`, OPENAI_API_KEY: 'k' } }); run.child.stdin.end(); const { code } = await run.ended; assert.equal(code, 0, run.err); return JSON.parse(run.out); };
  const claude = await look('claude');
  assert.deepEqual(claude.args, ['-p', 'hi']);
  assert.match(claude.env.ANTHROPIC_BASE_URL, base);
  assert.equal(claude.env._CLAUDE_CODE_ASSUME_FIRST_PARTY_BASE_URL, '1');
  assert.match((await look('codex')).args.join(' '), /base_url="http:\/\/127\.0\.0\.1:\d+\/v1".*model_provider="fovea".*wire_api="responses".*-p hi$/);
  assert.match(JSON.parse((await look('opencode')).env.OPENCODE_CONFIG_CONTENT).provider.anthropic.options.baseURL, base);
  assert.match((await look('gemini')).env.GOOGLE_GEMINI_BASE_URL, base);
  assert.match((await look('qwen')).env.OPENAI_BASE_URL, /\/v1$/);
  assert.match((await look('copilot')).env.COPILOT_PROVIDER_BASE_URL, base);
  const pi = await look('pi');
  assert.match(pi.bases.anthropic, base);
  assert.ok(!existsSync(pi.args[1]), 'pi\'s extension is removed');
  const none = wrap(['nobody']);
  assert.equal((await none.ended).code, 2);
  assert.match(none.err, /nobody is none of claude/);
});

test('a gateway that is killed is started again, and the agent sees one reset at most', async () => {
  const file = agentFile(`${call}
    let failed = 0, fine = 0;
    for (let i = 0; i < 40; i++) {
      try { const a = await call(); if (a.status === 200) { await a.json(); fine++; } } catch { failed++; }
      if (i === 5) console.log('begun');
      await new Promise((r) => setTimeout(r, 20));
    }
    console.log(JSON.stringify({ failed, fine }));`);
  const run = wrap(['--wire', 'anthropic', '--', process.execPath, file]);
  await eventually(() => run.out.includes('begun'), 20000);
  const [pid] = alive('fovea-gateway\0serve');
  process.kill(pid, 'SIGKILL');
  assert.equal((await run.ended).code, 0, run.err);
  const { failed, fine } = JSON.parse(run.out.trim().split('\n').at(-1));
  assert.ok(failed <= 1, `${failed} failed`);
  assert.equal(fine + failed, 40);
});

test('signals reach the agent; after kill -9 of wrap nothing is left running', async () => {
  const file = agentFile('process.on("SIGTERM", () => process.exit(9)); console.log("up"); setInterval(() => {}, 1000);');
  const polite = wrap(['--wire', 'anthropic', '--', process.execPath, file]);
  await eventually(() => polite.out.includes('up'), 20000);
  polite.child.kill('SIGTERM');
  assert.deepEqual(await polite.ended, { code: 9, signal: null });
  const killed = wrap(['--wire', 'anthropic', '--', process.execPath, file]);
  await eventually(() => killed.out.includes('up'), 20000);
  killed.child.kill('SIGKILL');
  await killed.ended;
  await eventually(() => alive('fovea-gateway').length + alive('fovead').length + alive(file).length === 0, 15000);
});

test('doctor, savings and the status line', async () => {
  const ask = async (args, env = {}, input = '') => {
    const child = spawn(join(binaries, 'fovea-gateway'), args, { env: environment(env), stdio: ['pipe', 'pipe', 'pipe'] });
    let out = '';
    child.stdout.on('data', (bytes) => { out += bytes; });
    child.stdin.end(input);
    return { code: await new Promise((resolve) => child.on('exit', resolve)), out };
  };
  const fine = await ask(['doctor'], { ANTHROPIC_API_KEY: '', OPENAI_API_KEY: '', GEMINI_API_KEY: '' });
  assert.match(fine.out, /no fovead answers/);
  assert.match(fine.out, /nothing was compressed/);
  const stale = await ask(['doctor'], { ANTHROPIC_BASE_URL: 'http://127.0.0.1:1/x' });
  assert.equal(stale.code, 2);
  assert.match(stale.out, /FAULT ANTHROPIC_BASE_URL in the environment is http:\/\/127\.0\.0\.1:1\/x, where nothing answers/);
  // Settings of agents: one that a bare `codex` or `opencode` would use, and one of another provider.
  const home = join(place.path, 'other-home');
  mkdirSync(join(home, '.codex'), { recursive: true });
  mkdirSync(join(home, '.config/opencode'), { recursive: true });
  const config = (used) => `${used ? 'model_provider = "mine"\n' : ''}[profiles.other]\nmodel = "y"\n[model_providers.mine]\nname = "x"\nbase_url = "http://127.0.0.1:1/v1" # gone\n`;
  writeFileSync(join(home, '.codex/config.toml'), config(false));
  writeFileSync(join(home, '.config/opencode/opencode.json'), '{"provider": {"ollama": {"options": {"baseURL": "http://127.0.0.1:1/v1"}}}}');
  const others = await ask(['doctor'], { HOME: home });
  assert.match(others.out, /note  base_url of model_providers\.mine in .*config\.toml is http:\/\/127\.0\.0\.1:1\/v1, where nothing answers/);
  assert.match(others.out, /note  baseURL of ollama in .*opencode\.json/);
  assert.notEqual(others.code, 2);
  writeFileSync(join(home, '.codex/config.toml'), config(true));
  assert.match((await ask(['doctor'], { HOME: home })).out, /FAULT base_url of model_providers\.mine/);
  writeFileSync(join(home, '.config/opencode/opencode.json'), '{"provider": {"anthropic": {"options": {"baseURL": "http://127.0.0.1:1/v1"}}}}');
  assert.equal((await ask(['doctor'], { HOME: home })).code, 2);
  assert.match((await ask(['doctor'], { HOME: home })).out, /FAULT baseURL of anthropic/);
  const savings = JSON.parse((await ask(['savings', '--json', '--by', 'action'])).out);
  assert.match(savings.basis, /provider's own counts/);
  // Of forty and one: what the killed gateway had under way may be in no book.
  assert.ok(savings.rows.find((row) => row.key === 'passed').requests >= 38);
  assert.match((await ask(['savings', '--csv'])).out, /^project,requests,/);
  assert.equal((await ask(['savings', '--since', 'x'])).code, 2);
  const since = async (time) => JSON.parse((await ask(['savings', '--json', '--by', 'action', '--since', time])).out).rows;
  for (const time of ['1h', '60m', '1d', '2000-01-01']) assert.deepEqual(await since(time), savings.rows, time);
  assert.deepEqual(await since('0m'), []);
  assert.match((await ask(['statusline'], {}, JSON.stringify({ cwd: process.cwd() }))).out, /^fovea: 0 of \d+ requests compressed in 24 h/);
});
