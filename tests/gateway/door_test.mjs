// Who comes in, whose a conversation is, and what may be held for how long.
import test, { before, after } from 'node:test';
import assert from 'node:assert/strict';
import net from 'node:net';
import { gzipSync } from 'node:zlib';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { Provider } from './provider.mjs';
import { Agent, output } from './agent.mjs';
import { ask, eventually, folder, raw, startFovead, startGateway, wait } from './harness.mjs';

let place, fovead;
before(async () => {
  place = folder();
  fovead = await startFovead(place);
});
after(async () => {
  await fovead?.stop('SIGKILL');
  place?.remove();
});

const forced = ['--force', '--budget', '8000', '--reader', 'claude', '--log-level', 'debug'];
const json = { 'content-type': 'application/json' };
const anthropic = { ...json, 'anthropic-version': '2023-06-01' };
let number = 0;
const gatewayTo = (url, flags = forced) => startGateway(place, url, ['--database', `${place.path}/door-${number += 1}.db`, ...flags]);

// A request of Anthropic's with a history that is worth pages.
function grown(opening, size = 6000) {
  const messages = [{ role: 'user', content: [{ type: 'text', text: opening }] }];
  for (let i = 0; i < 14; i += 1) {
    messages.push({ role: 'assistant', content: [{ type: 'tool_use', id: `c${i}`, name: 'read', input: { i } }] });
    messages.push({ role: 'user', content: [{ type: 'tool_result', tool_use_id: `c${i}`, content: output(opening, { i }, size) }] });
  }
  return { model: 'claude-opus-4-8', max_tokens: 1000, system: 'You are an agent.', messages, tools: [{ name: 'read', input_schema: { type: 'object', properties: {} } }] };
}
const post = (gateway, body, headers = {}) => ask(gateway.port, { path: '/v1/messages', headers: { ...anthropic, ...headers }, body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body) });

// What somebody with the headers `bob` recalls of a conversation of the same session's name, with the headers `alice`.
async function recalled(alice, bob, flags = forced) {
  let recalls = false;
  const provider = await new Provider({ script: (_, body) => (recalls && !/"name":"recall"/.test(JSON.stringify(body.messages)) ? { tools: [{ name: 'recall', input: { seq: 1000001 } }] } : { text: 'ok' }) }).listen();
  const gateway = await gatewayTo(provider.url, flags);
  try {
    assert.equal((await post(gateway, grown(`xyzzy-42 of ${number}`), { 'x-session-id': 's', ...alice })).status, 200);
    recalls = true;
    // The first session is linked once its turns are in the log.
    const mine = await post(gateway, grown(`Another's ${number}`), { 'x-session-id': 's', ...bob });
    assert.equal(mine.status, 200);
    const last = JSON.stringify(provider.requests.at(-1).body.messages.at(-1));
    assert.match(last, /tool_result/, 'the model recalled');
    return last;
  } finally {
    await gateway.stop('SIGKILL');
    await provider.close();
  }
}

for (const header of ['x-litellm-api-key', 'ocp-apim-subscription-key', 'cf-aig-authorization', 'cookie', 'x-forwarded-user', 'x-bf-vk', 'x-pat']) {
  test(`${header}: one's conversation is not another's`, async () => {
    const of = (key) => ({ [header]: header === 'cookie' ? `theme=dark; auth=${key}` : key });
    assert.doesNotMatch(await recalled(of('alice'), of('bob')), /xyzzy-42/);
  });
}

test('the same key goes on from its own, whatever else changes; and without a credential a gateway of one user does', async () => {
  assert.match(await recalled({ 'x-api-key': 'k', traceparent: '00-1', 'idempotency-key': '1', 'x-stainless-retry-count': '0', 'x-auth-timestamp': '1', 'x-user-prompt-id': '1', 'x-amz-user-agent': '1', cookie: '__cf_bm=1; a=b' }, { cookie: 'a=b; __cf_bm=2', 'x-api-key': 'k', traceparent: '00-2', 'idempotency-key': '2', 'x-stainless-retry-count': '1', 'x-auth-timestamp': '2', 'x-user-prompt-id': '2', 'x-amz-user-agent': '2' }), /xyzzy-42/);
  assert.match(await recalled({}, {}), /xyzzy-42/);
});

test('without a credential, a gateway that others may call links nothing', async () => {
  assert.doesNotMatch(await recalled({}, {}, [...forced, '--host', 'gateway.example:80']), /xyzzy-42/);
});

