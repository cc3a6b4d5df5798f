// Untouched means untouched: what the gateway only carries goes out and comes back byte for byte.
import test, { before, after } from 'node:test';
import assert from 'node:assert/strict';
import http from 'node:http';
import net from 'node:net';
import { Provider } from './provider.mjs';
import { ask, eventually, folder, raw, startGateway, wait } from './harness.mjs';

let place, provider, gateway;
before(async () => {
  place = folder();
  provider = await new Provider({ script: [{ text: 'Hello, and a tail that is long enough to come in pieces.' }] }).listen();
  gateway = await startGateway(place, provider.url, ['--off']);
});
after(async () => {
  await gateway?.stop();
  await provider?.close();
  place?.remove();
});

const json = { 'content-type': 'application/json' };
const anthropicHeaders = { ...json, 'anthropic-version': '2023-06-01', 'x-api-key': 'sk-test' };
const minimal = { model: 'm', max_tokens: 5, messages: [{ role: 'user', content: 'hi' }] };

test('a request goes out with its path, query, fields and body', async () => {
  const body = '{"model" : "m","max_tokens":5, "unknown":[1e400,{"a":1,"a":2}], "messages":[{"role":"user","content":"hi"}]}';
  const answer = await ask(gateway.port, { path: '/v1/messages?beta=true&x=%2F%20', body, headers: { ...anthropicHeaders, 'X-Odd-Name': 'a  b', 'x-empty': '', 'x-fovea-bypass': '1', te: 'trailers', connection: 'keep-alive, x-hop', 'x-hop': 'gone' } });
  const sent = provider.requests.at(-1);
  assert.equal(sent.url, '/v1/messages?beta=true&x=%2F%20');
  assert.equal(sent.raw.toString(), body);
  assert.equal(sent.headers['x-odd-name'], 'a  b');
  assert.equal(sent.headers['x-empty'], '');
  assert.equal(sent.headers.host, `127.0.0.1:${provider.port}`);
  for (const name of ['x-fovea-bypass', 'te', 'x-hop', 'expect', 'user-agent']) assert.equal(sent.headers[name], undefined, name);
  assert.ok(sent.rawHeaders.includes('X-Odd-Name'), 'names keep their spelling');
  assert.equal(answer.headers['x-fovea-action'], 'bypassed');
});

for (const [wire, path, body] of [
  ['anthropic', '/v1/messages', { ...minimal, stream: true }],
  ['chat', '/v1/chat/completions', { ...minimal, stream: true, stream_options: { include_usage: true } }],
  ['responses', '/v1/responses', { model: 'm', input: [{ role: 'user', content: 'hi' }], stream: true }],
  ['gemini', '/v1beta/models/m:streamGenerateContent?alt=sse', { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] }],
]) {
  test(`${wire}: a stream comes back byte for byte`, async () => {
    const request = { path, body: JSON.stringify(body), headers: anthropicHeaders };
    // Numbers in the answers are the provider's count of requests: the same one is asked for twice.
    const count = provider.requests.length;
    const through = await ask(gateway.port, request);
    provider.requests.length = count;
    const direct = await ask(provider.port, request);
    assert.equal(through.status, 200);
    assert.deepEqual(through.body.toString().replaceAll(/_?\d+/g, ''), direct.body.toString().replaceAll(/_?\d+/g, ''));
    assert.equal(through.headers['content-type'], direct.headers['content-type']);
  });
}

test('events are not held back', async () => {
  provider.delay = 20;
  const answer = await ask(gateway.port, { path: '/v1/messages', body: JSON.stringify({ ...minimal, stream: true }), headers: anthropicHeaders });
  provider.delay = 0;
  assert.ok(answer.pieces.length > 10, `${answer.pieces.length} pieces`);
  assert.ok(answer.pieces.at(-1).at - answer.pieces[0].at > 200);
});

test('errors come back with their status, fields and words', async () => {
  provider.failing.push({ status: 529, times: 1, headers: { 'retry-after': '7', 'request-id': 'req_9' } });
  const answer = await ask(gateway.port, { path: '/v1/messages', body: JSON.stringify(minimal), headers: anthropicHeaders });
  assert.equal(answer.status, 529);
  assert.equal(answer.headers['retry-after'], '7');
  assert.equal(answer.headers['request-id'], 'req_9');
  assert.match(answer.body.toString(), /overloaded_error/);
  const bad = await ask(gateway.port, { path: '/v1/messages', body: '{"model":"m","max_tokens":5,"messages":[{"role":"user","content":"\xff', headers: anthropicHeaders });
  assert.equal(bad.status, 400);
  assert.match(bad.body.toString(), /not JSON/);
});

