// `fovea wrap` sends a key nowhere but where the agent itself would have sent it: what agents read of their own settings.
import test, { before, after, beforeEach, afterEach } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Provider } from './provider.mjs';
import { Workplace } from './wrapping.mjs';

let place, provider;
before(async () => { provider = await new Provider({ script: [{ text: 'Hello.' }] }).listen(); });
after(async () => { await provider?.close(); });
beforeEach(() => { place = new Workplace(); mkdirSync(join(place.path, '.git')); });
afterEach(() => place?.remove());

const put = (path, text) => { mkdirSync(dirname(path), { recursive: true }); writeFileSync(path, typeof text === 'string' ? text : JSON.stringify(text)); };
const body = JSON.stringify({ model: 'm', max_tokens: 5, messages: [{ role: 'user', content: 'hi' }] });
const send = (base, path, headers = '{}') => `const a = await fetch(${base} + '${path}', { method: 'POST', headers: { 'content-type': 'application/json', 'x-api-key': 'private', ...${headers} }, body: ${JSON.stringify(body)} }); console.log(a.status);`;
const opencode = send('JSON.parse(process.env.OPENCODE_CONFIG_CONTENT).provider.anthropic.options.baseURL', '/messages', "{ 'anthropic-version': '1' }");
const own = (baseURL, more = {}) => ({ provider: { anthropic: { options: { baseURL }, ...more } } });

// What the provider was asked for meanwhile: `[path]`.
async function asked(run) {
  const before = provider.requests.length;
  const ended = await run.ended;
  return { ...ended, paths: provider.requests.slice(before).map((request) => request.url ?? request.path) };
}
async function refused(run, words) {
  const { code, err, out, paths } = await asked(run);
  assert.equal(code, 2, err + out);
  assert.match(err, words);
  assert.deepEqual(paths, []);
}

test('every file that opencode reads names the upstream, the last one first', async () => {
  place.program('opencode', opencode);
  const files = [
    [join(place.home, '.config/opencode/opencode.jsonc')], [join(place.path, '.opencode/opencode.json')], [join(place.home, '.opencode/opencode.json')],
    [join(place.path, 'dir/opencode.jsonc'), { OPENCODE_CONFIG_DIR: join(place.path, 'dir') }]];
  let env = {};
  for (const [i, [path, more = {}]] of files.entries()) {
    put(path, `{ // a comment, with "quotes\n "provider": { "anthropic": { "options": { "baseURL": "${provider.url}/n${i}/v1", "x": ",}", }, /* , */ }, }, }`);
    env = { ...env, ...more };
    const { err, paths } = await asked(place.wrap(['opencode'], { env }));
    assert.deepEqual(paths, [`/n${i}/v1/messages`], err);
  }
});

test('opencode\'s {env:} and {file:}, and its provider\'s address', async () => {
  place.program('opencode', opencode);
  const file = join(place.path, 'opencode.json');
  put(file, own('{env:CORP}/v1'));
  assert.deepEqual((await asked(place.wrap(['opencode'], { env: { CORP: `${provider.url}/corp` } }))).paths, ['/corp/v1/messages']);
  put(join(place.path, 'url.txt'), `${provider.url}/file/v1\n`);
  put(file, own('{file:./url.txt}'));
  assert.deepEqual((await asked(place.wrap(['opencode']))).paths, ['/file/v1/messages']);
  put(join(place.home, 'name.txt'), 'inner\n');
  put(join(place.path, 'url.txt'), `${provider.url}\n`);
  put(file, own('{file:url.txt}/{file:~/name.txt}/v1'));
  assert.deepEqual((await asked(place.wrap(['opencode']))).paths, ['/inner/v1/messages']);
  put(file, own('{file:url.txt}'.repeat(1100)));
  await refused(place.wrap(['opencode']), /name more by \{file:\} than is read/);
  put(file, { provider: { anthropic: { api: `${provider.url}/api/v1` } } });
  assert.deepEqual((await asked(place.wrap(['opencode']))).paths, ['/api/v1/messages']);
  // One that is set to nothing stands before another file's.
  put(join(place.home, '.config/opencode/opencode.json'), own('http://127.0.0.1:1/v1'));
  put(file, own('{env:NOBODY}'));
  assert.deepEqual((await asked(place.wrap(['opencode'], { env: { ANTHROPIC_BASE_URL: `${provider.url}/v1` } }))).paths, ['/v1/messages']);
});

