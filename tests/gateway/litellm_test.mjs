// LiteLLM's contract: the two calls as its guardrail makes them, and the stock proxy with the stock guardrail where LiteLLM is installed
// (FOVEA_LITELLM: the folder of a Python environment with litellm[proxy]; without it that part is skipped and says so).
import test, { before, after } from 'node:test';
import assert from 'node:assert/strict';
import http from 'node:http';
import { spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkers } from './provider_rules.mjs';
import { ask, binaries, eventually, folder, startFovead, startGateway } from './harness.mjs';

let place, fovead, gateway;
before(async () => {
  place = folder();
  fovead = await startFovead(place);
  gateway = await startGateway(place, 'http://127.0.0.1:9', ['--force', '--budget', '8000', '--reader', 'claude', '--log-level', 'error']);
});
after(async () => {
  await gateway?.stop();
  await fovead?.stop();
  place?.remove();
});

const turn = (i) => ({ role: 'user', content: `Question ${i}: what does file-${i}.txt say? ${`line ${i} of it, `.repeat(60)}` });
const reply = (i) => ({ role: 'assistant', content: `Answer ${i}: the code is K${i * 7919}. ${'as it says there, '.repeat(20)}` });
const compress = (messages) => ask(gateway.port, { path: '/v1/compress', headers: { 'content-type': 'application/json', authorization: 'Bearer k' }, body: JSON.stringify({ messages, model: 'claude-opus-4-8' }) });