test('bodies with a coding count as what they are decoded to, until they are gone', { timeout: 120000 }, async () => {
  // A provider that answers when it is told to.
  const waiting = [];
  const server = http.createServer((request, response) => { request.resume(); request.on('end', () => waiting.push(response)); });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const gateway = await gatewayTo(`http://127.0.0.1:${server.address().port}`, ['--log-level', 'error']);
  const resident = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${gateway.child.pid}/status`, 'utf8'))[1]) / 1024;
  const body = gzipSync(`{"model":"unknown","messages":[{"role":"user","content":"${'a'.repeat(60 << 20)}"}]}`);
  const answers = [];
  const send = () => ask(gateway.port, { path: '/v1/messages', headers: { ...anthropic, 'content-encoding': 'gzip' }, body }).then((answer) => answers.push(answer), () => {});
  const answerAll = () => { for (const response of waiting.splice(0)) { response.writeHead(200, { 'content-type': 'application/json' }); response.end('{}'); } };
  const unread = () => answers.filter((answer) => /too many bytes/.test(answer.headers['x-fovea-reason'])).length;
  try {
    for (let i = 0; i < 30; i += 1) send();
    // All go on; those that there is no room for are not read.
    await eventually(() => waiting.length === 30, 100000);
    assert.ok(resident() < 2000, `${resident()} MB`);
    answerAll();
    await eventually(() => answers.length === 30, 20000);
    for (const answer of answers) assert.equal(answer.status, 200);
    assert.ok(unread() >= 10, `${unread()} not read`);
    // The memory is the system's again, and there is room.
    await eventually(() => resident() < 700, 20000);
    const before = unread();
    send();
    await eventually(() => waiting.length === 1, 20000);
    answerAll();
    await eventually(() => answers.length === 31, 20000);
    assert.equal(unread(), before);
  } finally {
    await gateway.stop('SIGKILL');
    server.closeAllConnections();
    server.close();
  }
});

const quick = async (work, flags = forced) => {
  const provider = await new Provider({ script: [{ text: 'ok' }] }).listen();
  const gateway = await gatewayTo(provider.url, flags);
  try { await work(gateway, provider); } finally {
    await gateway.stop('SIGKILL');
    await provider.close();
  }
};

test('what leaves open where a body ends or for whom a request is goes nowhere', async () => {
  await quick(async (gateway, provider) => {
    const host = `Host: 127.0.0.1:${gateway.port}\r\n`;
    const chunks = '5\r\nabcde\r\n0\r\n\r\n';
    for (const [status, request] of [
      [501, `POST /echo HTTP/1.1\r\n${host}Transfer-Encoding: xchunked\r\n\r\n${chunks}`],
      [501, `POST /echo HTTP/1.1\r\n${host}Transfer-Encoding: gzip, chunked\r\n\r\n${chunks}`],
      [400, `POST /echo HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`],
      [400, `POST /echo HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n${chunks}`],
      [400, `GET /echo HTTP/1.1\r\n${host}Host: other.example\r\n\r\n`],
      [400, `GET /echo HTTP/1.1\r\n${host}Origin: http://127.0.0.1:${gateway.port}\r\nOrigin: http://other.example\r\n\r\n`],
      [426, `GET /v1/responses HTTP/1.1\r\n${host}Connection: Upgrade\r\nUpgrade: h2c, WebSocket\r\n\r\n`],
    ]) assert.match(await raw(gateway.port, request, 2000), new RegExp(`^HTTP/1\\.1 ${status} `), request);
    assert.equal(provider.requests.length, 0);
    assert.match(await raw(gateway.port, `POST /echo HTTP/1.1\r\n${host}Connection: close\r\nTransfer-Encoding: Chunked\r\n\r\n${chunks}`, 2000), /^HTTP\/1\.1 200 [^]*abcde/);
  });
});

test('the names of a body\'s fields are what somebody said: in no header, and in no log', async () => {
  await quick(async (gateway) => {
    const answer = await post(gateway, '{"model":"claude-opus-4-8","sk-secret":1,"sk-secret":2,"messages":[]}');
    assert.match(answer.headers['x-fovea-reason'], /^not read: a key stands there twice/);
    await eventually(() => /twice/.test(gateway.log));
    assert.doesNotMatch(gateway.log, /sk-secret/);
  });
});

test('a list of very many values is not taken in', async () => {
  await quick(async (gateway) => {
    const answer = await post(gateway, `{"model":"claude-opus-4-8","messages":[${'1,'.repeat(200000)}1]}`);
    assert.match(answer.headers['x-fovea-reason'], /over 100000 values/);
  });
});