test('an answer that breaks off breaks off for the agent too', async () => {
  provider.failing.push({ times: 1, breakOff: true });
  provider.delay = 2;
  const answer = await ask(gateway.port, { path: '/v1/messages', body: JSON.stringify({ ...minimal, stream: true }), headers: anthropicHeaders });
  provider.delay = 0;
  assert.equal(answer.status, 200);
  assert.equal(answer.complete, false);
});

test('the provider is left when the agent leaves', async () => {
  provider.delay = 50;
  const leaving = new AbortController();
  const request = ask(gateway.port, { path: '/v1/messages', body: JSON.stringify({ ...minimal, stream: true }), headers: anthropicHeaders, signal: leaving.signal });
  const count = provider.requests.length;
  await eventually(() => provider.requests.length > count);
  leaving.abort();
  await assert.rejects(request);
  await eventually(() => provider.requests.at(-1).aborted);
  provider.delay = 0;
});

test('a provider that says nothing is left when the agent leaves', async () => {
  let asked = false;
  let left = false;
  const server = http.createServer((request) => { asked = true; request.socket.on('close', () => { left = true; }); request.resume(); });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const silent = await startGateway(place, `http://127.0.0.1:${server.address().port}`, ['--database', ':memory:', '--log-level', 'off']);
  try {
    const leaving = new AbortController();
    const request = ask(silent.port, { path: '/v1/messages', headers: anthropicHeaders, body: JSON.stringify(minimal), signal: leaving.signal });
    await eventually(() => asked);
    leaving.abort();
    await assert.rejects(request);
    await eventually(() => left, 20000);
  } finally {
    server.closeAllConnections();
    await silent.stop();
    server.close();
  }
});

test('a provider that goes without an answer is a reset for the agent too, not an error of the gateway', async () => {
  const server = http.createServer((request) => { request.on('data', () => {}); request.on('end', () => request.socket.destroy()); });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const gone = await startGateway(place, `http://127.0.0.1:${server.address().port}`, ['--database', ':memory:', '--log-level', 'off']);
  await assert.rejects(ask(gone.port, { path: '/v1/messages', headers: { 'anthropic-version': '1' }, body: '{"messages":[]}' }), /ECONNRESET|socket hang up/);
  await gone.stop();
  server.close();
});

test('redirects are the answer, not followed', async () => {
  const count = provider.requests.length;
  const answer = await ask(gateway.port, { path: '/redirect', headers: { authorization: 'Bearer sk' } });
  assert.equal(answer.status, 302);
  assert.equal(provider.requests.length, count + 1);
});

test('HEAD / and other methods pass', async () => {
  const head = await ask(gateway.port, { method: 'HEAD', path: '/', headers: { 'user-agent': 'claude-cli/2.1' } });
  assert.equal(head.status, 404);
  assert.equal(provider.requests.at(-1).method, 'HEAD');
  const models = await ask(gateway.port, { method: 'GET', path: '/v1/models', headers: { 'anthropic-version': '2023-06-01' } });
  assert.equal(models.status, 200);
  const gone = await ask(gateway.port, { method: 'DELETE', path: '/v1/files/7?x=1', body: '' });
  assert.equal(gone.status, 404);
  assert.equal(provider.requests.at(-1).method, 'DELETE');
  assert.equal(provider.requests.at(-1).url, '/v1/files/7?x=1');
});

test('chunked and large bodies, and bodies of any bytes', async () => {
  const bytes = Buffer.alloc(5 << 20, 0).map((_, i) => (i * 31) & 255);
  const whole = await ask(gateway.port, { path: '/echo', body: bytes });
  assert.ok(whole.body.equals(bytes));
  const chunked = await ask(gateway.port, { path: '/echo', body: bytes, headers: { 'transfer-encoding': 'chunked' } });
  assert.ok(chunked.body.equals(bytes));
  const got = await raw(gateway.port, `POST /echo HTTP/1.1\r\nHost: localhost:${gateway.port}\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n`, 300);
  assert.equal(got, 'HTTP/1.1 100 Continue\r\n\r\n');
});

test('connections are kept, and requests behind each other answered in order', async () => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  for (let i = 0; i < 3; i++) assert.equal((await ask(gateway.port, { path: '/echo', body: `${i}`, agent })).body.toString(), `${i}`);
  agent.destroy();
  const one = (text) => `POST /echo HTTP/1.1\r\nHost: localhost:${gateway.port}\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
  const got = await raw(gateway.port, one('first') + one('second'), 500);
  assert.match(got, /first[^]*second/);
});

test('Host and Origin: neither web pages nor other names come in', async () => {
  const count = provider.requests.length;
  for (const headers of [{ host: 'evil.example' }, { host: `evil.example:${gateway.port}` }, { origin: 'https://evil.example' }, { origin: 'null' }, { origin: `http://127.0.0.1:${gateway.port + 1}` }]) {
    assert.equal((await ask(gateway.port, { path: '/echo', headers })).status, 403, JSON.stringify(headers));
  }
  assert.match(await raw(gateway.port, 'GET / HTTP/1.1\r\n\r\n', 300), /^HTTP\/1\.1 403/);
  assert.equal(provider.requests.length, count);
  assert.equal((await ask(gateway.port, { path: '/echo', headers: { origin: `http://localhost:${gateway.port}` } })).status, 200);
});

