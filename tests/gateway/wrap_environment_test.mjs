// `fovea wrap` amid what else is set on the machine: proxies, base URLs, settings, other users, a disk that cannot be used.
import test, { before, after } from 'node:test';
import assert from 'node:assert/strict';
import http from 'node:http';
import net from 'node:net';
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Provider } from './provider.mjs';
import { eventually } from './harness.mjs';
import { Workplace, call, extension } from './wrapping.mjs';

let place, provider;
before(async () => {
  place = new Workplace();
  provider = await new Provider({ script: [{ text: 'Hello.' }] }).listen();
});
after(async () => {
  await provider?.close();
  place?.remove();
});

const once = `${call} const a = await call(); console.log(a.status, a.headers.get('x-fovea-action'), (await a.json()).content?.[0].text);`;
const stays = 'console.log("up"); setInterval(() => {}, 1000);';
const upstream = () => ({ FOVEA_ANTHROPIC_UPSTREAM: provider.url });
const agentFolders = () => readdirSync(place.runtime).filter((name) => name.startsWith('fovea-agent-'));

test('a proxy is for the gateway, and never for the way to it', async () => {
  const seen = [];
  const proxy = http.createServer((request, response) => {
    seen.push(request.url);
    const { host, ...headers } = request.headers;
    request.pipe(http.request(provider.url + new URL(request.url).pathname, { method: request.method, headers }, (answer) => { response.writeHead(answer.statusCode, answer.headers); answer.pipe(response); }));
  });
  await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${proxy.address().port}`;
  const text = `${call} console.log(process.env.NO_PROXY, process.env.no_proxy, (await call()).status);`;
  const env = { http_proxy: url, HTTPS_PROXY: url, FOVEA_ANTHROPIC_UPSTREAM: 'http://provider.example' };
  const loopback = '127.0.0.1,localhost,::1';
  assert.equal((await place.wrapAgent(text, { env }).ended).out.trim(), `${loopback} ${loopback} 200`);
  assert.equal((await place.wrapAgent(text, { env: { ...env, NO_PROXY: 'corp.example, localhost' } }).ended).out.trim(), `${`corp.example,localhost,127.0.0.1,::1 `.repeat(2)}200`);
  assert.equal((await place.wrapAgent(text, { env: { ...env, no_proxy: 'b.example', NO_PROXY: 'a.example' } }).ended).out.trim(), `a.example,${loopback} b.example,${loopback} 200`);
  assert.deepEqual([...new Set(seen)], ['http://provider.example/v1/messages']);
  proxy.close();
});

test('another user\'s socket is told nothing', { skip: process.getuid() !== 0 && 'only root can give a socket away' }, async () => {
  const runtime = join(place.path, 'squatted');
  mkdirSync(runtime);
  const socket = join(runtime, 'fovea-0.sock');
  let told = 0;
  const squatter = net.createServer((connection) => { connection.on('data', (bytes) => { told += bytes.length; }); connection.on('error', () => {}); });
  await new Promise((resolve) => squatter.listen(socket, resolve));
  chownSync(socket, 65534, 65534);
  const env = { ...upstream(), XDG_RUNTIME_DIR: runtime, FOVEA_TOKEN: 'secret-token' };
  const big = `const a = await fetch(process.env.ANTHROPIC_BASE_URL + '/v1/messages', { method: 'POST', headers: { 'anthropic-version': '1', 'content-type': 'application/json' }, body: JSON.stringify({ model: 'claude-opus-4-8', max_tokens: 5, tools: [{ name: 'x', input_schema: {} }], messages: [{ role: 'user', content: 'lorem ipsum '.repeat(20000) }] }) }); console.log(a.status);`;
  const { code, out, err } = await place.wrapAgent(big, { env, flags: ['--force'] }).ended;
  assert.equal(code, 0, err);
  assert.equal(out, '200\n');
  assert.match(err, /fovea-0\.sock belongs to user 65534, and not to you.*going on without Fovea's memory/);
  assert.match((await place.run(['doctor'], { env }).ended).out, /fault .*fovea-0\.sock belongs to user 65534/);
  assert.equal(told, 0);
  squatter.close();
});

test('another user\'s lock is waited for by nobody', { timeout: 30000, skip: process.getuid() !== 0 && 'only root can give a file away' }, async () => {
  const runtime = join(place.path, 'locked');
  mkdirSync(runtime);
  const lock = join(runtime, 'fovea-0.sock.lock');
  writeFileSync(lock, '');
  chownSync(lock, 65534, 65534);
  const holder = place.run([lock, 'sleep', '60'], { program: 'flock' });
  const { code, out, err } = await place.wrapAgent(once, { env: { ...upstream(), XDG_RUNTIME_DIR: runtime } }).ended;
  holder.child.kill('SIGKILL');
  assert.equal(code, 0, err);
  assert.equal(out, '200 passed Hello.\n');
  assert.match(err, /fovea-0\.sock\.lock belongs to user 65534; going on without Fovea's memory/);
});

test('a data directory, books or a gateway that cannot be used keep no agent from working', async () => {
  mkdirSync(join(place.path, 'empty'), { mode: 0o700 });
  const nowhere = await place.wrapAgent(once, { env: { ...upstream(), XDG_DATA_HOME: '/dev/null/x', XDG_RUNTIME_DIR: join(place.path, 'empty') } }).ended;
  assert.equal(nowhere.out, '200 passed Hello.\n');
  assert.match(nowhere.err, /\/dev\/null\/x\/fovea cannot be made \(Not a directory\); going on without Fovea's memory\n$/);
  assert.match((await place.run(['doctor'], { env: { XDG_DATA_HOME: '/dev/null/x' } }).ended).out, /fault \/dev\/null\/x\/fovea\/gateway\.db cannot be made/);
  // Damaged books are set aside, once.
  const books = (data) => join(place.path, data, 'fovea', 'gateway.db');
  for (const data of ['damaged', 'folder']) mkdirSync(join(place.path, data, 'fovea'), { recursive: true });
  writeFileSync(books('damaged'), Buffer.alloc(20000, 'no database '));
  writeFileSync(`${books('damaged')}-wal`, 'old');
  const damaged = { ...upstream(), XDG_DATA_HOME: join(place.path, 'damaged') };
  assert.match((await place.run(['doctor'], { env: damaged }).ended).out, /fault .*gateway\.db is damaged .*: the next gateway sets it aside/);
  for (let i = 0; i < 2; i += 1) assert.equal((await place.wrapAgent(once, { env: damaged }).ended).out, '200 passed Hello.\n');
  const aside = readdirSync(join(place.path, 'damaged', 'fovea')).filter((name) => /^gateway\.db\.damaged-\d+$/.test(name));
  assert.equal(aside.length, 1);
  assert.match(readFileSync(join(place.path, 'damaged', 'fovea', aside[0]), 'latin1'), /^no database/);
  assert.match((await place.run(['doctor'], { env: damaged }).ended).out, /note {2}damaged books were set aside as .*damaged-\d+\nok {4}2 requests|note {2}damaged books[^]*2 requests in 24 h/);
  assert.match(readFileSync(join(place.path, 'damaged', 'fovea', 'gateway.log'), 'utf8'), /is damaged and was set aside as/);
  // Books that no file can be had for are kept in memory.
  mkdirSync(books('folder'));
  const memory = { ...upstream(), XDG_DATA_HOME: join(place.path, 'folder') };
  assert.equal((await place.wrapAgent(once, { env: memory }).ended).out, '200 passed Hello.\n');
  assert.match(readFileSync(join(place.path, 'folder', 'fovea', 'gateway.log'), 'utf8'), /cannot be used, so the books and the sessions' chains are kept in memory/);
  assert.match((await place.run(['doctor'], { env: memory }).ended).out, /fault .*cannot be used .*: the gateway keeps its books in memory/);
});

test('a gateway that is given up refuses, and does not keep requests waiting', async () => {
  const run = place.wrapAgent(`${call} console.log('up'); for (;;) { try { await (await call()).text(); } catch (error) { if (error.cause?.code === 'ECONNREFUSED') break; } await new Promise((r) => setTimeout(r, 5)); }`, { env: upstream() });
  await eventually(() => run.out.includes('up'), 20000);
  const until = Date.now() + 30000;
  let ended = false;
  run.ended.then(() => { ended = true; });
  while (!ended && Date.now() < until) {
    for (const pid of place.alive('fovea-gateway\0serve')) try { process.kill(pid, 'SIGKILL'); } catch {}
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.equal(ended, true, run.err);
  assert.match(run.err, /the gateway does not stay up .*refused from now on/);
});

test('a base URL that cannot be an upstream is said before the agent starts, without its password', async () => {
  const mark = join(place.path, 'ran');
  for (const [url, words] of [['http://user:p@ss/w0rd@127.0.0.1:1/x?key=k3y', /ANTHROPIC_BASE_URL in the environment: http:\/\/127\.0\.0\.1:1\/x must have a host and a path only/], ['api.corp.example', /api\.corp\.example must begin with http/]]) {
    const { code, err } = await place.wrapAgent(`import { writeFileSync } from 'node:fs'; writeFileSync(${JSON.stringify(mark)}, '');`, { env: { ANTHROPIC_BASE_URL: url } }).ended;
    assert.equal(code, 2);
    assert.match(err, words);
    const served = await place.run(['serve', '--listen', '127.0.0.1:0', '--anthropic-upstream', url]).ended;
    assert.equal(served.code, 2);
    const looked = await place.run(['doctor'], { env: { ANTHROPIC_BASE_URL: url } }).ended;
    assert.match(looked.out, /FAULT ANTHROPIC_BASE_URL in the environment.*wrap refuses to start/);
    assert.doesNotMatch(err + served.err + looked.out, /p@ss|w0rd|k3y|user:/);
  }
  assert.ok(!existsSync(mark));
});

test('the gateway\'s command line names no address and no password', async () => {
  const run = place.wrapAgent(`${once} ${stays}`, { flags: [`--anthropic-upstream=${provider.url}`, '--proxy', 'http://name:passw0rd@127.0.0.1:1', '--no-recall'], env: { no_proxy: '127.0.0.1' } });
  await eventually(() => run.out.includes('up'), 20000);
  assert.match(run.out, /^200 passed/);
  const [line] = place.commandLines('fovea-gateway\0serve');
  assert.match(line, /--no-recall/);
  assert.doesNotMatch(line, /passw0rd|--proxy|upstream|[0-9a-f]{32}/);
  run.child.kill('SIGTERM');
  await run.ended;
});

test('fovead that is killed is started again', async () => {
  const run = place.wrapAgent(stays, { env: upstream() });
  await eventually(() => run.out.includes('up'), 20000);
  for (let i = 0; i < 2; i += 1) {
    await new Promise((resolve) => setTimeout(resolve, 300));
    const [pid] = await eventually(() => { const pids = place.alive('/fovead\0'); return pids.length === 1 && pids; }, 20000);
    process.kill(pid, 'SIGKILL');
    await eventually(() => { const pids = place.alive('/fovead\0'); return pids.length === 1 && pids[0] !== pid; }, 20000);
  }
  run.child.kill('SIGTERM');
  await run.ended;
  await eventually(() => place.alive('/fovead\0').length === 0, 20000);
});

test('fovead stays for a wrap with another data directory than the one that started it', async () => {
  const first = place.wrapAgent(stays, { env: { ...upstream(), XDG_DATA_HOME: join(place.path, 'elsewhere') } });
  await eventually(() => first.out.includes('up'), 20000);
  const [pid] = place.alive('/fovead\0');
  const second = place.wrapAgent(stays, { env: upstream() });
  await eventually(() => second.out.includes('up'), 20000);
  first.child.kill('SIGTERM');
  await first.ended;
  await new Promise((resolve) => setTimeout(resolve, 2500));
  assert.deepEqual(place.alive('/fovead\0'), [pid]);
  second.child.kill('SIGTERM');
  await second.ended;
  await eventually(() => place.alive('/fovead\0').length === 0, 20000);
});

test('a wrap in a wrap goes to the provider itself, and each request is in the books once', async () => {
  const data = join(place.path, 'nested');
  const file = place.agent(`${once} ${stays}`);
  const [command, ...rest] = process.env.FOVEA_BIN ? [join(process.env.FOVEA_BIN, 'fovea-gateway'), 'wrap', '--wire', 'anthropic', '--', process.execPath, file] : [];
  const before = provider.requests.length;
  const run = place.wrap(['--wire', 'anthropic', '--', command, ...rest], { env: { ANTHROPIC_BASE_URL: provider.url, XDG_DATA_HOME: data } });
  await eventually(() => run.out.includes('up'), 20000);
  assert.match(run.out, /^200 passed/);
  assert.match(run.err, /inside another `fovea wrap`: requests go to its upstreams/);
  const lines = place.commandLines('fovea-gateway\0serve');
  assert.equal(lines.length, 2);
  for (const line of lines) assert.doesNotMatch(line, /[0-9a-f]{32}/);
  assert.equal(provider.requests.length, before + 1);
  run.child.kill('SIGTERM');
  await run.ended;
  const { rows } = JSON.parse((await place.run(['savings', '--json'], { env: { XDG_DATA_HOME: data } }).ended).out);
  assert.equal(rows.reduce((sum, row) => sum + row.requests, 0), 1);
});

// Claude Code puts the variables of `--settings`, then of its settings, over those of its environment.
const claude = `${call} const fs = require('node:fs'); const args = process.argv.slice(2); const read = (path) => { try { return JSON.parse(fs.readFileSync(path, 'utf8')).env; } catch { return {}; } };
  const at = args.indexOf('--settings'); const env = { ...process.env, ...read(process.env.HOME + '/.claude/settings.json'), ...(at < 0 ? {} : args[at + 1].startsWith('{') ? JSON.parse(args[at + 1]).env : read(args[at + 1])) };
  const a = await call(env.ANTHROPIC_BASE_URL); console.log(JSON.stringify({ action: a.headers.get('x-fovea-action'), no: env.NO_PROXY, args, file: at < 0 ? null : args[at + 1] }));`;

test('a base URL in Claude Code\'s settings is the upstream, and no way past the gateway', async () => {
  place.program('claude', claude);
  mkdirSync(join(place.home, '.claude'));
  const settings = join(place.home, '.claude', 'settings.json');
  const proxy = 'http://127.0.0.1:1';
  writeFileSync(settings, JSON.stringify({ env: { ANTHROPIC_BASE_URL: `${provider.url}/corp`, NO_PROXY: 'corp.example', HTTPS_PROXY: proxy } }));
  const { out, err } = await place.wrap(['claude', '-p', 'hi']).ended;
  const seen = JSON.parse(out);
  assert.equal(seen.action, 'passed', err);
  assert.equal(provider.requests.at(-1).url ?? provider.requests.at(-1).path, '/corp/v1/messages');
  assert.deepEqual(seen.args, ['--settings', seen.file, '-p', 'hi']);
  assert.equal(seen.no, 'corp.example,127.0.0.1,localhost,::1');
  assert.deepEqual(agentFolders(), []);
  const looked = (await place.run(['doctor']).ended).out;
  assert.match(looked, /ANTHROPIC_BASE_URL in .*settings\.json is http:\/\/127\.0\.0\.1:\d+\/corp, and something answers there: wrap uses it as the upstream/);
  assert.match(looked, /ok {4}http:\/\/127\.0\.0\.1:\d+\/corp answers/);
  // With settings of the user's on the command line, all that wrap can do is say so.
  const given = await place.wrap(['claude', '--settings', '{"env": {"X": "1"}}']).ended;
  assert.equal(JSON.parse(given.out).action, null);
  assert.match(given.err, /takes ANTHROPIC_BASE_URL from .*settings\.json, so its requests go past Fovea/);
  writeFileSync(settings, '{"env": {"ANTHROPIC_BASE_URL": "corp"}}');
  assert.equal((await place.wrap(['claude']).ended).code, 2);
  rmSync(settings);
  assert.deepEqual(JSON.parse((await place.wrap(['claude', '-c'], { env: upstream() }).ended).out).args, ['-c']);
});

test('pi gets an extension for as long as it runs, and its own folder stays as it is', async () => {
  const own = join(place.home, '.pi', 'agent');
  mkdirSync(join(own, 'sessions'), { recursive: true });
  for (const name of ['auth.json', 'settings.json']) writeFileSync(join(own, name), name);
  writeFileSync(join(own, 'models.json'), '{ // mine\n"providers": { "mine": { "baseUrl": "http://mine" } } }', { mode: 0o600 });
  const files = () => readdirSync(own, { recursive: true }).sort().map((name) => { const { ino, mode, mtimeMs, size } = statSync(join(own, name)); return [name, ino, mode, mtimeMs, size]; });
  const before = files();
  place.program('pi', `${extension} const fs = require('node:fs'); const mode = (path) => (fs.statSync(path).mode & 0o777).toString(8); const at = args.indexOf('-e'); const file = args[at + 1];
    if (args.includes('wait')) await fetch(new URL('/', bases.anthropic));
    console.log(JSON.stringify({ args, bases, dir: process.env.PI_CODING_AGENT_DIR, env: 'FOVEA_PI_BASE_URLS' in process.env, ...(at < 0 ? {} : { modes: [mode(file), mode(require('node:path').dirname(file))], text: fs.readFileSync(file, 'utf8') }), line: fs.readFileSync('/proc/self/cmdline', 'latin1') }));
    if (args.includes('wait')) { process.on('SIGTERM', () => {}); while (fs.existsSync(process.env.HOME) && !fs.existsSync(process.env.HOME + '/go')) await new Promise((r) => setTimeout(r, 20)); }`);
  const first = await place.wrap(['pi', '-p', 'hi']).ended;
  assert.equal(first.code, 0, first.err);
  const seen = JSON.parse(first.out);
  assert.deepEqual(seen.args, ['-e', seen.args[1], '-p', 'hi']);
  assert.match(seen.args[1], /\/fovea-agent-[^/]+\/fovea\.js$/);
  assert.deepEqual(seen.modes, ['600', '700']);
  assert.equal(seen.dir, undefined);
  const [base] = seen.bases.anthropic.match(/^http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{32}$/);
  assert.deepEqual(seen.bases, { anthropic: base, openai: `${base}/v1`, google: `${base}/v1beta` });
  assert.doesNotMatch(seen.text + seen.line, /[0-9a-f]{32}/);
  assert.deepEqual(agentFolders(), []);
  assert.deepEqual(files(), before);
  const given = JSON.parse((await place.wrap(['pi'], { env: { PI_CODING_AGENT_DIR: own } }).ended).out);
  assert.equal(given.dir, own);
  for (const args of [['install', 'npm:x'], ['remove', 'x'], ['uninstall', 'x'], ['update'], ['list'], ['config']]) {
    const plain = JSON.parse((await place.wrap(['pi', ...args]).ended).out);
    assert.deepEqual([plain.args, plain.env], [args, false]);
  }
  assert.deepEqual(agentFolders(), []);
  // kill -9 of wrap: its gateway removes it, once it is up, which the agent's call waits for. Of both: the next wrap, but not that of one that runs.
  const start = async () => { const run = place.wrap(['pi', 'wait']); await eventually(() => run.out.includes('}'), 20000); return run; };
  await start();
  assert.equal(agentFolders().length, 1);
  for (const pid of place.alive('fovea-gateway\0wrap')) process.kill(pid, 'SIGKILL');
  await eventually(() => agentFolders().length === 0, 20000);
  await eventually(() => place.alive('fovea-gateway\0serve').length === 0, 20000);
  await start();
  const both = [...place.alive('fovea-gateway\0wrap'), ...place.alive('fovea-gateway\0serve')];
  // Stopped first: whichever outlives the other would remove it.
  for (const signal of ['SIGSTOP', 'SIGKILL']) for (const pid of both) process.kill(pid, signal);
  const [left] = agentFolders();
  const running = await start();
  assert.equal(agentFolders().length, 1);
  assert.notEqual(agentFolders()[0], left);
  await place.wrap(['pi', 'list']).ended;
  assert.equal(agentFolders().length, 1);
  writeFileSync(join(place.home, 'go'), '');
  assert.equal((await running.ended).code, 0);
  assert.deepEqual(agentFolders(), []);
  assert.deepEqual(files(), before);
});

test('a folder that an earlier version left for pi stays with all that is in it, and is spoken of once', async () => {
  const own = join(place.path, 'own-of-pi');
  const old = join(place.runtime, 'fovea-agent-oldone');
  mkdirSync(join(old, 'files'), { recursive: true });
  mkdirSync(own);
  writeFileSync(join(own, 'settings.json'), 'mine');
  symlinkSync(own, join(old, 'own'));
  symlinkSync(join(own, 'settings.json'), join(old, 'files', 'settings.json'));
  writeFileSync(join(old, 'files', 'auth.json'), 'a login');
  writeFileSync(join(old, 'lock'), '');
  const text = () => [readFileSync(join(old, 'files', 'auth.json'), 'utf8'), readFileSync(join(own, 'settings.json'), 'utf8'), readdirSync(own)];
  for (const words of [/^fovea wrap: .*fovea-agent-oldone is left of an earlier version and stays: it stood for .*own-of-pi, and may hold files/, /^$/]) {
    assert.match((await place.wrapAgent('', { env: upstream() }).ended).err, words);
    assert.deepEqual(text(), ['a login', 'mine', ['settings.json']]);
  }
  rmSync(old, { recursive: true });
});

test('a base URL in the settings of pi or opencode is the upstream', async () => {
  const own = join(place.home, '.pi', 'agent');
  mkdirSync(own, { recursive: true });
  const path = () => provider.requests.at(-1).url ?? provider.requests.at(-1).path;
  const say = 'console.log(a.status, a.headers.get("x-fovea-action"));';
  const post = (base, rest) => `const a = await fetch(${base} + '${rest}', { method: 'POST', headers: { 'anthropic-version': '1', 'content-type': 'application/json' }, body: '{"model": "claude-opus-4-8", "max_tokens": 5, "messages": [{"role": "user", "content": "hi"}]}' }); ${say}`;
  place.program('pi', extension + post('bases.anthropic', '/v1/messages'));
  place.program('opencode', post('JSON.parse(process.env.OPENCODE_CONFIG_CONTENT).provider.anthropic.options.baseURL', '/messages'));
  writeFileSync(join(own, 'models.json'), JSON.stringify({ providers: { anthropic: { baseUrl: `${provider.url}/corp` } } }));
  const pi = await place.wrap(['pi']).ended;
  assert.equal(pi.out, '200 passed\n', pi.err);
  assert.equal(path(), '/corp/v1/messages');
  assert.match((await place.run(['doctor']).ended).out, /baseUrl of anthropic in .*models\.json is .*\/corp, and something answers there: wrap uses it as the upstream/);
  assert.equal((await place.wrap(['pi'], { env: { FOVEA_ANTHROPIC_UPSTREAM: `${provider.url}/given` } }).ended).out, '200 passed\n');
  assert.equal(path(), '/given/v1/messages');
  writeFileSync(join(own, 'models.json'), JSON.stringify({ providers: { anthropic: { baseUrl: provider.url, api: 'openai-completions' } } }));
  const other = await place.wrap(['pi']).ended;
  assert.equal(other.code, 2);
  assert.match(other.err, /api of anthropic in .*models\.json: its provider is set to "openai-completions".*cannot be the upstream/);
  // Behind one that may be an upstream, too.
  writeFileSync(join(own, 'models.json'), JSON.stringify({ providers: { anthropic: { baseUrl: provider.url }, openai: { baseUrl: provider.url, api: 'anthropic-messages' } } }));
  assert.match((await place.wrap(['pi']).ended).err, /api of openai in .*models\.json: its provider is set to "anthropic-messages"/);
  rmSync(join(own, 'models.json'));
  // opencode: in the variable, with and without a version, and in a file.
  const opencode = (baseURL, extra = {}) => JSON.stringify({ provider: { anthropic: { options: { baseURL }, ...extra } } });
  for (const [url, sent] of [[`${provider.url}/corp/v1`, '/corp/v1/messages'], [`${provider.url}/bare/`, '/bare/messages']]) {
    const { out, err } = await place.wrap(['opencode'], { env: { OPENCODE_CONFIG_CONTENT: opencode(url) } }).ended;
    assert.equal(out, '200 passed\n', err);
    assert.equal(path(), sent);
  }
  writeFileSync(join(place.path, 'opencode.json'), opencode(`${provider.url}/file/v1`));
  assert.equal((await place.wrap(['opencode']).ended).out, '200 passed\n');
  assert.equal(path(), '/file/v1/messages');
  rmSync(join(place.path, 'opencode.json'));
  const variable = await place.wrap(['opencode'], { env: { CORP: 'corp', OPENCODE_CONFIG_CONTENT: opencode('{env:CORP}') } }).ended;
  assert.equal(variable.code, 2);
  assert.match(variable.err, /baseURL of anthropic in OPENCODE_CONFIG_CONTENT: .* must begin with http/);
});

test('of several --settings the last counts, and blanks before JSON do not', async () => {
  place.program('claude', 'console.log("ran");');
  const elsewhere = '{"env": {"ANTHROPIC_BASE_URL": "http://127.0.0.1:9"}}';
  const past = /takes ANTHROPIC_BASE_URL from --settings, so its requests go past Fovea/;
  for (const args of [['--settings', ` \n\u00a0${elsewhere} `], ['--settings', '{}', '--settings', elsewhere], ['--settings={}', `--settings=\t${elsewhere}`]]) {
    assert.match((await place.wrap(['claude', ...args], { env: upstream() }).ended).err, past);
  }
  assert.doesNotMatch((await place.wrap(['claude', '--settings', elsewhere, '--settings', '{}'], { env: upstream() }).ended).err, past);
});

test('settings of an agent\'s that cannot be added to are said in words', async () => {
  place.program('opencode', '');
  for (const [text, what] of [['{"provider":[]}', 'provider'], ['{"provider":{"openai":3}}', 'provider\\.openai'], ['[1]', 'what it holds']]) {
    const { code, err } = await place.wrap(['opencode'], { env: { OPENCODE_CONFIG_CONTENT: text } }).ended;
    assert.equal(code, 2);
    assert.match(err, new RegExp(`OPENCODE_CONFIG_CONTENT: ${what} is no JSON object`));
  }
  const { code, err } = await place.wrap(['opencode'], { env: { OPENCODE_CONFIG_CONTENT: '{"provider":{"google":{"options":1}}}' } }).ended;
  assert.equal(code, 2);
  assert.match(err, /OPENCODE_CONFIG_CONTENT: provider\.google is no JSON object/);
  assert.deepEqual(agentFolders(), []);
});

test('what whoever started wrap ignores, the agent ignores, and nothing else', async () => {
  const mask = async (trap) => {
    const wrap = `exec ${process.env.FOVEA_BIN}/fovea-gateway wrap --wire anthropic -- grep SigIgn /proc/self/status`;
    const { out } = await place.run(['-c', `${trap} ${wrap}`], { program: '/bin/sh', env: upstream() }).ended;
    return parseInt(out.split(':')[1], 16) & 0x4007; // HUP, INT, QUIT, TERM
  };
  assert.equal(await mask(''), 0);
  assert.equal(await mask('trap "" HUP;'), 1);
  assert.equal(await mask('trap "" INT TERM;'), 0x4002);
});

test('doctor looks at the upstreams that wrap would use', async () => {
  const doctor = async (env) => (await place.run(['doctor'], { env }).ended).out;
  assert.match(await doctor({ OPENAI_BASE_URL: `${provider.url}/v1` }), /ok {4}http:\/\/127\.0\.0\.1:\d+\/v1 answers/);
  assert.match(await doctor({ FOVEA_GEMINI_UPSTREAM: 'http://127.0.0.1:1/g' }), /fault http:\/\/127\.0\.0\.1:1\/g cannot be reached/);
  assert.match(await doctor({ ANTHROPIC_BASE_URL: 'http://provider.example', http_proxy: provider.url }), /ok {4}http:\/\/provider\.example answers/);
});