test('connections that are slow with their bodies make room, those that were silent longest first', async () => {
  await quick(async (gateway) => {
    const open = [];
    const begin = (bytes) => new Promise((resolve) => {
      const socket = net.connect(gateway.port, '127.0.0.1', () => socket.write(`POST /echo HTTP/1.1\r\nHost: 127.0.0.1:${gateway.port}\r\nContent-Length: ${bytes}\r\n\r\na`, () => resolve(socket)));
      socket.on('error', () => {});
      open.push(socket);
    });
    const mine = await begin(3);
    for (let i = 0; i < 1023; i += 1) await begin(10);
    await wait(200);
    // It goes on: others were silent longer.
    mine.write('b');
    await wait(200);
    const answer = await ask(gateway.port, { method: 'GET', path: '/v1/models' });
    assert.equal(answer.status, 200);
    const got = new Promise((resolve) => mine.on('data', (data) => resolve(data.toString())));
    mine.write('c');
    assert.match(await got, /^HTTP\/1\.1 200 /);
    for (const socket of open) socket.destroy();
  }, ['--off']);
});

test('who ends its sending side gets its answer; who goes ends the call', async () => {
  let answers = 0;
  let ended = 0;
  const server = http.createServer((request, response) => {
    request.resume();
    response.on('close', () => { ended += response.writableFinished ? 0 : 1; });
    if (request.url === '/slow') return;
    setTimeout(() => { answers += 1; response.end('here it is'); }, 500);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const gateway = await gatewayTo(`http://127.0.0.1:${server.address().port}`, ['--off']);
  const end = (path, how) => new Promise((resolve) => {
    let got = '';
    const socket = net.connect({ port: gateway.port, host: '127.0.0.1', allowHalfOpen: true }, () => how(socket, `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${gateway.port}\r\nContent-Length: 2\r\n\r\nab`));
    socket.on('data', (data) => { got += data; });
    socket.on('end', () => socket.destroy());
    socket.on('close', () => resolve(got));
  });
  try {
    assert.match(await end('/x', (socket, bytes) => socket.end(bytes)), /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 [^]*here it is/);
    assert.equal(answers, 1);
    await end('/slow', (socket, bytes) => { socket.write(bytes); setTimeout(() => socket.destroy(), 300); });
    await eventually(() => ended === 1, 20000);
  } finally {
    await gateway.stop('SIGKILL');
    server.closeAllConnections();
    server.close();
  }
});

test('what counts the tokens of a request gets the conversation, not its handle', async () => {
  await quick(async (gateway, provider) => {
    const agent = new Agent('responses', gateway.port, {});
    const headers = { ...json, authorization: 'Bearer sk-test' };
    const send = (path, body) => ask(gateway.port, { path, headers, body: JSON.stringify(body) });
    agent.history.push(agent.wire.user('A task.'));
    for (let i = 0; i < 14; i += 1) agent.history.push({ type: 'function_call', call_id: `c${i}`, name: 'read', arguments: `{"i":${i}}` }, ...agent.wire.results([{ id: `c${i}`, text: output('handle', { i }, 6000) }]));
    const body = agent.wire.body(agent);
    assert.equal((await send('/v1/responses', body)).headers['x-fovea-action'], 'compressed');
    const compacted = await send('/v1/responses', { ...body, input: [...body.input, { type: 'compaction_trigger' }] });
    const handle = /"encrypted_content":"(fovea1[^"]+)"/.exec(compacted.body)?.[1];
    assert.ok(handle, compacted.body.toString());
    await send('/v1/responses/input_tokens', { model: body.model, input: [{ type: 'compaction', id: 'x', encrypted_content: handle }, agent.wire.user('And now?')] });
    const sent = provider.requests.at(-1);
    assert.equal(sent.path, '/v1/responses/input_tokens');
    assert.ok(!sent.raw.includes('fovea1.') && sent.raw.includes('A task.') && sent.raw.includes('And now?'));
  });
});

test('a fovead that stands still holds up one request for seconds, and the next ones not at all', { timeout: 60000 }, async () => {
  await quick(async (gateway) => {
    assert.equal((await post(gateway, grown('before'))).headers['x-fovea-action'], 'compressed');
    fovead.child.kill('SIGSTOP');
    try {
      const took = [];
      for (let i = 0; i < 4; i += 1) {
        const began = performance.now();
        const answer = await post(gateway, grown(`still ${i}`));
        took.push(performance.now() - began);
        assert.equal(answer.headers['x-fovea-action'], 'fallback');
      }
      assert.ok(took[0] < 9000, `the first: ${took[0]} ms`);
      assert.ok(Math.min(...took.slice(1)) < 700, `then: ${took.slice(1)} ms`);
    } finally {
      fovead.child.kill('SIGCONT');
    }
    await eventually(async () => (await post(gateway, grown('behind'))).headers['x-fovea-action'] === 'compressed', 20000);
  });
});