test('what is no HTTP, or too long, is refused and harms nobody', async () => {
  assert.match(await raw(gateway.port, 'nonsense\r\n\r\n'), /^HTTP\/1\.1 400/);
  assert.match(await raw(gateway.port, `GET / HTTP/1.1\r\nHost: x\r\nx: ${'y'.repeat(300 << 10)}\r\n\r\n`), /^HTTP\/1\.1 431/);
  assert.match(await raw(gateway.port, `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${65 << 20}\r\n\r\n`), /^HTTP\/1\.1 413/);
  assert.match(await raw(gateway.port, 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef'), /^HTTP\/1\.1 400/);
  assert.match(await raw(gateway.port, 'GET http://other/ HTTP/1.1\r\nHost: x\r\n\r\n'), /^HTTP\/1\.1 403/);
  assert.equal((await ask(gateway.port, { path: '/echo', body: 'still here' })).body.toString(), 'still here');
});

test('a body over the limit is an error in the wire\'s shape', async () => {
  const answer = await ask(gateway.port, { path: '/v1/files', headers: { 'anthropic-version': '1' }, body: Buffer.alloc(70 << 20) });
  assert.equal(answer.status, 413);
  assert.match(JSON.parse(answer.body).error.message, /over 67108864 bytes/);
  assert.equal(JSON.parse(answer.body).type, 'error');
  assert.equal(answer.headers['x-fovea-action'], 'passed');
});

test('a client that reads nothing holds up no other', async () => {
  const slow = net.connect(gateway.port, '127.0.0.1');
  const bytes = 8 << 20;
  slow.write(`POST /echo HTTP/1.1\r\nHost: localhost:${gateway.port}\r\nContent-Length: ${bytes}\r\n\r\n`);
  slow.write(Buffer.alloc(bytes));
  slow.pause();
  await wait(100);
  const began = performance.now();
  assert.equal((await ask(gateway.port, { path: '/echo', body: 'quick' })).status, 200);
  assert.ok(performance.now() - began < 2000);
  slow.destroy();
});

test('a provider that is not there is an error in the wire\'s shape', async () => {
  const other = await startGateway(place, 'http://127.0.0.1:9', ['--off']);
  const answer = await ask(other.port, { path: '/v1/messages', body: JSON.stringify(minimal), headers: anthropicHeaders });
  assert.equal(answer.status, 502);
  assert.equal(JSON.parse(answer.body).type, 'error');
  assert.equal(answer.headers['x-fovea-action'], 'bypassed');
  await other.stop();
});

for (const status of ['407 Proxy Authentication Required', '403 Forbidden', '']) {
  test(`a proxy that ${status ? `answers ${status} to CONNECT` : 'hangs up on CONNECT'} is an error of the gateway, with a word in its log`, async () => {
    const proxy = http.createServer();
    proxy.on('connect', (_, socket) => socket.end(status && `HTTP/1.1 ${status}\r\nContent-Length: 0\r\n\r\n`));
    await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const behind = await startGateway(place, 'https://provider.invalid', ['--off', '--proxy', `http://127.0.0.1:${proxy.address().port}`], { NO_PROXY: '', no_proxy: '' });
    try {
      const answer = await ask(behind.port, { path: '/v1/messages', body: JSON.stringify(minimal), headers: anthropicHeaders });
      assert.equal(answer.status, 502);
      const { type, error } = JSON.parse(answer.body);
      assert.deepEqual([type, error.type], ['error', 'api_error']);
      if (status) assert.ok(error.message.includes(status.slice(0, 3)), error.message);
      await eventually(() => /CONNECT/.test(behind.log));
    } finally {
      await behind.stop();
      proxy.close();
    }
  });
}

test('the secret in the path is wanted, and taken out', async () => {
  const closed = await startGateway(place, `${provider.url}/v1`, ['--off', '--secret', 'k3yk3y']);
  for (const path of ['/v1/echo', '/k3yk3/v1/echo', '/k3yk3yy/v1/echo', '/']) assert.equal((await ask(closed.port, { path })).status, 404, path);
  assert.equal((await ask(closed.port, { path: '/k3yk3y/v1/echo', body: 'in' })).body.toString(), 'in');
  assert.equal(provider.requests.at(-1).url, '/v1/echo', 'the upstream\'s /v1 and the request\'s are one');
  await closed.stop();
});