test('a conversation of 60 turns: compressed, the same prefix, its texts by a handle', async () => {
  const messages = [{ role: 'system', content: 'Be brief.' }];
  let before;
  let moved = 0;
  let compressed = 0;
  let handle;
  for (let i = 0; i < 30; i += 1) {
    messages.push(turn(i));
    const answer = await compress(messages);
    assert.equal(answer.status, 200, answer.body.toString());
    const body = JSON.parse(answer.body);
    assert.deepEqual(checkers.chat({ model: 'm', messages: body.messages }), []);
    assert.deepEqual(body.messages.at(-1), messages.at(-1), 'the newest message is as it came');
    // LiteLLM puts them back by their places.
    assert.deepEqual(body.messages.map((message) => message.role), messages.map((message) => message.role));
    assert.ok(body.tokens_after <= body.tokens_before && Math.abs(body.compression_ratio - body.tokens_after / body.tokens_before) < 1e-9);
    if (body.ccr_hashes.length && body.transforms_applied.length) {
      compressed += 1;
      [handle] = body.ccr_hashes;
      const parts = body.messages.flatMap((message) => (Array.isArray(message.content) ? message.content : []));
      assert.match(parts.map((part) => part.text ?? '').join(), new RegExp(`hash=${handle}`));
      assert.match(handle, /^[0-9a-f]{24}$/);
    }
    const text = body.messages.map((message) => JSON.stringify(message));
    if (before && !before.every((message, n) => text[n] === message)) moved += 1;
    before = text;
    assert.equal(answer.body.toString(), (await compress(messages)).body.toString(), 'asked again, the same bytes');
    messages.push(reply(i));
  }
  assert.ok(compressed > 10, `${compressed} of 30 compressed`);
  assert.ok(moved < 15, `the prefix moved ${moved} times`);
  const read = async (query) => { const answer = await ask(gateway.port, { method: 'GET', path: `/v1/retrieve/${handle}${query}` }); return { status: answer.status, text: answer.status === 200 ? JSON.parse(answer.body).original_content : '' }; };
  assert.match((await read('?query=%235')).text, /#5 user, bytes 0 to .*\nQuestion 2/);
  assert.match((await read('?query=K23757+code')).text, /Answer 3: the code is K23757/);
  assert.match((await read('')).text, /query/);
  assert.equal((await ask(gateway.port, { method: 'GET', path: `/v1/retrieve/${'0'.repeat(24)}?query=%231` })).status, 404);
  assert.equal((await ask(gateway.port, { path: '/v1/compress', body: '{"model":"m"}' })).status, 400);
});

test('a handle gives no more than the pages that it came with', async () => {
  const messages = [];
  for (let i = 0; i < 20; i += 1) messages.push(turn(100 + i), reply(100 + i));
  messages.push(turn(999));
  const whole = JSON.parse((await compress(messages)).body);
  const [handle] = whole.ccr_hashes;
  const part = JSON.parse((await compress(messages.slice(0, 21))).body);
  assert.equal(part.ccr_hashes.length, 1);
  assert.notEqual(part.ccr_hashes[0], handle);
  const read = async (one, query) => JSON.parse((await ask(gateway.port, { method: 'GET', path: `/v1/retrieve/${one}?query=${query}` })).body).original_content;
  assert.match(await read(handle, '%2330'), /^#30 /);
  assert.match(await read(part.ccr_hashes[0], '%2330'), /there is no turn 30/);
  assert.match(await read(part.ccr_hashes[0], `K${115 * 7919}`), /Nothing was found/);
  assert.match(await read(part.ccr_hashes[0], '%232'), /^#2 /);
});

for (const [name, said] of [['all', () => 'continue'], ['some', (i) => (i % 3 === 2 ? 'continue' : `do ${i}`)]]) {
  test(`${name} of the user's messages say the same: the newest stay as they came`, async () => {
    const messages = [{ role: 'user', content: name === 'all' ? 'continue' : `Task of ${name}.` }];
    let compressed = 0;
    for (let i = 0; i < 24; i += 1) {
      messages.push(reply(`${name} ${i}`), { role: 'user', content: said(i) });
      messages.at(-2).content += `word ${name} ${i}, `.repeat(200);
      const answer = await compress(messages);
      const body = JSON.parse(answer.body);
      assert.deepEqual(body.messages.map((message) => message.role), messages.map((message) => message.role));
      if (!body.transforms_applied.length) continue;
      compressed += 1;
      // Behind the pages everything is as it came, and there are pages before it.
      const replaced = body.messages.map((message, n) => (JSON.stringify(message) === JSON.stringify(messages[n]) ? '' : 'x'));
      const last = replaced.lastIndexOf('x');
      assert.ok(last >= 0 && last < messages.length - 1, `${last} of ${messages.length}: ${replaced}`);
      assert.ok(body.messages.slice(0, last + 1).some((message) => Array.isArray(message.content) && message.content.some((part) => part.type === 'image_url')));
    }
    assert.ok(compressed > 5, `${compressed} of 24 compressed`);
  });
}

test('the switch and the header reach it, and it is in the books', async () => {
  const messages = [];
  for (let i = 0; i < 20; i += 1) messages.push(turn(200 + i), reply(200 + i));
  messages.push(turn(998));
  const database = join(place.path, 'switch.db');
  for (const [flags, headers, action] of [[['--off'], {}, 'bypassed'], [[], { 'x-fovea-bypass': '1' }, 'bypassed'], [[], {}, 'compressed']]) {
    const other = await startGateway(place, 'http://127.0.0.1:9', ['--database', database, '--force', '--budget', '8000', '--reader', 'claude', ...flags]);
    const answer = await ask(other.port, { path: '/v1/compress', headers, body: JSON.stringify({ messages, model: 'claude-opus-4-8' }) });
    await other.stop();
    assert.equal(answer.headers['x-fovea-action'], action);
    const body = JSON.parse(answer.body);
    assert.equal(body.transforms_applied.length, action === 'compressed' ? 1 : 0);
    if (action === 'bypassed') assert.deepEqual(body.messages, messages);
  }
  const { rows } = JSON.parse(spawnSync(join(binaries, 'fovea-gateway'), ['savings', '--json', '--by', 'action', '--database', database]).stdout);
  assert.deepEqual(Object.fromEntries(rows.map((row) => [row.key, row.requests])), { bypassed: 2, compressed: 1 });
});

const environment = process.env.FOVEA_LITELLM ?? '';
const stock = existsSync(join(environment, 'bin/litellm'));
const freePort = () => new Promise((resolve) => { const server = createServer().listen(0, '127.0.0.1', () => { const { port } = server.address(); server.close(() => resolve(port)); }); });

test('the stock proxy with its stock guardrail', { skip: stock ? false : 'FOVEA_LITELLM names no environment with litellm[proxy]', timeout: 580000 }, async () => {
  const seen = [];
  let recallWanted = false;
  const provider = http.createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    // The proxy asks for the models, too, when it has the time.
    if (request.method !== 'POST') return response.writeHead(404).end();
    const body = JSON.parse(Buffer.concat(chunks).toString());
    seen.push(body);
    const hash = /hash=([0-9a-f]{24})/.exec(JSON.stringify(body.messages))?.[1];
    let message = { role: 'assistant', content: 'Fine.' };
    if (recallWanted && hash && body.tools?.some((tool) => tool.function.name === 'headroom_retrieve')) {
      recallWanted = false;
      message = { role: 'assistant', content: null, tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'headroom_retrieve', arguments: JSON.stringify({ hash, query: '#5' }) } }] };
    }
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ id: 'c', object: 'chat.completion', created: 1, model: body.model, choices: [{ index: 0, message, finish_reason: message.tool_calls ? 'tool_calls' : 'stop' }], usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } }));
  });
  await new Promise((resolve) => provider.listen(0, '127.0.0.1', resolve));
  const port = await freePort();
  const config = join(place.path, 'litellm.yaml');
  writeFileSync(config, JSON.stringify({
    model_list: [{ model_name: 'claude-opus-4-8', litellm_params: { model: 'openai/claude-opus-4-8', api_base: `http://127.0.0.1:${provider.address().port}/v1`, api_key: 'k' } }],
    guardrails: [{ guardrail_name: 'fovea', litellm_params: { guardrail: 'headroom', mode: 'pre_call', api_base: gateway.url, default_on: true, unreachable_fallback: 'fail_open' } }],
  }));
  const masterKey = 'sk-0123456789abcdef0123456789abcdef0123456789abcdef';
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${masterKey}` };
  const proxy = spawn(join(environment, 'bin/litellm'), ['--config', config, '--port', `${port}`, '--host', '127.0.0.1'], { env: { ...process.env, LITELLM_LOCAL_MODEL_COST_MAP: 'True', LITELLM_MASTER_KEY: masterKey, PATH: `${environment}/bin:${process.env.PATH}` }, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  for (const stream of [proxy.stdout, proxy.stderr]) stream.on('data', (bytes) => { log += bytes; });
  try {
    await eventually(async () => { try { return (await ask(port, { method: 'GET', path: '/health/liveliness' })).status === 200; } catch { return false; } }, 400000).catch((error) => { throw new Error(`${error.message}\n${log.slice(-2000)}`); });
    const messages = [];
    for (let i = 0; i < 30; i += 1) {
      messages.push(turn(i));
      recallWanted = i === 25;
      const answer = await ask(port, { path: '/v1/chat/completions', headers, body: JSON.stringify({ model: 'claude-opus-4-8', messages }) });
      assert.equal(answer.status, 200, `${answer.body}\n${log.slice(-2000)}`);
      messages.push(reply(i));
    }
    const images = seen.filter((body) => JSON.stringify(body.messages).includes('image_url'));
    assert.ok(images.length > 10, `${images.length} of ${seen.length} compressed\n${log.slice(-2000)}`);
    assert.ok(seen.some((body) => body.messages.some((message) => message.role === 'tool' && /#5 user, bytes 0 to/.test(message.content))), 'what was recalled came to the model');
    await gateway.stop();
    messages.push(turn(30));
    const open = await ask(port, { path: '/v1/chat/completions', headers, body: JSON.stringify({ model: 'claude-opus-4-8', messages }) });
    assert.equal(open.status, 200, 'fail_open');
    assert.equal(seen.at(-1).messages.length, messages.length);
    console.log(`litellm: ${seen.length} requests, ${images.length} compressed, one recall, open when Fovea is down`);
  } finally {
    proxy.kill('SIGKILL');
    provider.closeAllConnections();
    provider.close();
  }
});