test('settings that cannot be read are no settings', async () => {
  for (const name of ['opencode', 'pi', 'qwen', 'claude']) place.program(name, 'console.log("ran");');
  const file = join(place.path, 'opencode.json');
  for (const text of ['{ "provider": ', '[1 2]', '['.repeat(100000), ' '.repeat(1 << 20) + '{}']) {
    put(file, text);
    await refused(place.wrap(['opencode']), /opencode\.json: .*so it is not known where/);
  }
  put(join(place.home, '.pi/agent/models.json'), '{');
  await refused(place.wrap(['pi']), /models\.json: what it holds is no JSON/);
  put(join(place.home, '.qwen/settings.json'), '{');
  await refused(place.wrap(['qwen']), /settings\.json: what it holds is no JSON/);
  put(join(place.home, '.claude/settings.json'), '{');
  const claude = await place.wrap(['claude']).ended;
  assert.equal(claude.out, 'ran\n');
  assert.match(claude.err, /settings\.json: what it holds is no JSON/);
  const doctor = await place.run(['doctor']).ended;
  for (const name of ['opencode', 'models', 'settings']) assert.match(doctor.out, new RegExp(`fault .*${name}\\.json: `));
});

test('a provider of another wire ends wrap, also where it has no address', async () => {
  for (const name of ['opencode', 'pi']) place.program(name, 'console.log("ran");');
  put(join(place.path, 'opencode.json'), { provider: { anthropic: { npm: '@ai-sdk/amazon-bedrock', options: { region: 'x' } } } });
  await refused(place.wrap(['opencode']), /npm of anthropic in .*opencode\.json: its provider is set to "@ai-sdk\/amazon-bedrock"/);
  put(join(place.path, 'opencode.json'), { provider: { openai: { models: { m: { provider: { npm: '@ai-sdk/azure' } } } } } });
  await refused(place.wrap(['opencode']), /model m of openai in .*"@ai-sdk\/azure"/);
  const models = join(place.home, '.pi/agent/models.json');
  put(models, { providers: { openai: { api: 'azure-openai-responses', apiKey: 'x' } } });
  await refused(place.wrap(['pi']), /api of openai in .*models\.json: its provider is set to "azure-openai-responses"/);
  put(models, { providers: { openai: { models: [{ id: 'm', api: 'azure-openai-responses' }] } } });
  await refused(place.wrap(['pi']), /api of a model of openai/);
  put(models, { providers: { openai: { models: [{ id: 'm', baseUrl: 'http://127.0.0.1:1' }] } } });
  await refused(place.wrap(['pi']), /the baseUrl of a model of openai in .*it has an address of its own/);
  assert.equal((await place.wrap(['--openai-upstream', provider.url, 'pi']).ended).out, 'ran\n');
  mkdirSync(join(place.home, 'dir'));
  put(join(place.home, 'dir/models.json'), { providers: { google: { api: 'openai-completions' } } });
  await refused(place.wrap(['pi'], { env: { PI_CODING_AGENT_DIR: '~/dir' } }), /api of google in .*home\/dir\/models\.json/);
  for (const text of ['', '[1]', '{"providers": []}', { providers: { mine: { api: 'azure-openai-responses', baseUrl: 'http://x' } } }]) {
    put(models, text);
    assert.equal((await place.wrap(['pi']).ended).out, 'ran\n');
  }
});

// Codex as far as it matters here: the provider that its command line names, and what goes with it.
const codex = `const set = {}; const args = process.argv.slice(2); args.forEach((arg, i) => { if (args[i - 1] !== '-c') return; const [key, value] = [arg.slice(0, arg.indexOf('=')), arg.slice(arg.indexOf('=') + 1)]; set[key] = JSON.parse(value); });
  const line = require('node:fs').readFileSync('/proc/self/cmdline', 'latin1'); console.log(/[0-9a-f]{32}/.test(line) ? 'SECRET SEEN' : 'hidden');
  const url = Object.keys(set).find((key) => key.endsWith('.base_url')); const of = url.slice(0, -9); const variable = set[of + '.env_http_headers.x-fovea-secret'];
  const a = await fetch(set[url] + '/responses', { method: 'POST', headers: { 'content-type': 'application/json', authorization: 'Bearer private', 'x-fovea-secret': process.env[variable] }, body: '{"model": "gpt-5.6", "input": "hi"}' });
  console.log(of, set.model_provider, a.status, (await fetch(set[url] + '/responses', { method: 'POST', body: '{}' })).status, (await fetch(set[url] + '/responses', { method: 'POST', headers: { 'x-fovea-secret': process.env[variable].replace(/./, 'x') }, body: '{}' })).status);`;

test('codex goes where its config.toml says, with no secret on its command line', async () => {
  place.program('codex', codex);
  const home = join(place.path, 'codex-home');
  const look = async (toml, args = []) => {
    put(join(home, 'config.toml'), toml);
    const { out, err, paths } = await asked(place.wrap(['codex', ...args], { env: { CODEX_HOME: home } }));
    for (const request of provider.requests) assert.ok(!('x-fovea-secret' in request.headers));
    return { said: out.trim().split('\n'), err, paths };
  };
  const fovea = ['hidden', 'model_providers.fovea fovea 200 404 404'];
  const mine = ['hidden', 'model_providers.mine undefined 200 404 404'];
  const table = (name, url) => `[model_providers.${name}]\nname = "x"\nbase_url = "${url}"\nenv_key = "MINE"\nwire_api = "responses"\n`;
  const cases = [
    [`openai_base_url = "${provider.url}/corp/v1" # ours\n`, [], fovea, '/corp/v1/responses'],
    [`model_provider = 'mine'\n${table('mine', `${provider.url}/bare`)}`, [], mine, '/bare/responses'],
    [`model_provider = "mine"\n[model_providers]\n"mine".base_url = "${provider.url}/dotted/v1"\n`, [], mine, '/dotted/v1/responses'],
    [`profile = "work"\n${table('mine', `${provider.url}/profile/v1`)}[profiles.work]\nmodel_provider = "mine"\n`, [], mine, '/profile/v1/responses'],
    [`openai_base_url = "http://127.0.0.1:1"\n${table('mine', `${provider.url}/flag/v1`)}[profiles.work]\nmodel_provider = "mine"\n`, ['exec', '--profile', 'work'], mine, '/flag/v1/responses'],
  ];
  // As TOML has it, wherever it stands.
  const az = (name) => `{ name = "x", base_url = "${provider.url}/${name}/v1" }`;
  cases.push(
    [`x = [\n  ["a"],\n]\nmodel_provider = "mine"\n${table('mine', `${provider.url}/array/v1`)}`, [], mine, '/array/v1/responses'],
    [`profile = "w"\nprofiles = { w = { model_provider = "mine" } }\n${table('mine', `${provider.url}/w/v1`)}`, [], mine, '/w/v1/responses'],
    [`model_provider = "mine"\nmodel_providers.mine = ${az('inline')}\n`, [], mine, '/inline/v1/responses'],
    [`model_provider = "mine"\n[model_providers]\nmine = {\n  base_url = "${provider.url}/lines/v1",\n}\n`, [], mine, '/lines/v1/responses'],
    [`model_provider = "\\u006dine"\n${table('mine', `${provider.url}\\u002Fescape/v1`)}`, [], mine, '/escape/v1/responses'],
    [`x = [ """\nmodel_provider = "evil"\n""" ]\nopenai_base_url = "${provider.url}/text/v1"\n`, [], fovea, '/text/v1/responses'],
  );
  for (const [toml, args, said, path] of cases) assert.deepEqual(await look(toml, args), { said, err: '', paths: [path] });
  const env = { CODEX_HOME: home };
  put(join(home, 'config.toml'), 'model_provider = "ollama"\n');
  await refused(place.wrap(['codex'], { env }), /model_provider in .*config\.toml: "ollama" has no base_url/);
  put(join(home, 'config.toml'), `model_provider = "a.b"\n${table('"a.b"', provider.url)}`);
  await refused(place.wrap(['codex'], { env }), /base_url of model_providers\.a\.b in .*cannot be said/);
  assert.deepEqual((await look(table('mine', 'http://127.0.0.1:1'), ['-c', `openai_base_url="${provider.url}/said/v1"`])).paths, ['/said/v1/responses']);
  assert.match((await look('', ['-c', 'model_provider=mine', '-c', `model_providers={mine=${az('c')}}`])).err, /Codex takes base_url of mine from its command line/);
  assert.deepEqual((await look(`${table('mine', `${provider.url}/p/v1`)}[profiles.w]\nmodel_provider = "mine"\n`, ['-c', 'profile="w"'])).paths, ['/p/v1/responses']);
  put(join(home, 'config.toml'), 'model = "m"\nmodel_provider = \n');
  await refused(place.wrap(['codex'], { env }), /config\.toml:2: what it holds is no TOML: .*so it is not known where Codex's requests go/);
  const deep = ['x = ' + '['.repeat(1000000), 'x = ' + '{a='.repeat(300000), 'a.'.repeat(500000) + 'a = 1', '[' + 'a.'.repeat(500000) + 'a]', 'x = ' + `{${'a.'.repeat(32)}a=`.repeat(10000)];
  for (const text of deep) {
    put(join(home, 'config.toml'), text);
    await refused(place.wrap(['codex'], { env }), /config\.toml: a key has over 32 dots|config\.toml:1: .*nested/);
  }
  assert.match((await look('', ['--oss'])).err, /--oss from its command line, so its requests go past Fovea/);
});

test('the base URL of qwen\'s and gemini\'s files is the upstream, where it is known that they read it', async () => {
  place.program('qwen', send('process.env.OPENAI_BASE_URL', '/chat/completions'));
  place.program('gemini', send('process.env.GOOGLE_GEMINI_BASE_URL', '/v1beta/models/m:generateContent'));
  put(join(place.home, '.gemini/.env'), `GOOGLE_GEMINI_BASE_URL=${provider.url}/g`);
  assert.deepEqual((await asked(place.wrap(['gemini']))).paths, ['/g/v1beta/models/m:generateContent']);
  put(join(place.path, '.gemini/.env'), `GOOGLE_GEMINI_BASE_URL=${provider.url}/p`);
  await refused(place.wrap(['gemini']), /\.gemini\/\.env: whether gemini trusts this folder.*--gemini-upstream/);
  const qwen = async (path, text, env = {}) => { put(path, text); return (await asked(place.wrap(['qwen'], { env }))).paths[0]; };
  const settings = join(place.home, '.qwen/settings.json');
  const url = (name) => `${provider.url}/${name}/v1`;
  assert.equal(await qwen(settings, { security: { auth: { baseUrl: url('auth') } } }), '/auth/v1/chat/completions');
  assert.equal(await qwen(settings, { env: { OPENAI_BASE_URL: url('set') } }), '/set/v1/chat/completions');
  assert.equal(await qwen(join(place.home, '.env'), `OPENAI_BASE_URL=${url('home')}`), '/home/v1/chat/completions');
  assert.equal(await qwen(join(place.home, '.qwen/.env'), `# x\nexport OPENAI_BASE_URL = "${url('own')}" # y\nA=b\n`), '/own/v1/chat/completions');
  assert.equal(await qwen(join(place.path, '.env'), `OPENAI_BASE_URL='${url('project')}'`), '/project/v1/chat/completions');
  assert.equal(await qwen(join(place.path, '.qwen/.env'), `OPENAI_BASE_URL=${url('inner')}#`), '/inner/v1/chat/completions');
  assert.equal(await qwen(settings, {}, { OPENAI_BASE_URL: url('variable') }), '/variable/v1/chat/completions');
  // dotenv's strings of several lines, its escapes, and what is no string.
  const inner = join(place.path, '.qwen/.env');
  for (const quote of ['"', "'", '`']) {
    assert.equal(await qwen(inner, `OPENAI_BASE_URL=${url('pem')}\r\nexport KEY = ${quote}-----BEGIN\nOPENAI_BASE_URL=evil\n\\${quote}\n-----END${quote} # "\n`), '/pem/v1/chat/completions', quote);
  }
  assert.equal(await qwen(inner, `A="open\nOPENAI_BASE_URL: ${url('open')}\nOPENAI_BASE_URL:no\n# OPENAI_BASE_URL=evil\n`), '/open/v1/chat/completions');
  rmSync(inner);
  rmSync(join(place.path, '.env'));
  // One that is a pipe is left alone.
  execFileSync('mkfifo', [inner]);
  const piped = await asked(place.wrap(['qwen']));
  assert.deepEqual(piped.paths, ['/own/v1/chat/completions']);
  assert.match(piped.err, /\.qwen\/\.env is no file, so it is not read here/);
  put(join(place.home, '.qwen/.env'), `IN_FILE=file\nBOTH=file`);
  put(join(place.home, '.env'), '');
  const expanded = { security: { auth: { baseUrl: '${BASE}/$IN_FILE/${BOTH}/v1' } } };
  assert.equal(await qwen(settings, expanded, { BASE: provider.url, BOTH: 'set' }), '/file/set/v1/chat/completions');
  await refused(place.wrap(['qwen']), /baseUrl in .*must begin with http/);
  rmSync(inner);
  put(inner, `OPENAI_BASE_URL=${url('inner')}`);
  put(settings, { security: { folderTrust: { enabled: true } } });
  await refused(place.wrap(['qwen']), /\.qwen\/\.env: whether qwen trusts this folder.*--openai-upstream/);
  put(settings, { modelProviders: { openai: [{ id: 'm', baseUrl: 'http://x' }] } });
  assert.match((await place.wrap(['qwen']).ended).err, /modelProviders of .*settings\.json go past Fovea/);
});
