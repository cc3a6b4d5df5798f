// Recall inside at its limits: a model that asks without an end, too much at once, for what is not its own, or of a provider that fails
// behind a recall. The agent gets an answer to its end each time, or the provider's error.
import test, { before, after } from 'node:test';
import assert from 'node:assert/strict';
import http from 'node:http';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { Provider } from './provider.mjs';
import { Agent, output } from './agent.mjs';
import { ask, binaries, eventually, folder, startFovead, startGateway } from './harness.mjs';

let place, fovead;
let number = 0;
before(async () => {
  place = folder();
  fovead = await startFovead(place);
});
after(async () => {
  await fovead?.stop();
  place?.remove();
});

const forced = ['--force', '--budget', '8000', '--reader', 'claude', '--log-level', 'error'];
const wires = ['anthropic', 'chat', 'responses', 'gemini'];
const recall = (seq) => ({ name: 'recall', input: { seq } });
const offers = (body) => /"name":"recall"/.test(JSON.stringify(body.tools));

// Runs `check` with a gateway before a provider of that script.
async function stand(script, check, { flags = forced, ...options } = {}) {
  number += 1;
  const provider = await new Provider({ script, ...options }).listen();
  const gateway = await startGateway(place, provider.url, ['--database', `${place.path}/${number}.db`, ...flags]);
  try { await check({ provider, gateway, database: `${place.path}/${number}.db` }); } finally {
    await gateway.stop();
    await provider.close();
  }
}

// A history of some calls, as the agent has it, whose next request is compressed.
function grown(wire, gateway, { calls = 14, ...options } = {}) {
  const agent = new Agent(wire, gateway.port, { key: `recall-${number}-${wire}`, ...options });
  agent.history.push(agent.wire.user(`Task ${number}.`));
  for (let i = 0; i < calls; i += 1) {
    const id = `c${number}x${i}`;
    const text = output(agent.key, { i }, 6000);
    if (wire === 'anthropic') agent.history.push({ role: 'assistant', content: [{ type: 'tool_use', id, name: 'read', input: { i } }] });
    if (wire === 'chat') agent.history.push({ role: 'assistant', content: null, tool_calls: [{ id, type: 'function', function: { name: 'read', arguments: `{"i":${i}}` } }] });
    if (wire === 'responses') agent.history.push({ type: 'function_call', call_id: id, name: 'read', arguments: `{"i":${i}}` });
    if (wire === 'gemini') agent.history.push({ role: 'model', parts: [{ functionCall: { name: 'read', args: { i } } }] });
    agent.history.push(...agent.wire.results([{ id: wire === 'gemini' ? 'read' : id, text }]));
  }
  return agent;
}

for (const [wire, stream] of wires.flatMap((one) => [[one, true], [one, false]])) {
  test(`${wire}, ${stream ? 'streamed' : 'whole'}: a model that always asks has eight rounds, then must answer`, async () => {
    let asked = 0;
    await stand((_, body) => (offers(body) ? { text: `Hm ${++asked}.`, tools: [recall(3)] } : { text: 'The answer.' }), async ({ provider, gateway }) => {
      const agent = grown(wire, gateway, { stream });
      const read = await agent.send();
      assert.equal(asked, 8);
      assert.equal(provider.requests.length, 9);
      assert.match(read.text, /The answer\.$/);
      assert.deepEqual(provider.refused, []);
      // What was said inside stands in the next request, which goes on.
      agent.history.push(...read.items);
      agent.history.push(agent.wire.user('And?'));
      asked = -100;
      await agent.send();
      assert.deepEqual(provider.refused, []);
    });
  });

  test(`${wire}, ${stream ? 'streamed' : 'whole'}: one that asks though it has no tools any more ends there`, async () => {
    await stand(() => ({ text: 'Hm.', tools: [recall(3)] }), async ({ provider, gateway }) => {
      provider.answerOf = () => ({ text: 'Hm.', tools: [{ ...recall(3), id: 'r' }] });
      const read = await grown(wire, gateway, { stream }).send();
      assert.equal(provider.requests.length, 9);
      assert.deepEqual(read.calls, []);
      assert.ok(['end_turn', 'stop', 'completed', 'STOP'].includes(read.stop), read.stop);
    });
  });

  test(`${wire}, ${stream ? 'streamed' : 'whole'}: an overloaded provider behind a recall`, { timeout: 20000 }, async () => {
    await stand((_, body) => (/bytes 0 to/.test(JSON.stringify(body)) ? { text: 'never' } : { tools: [recall(3)] }), async ({ provider, gateway }) => {
      const { answerOf } = provider;
      provider.answerOf = (...all) => { provider.failing = [{ status: 529, times: 3, message: 'Overloaded' }]; return answerOf.apply(provider, all); };
      const agent = grown(wire, gateway, { stream });
      const path = typeof agent.wire.path === 'function' ? agent.wire.path(agent) : agent.wire.path;
      const answer = await ask(gateway.port, { path, headers: { 'content-type': 'application/json', ...agent.wire.headers }, body: JSON.stringify(agent.wire.body(agent)) });
      assert.equal(answer.complete, true, 'nothing is cut off');
      assert.equal(provider.requests.length, 4, 'it was tried three times');
      if (!stream) {
        assert.equal(answer.status, 529);
        assert.match(JSON.parse(answer.body).error.message, /Overloaded/);
        return;
      }
      const last = answer.body.toString().trim().split(/\n\n/).at(-1);
      const data = JSON.parse(last.slice(last.indexOf('data: ') + 6));
      if (wire === 'anthropic') assert.deepEqual([/^event: error/.test(last), data.type, data.error.type], [true, 'error', 'overloaded_error']);
      if (wire === 'responses') assert.deepEqual([data.type, data.response.status, /Overloaded/.test(data.response.error.message)], ['response.failed', 'failed', true]);
      if (wire === 'chat' || wire === 'gemini') assert.match(data.error.message, /Overloaded/);
    });
  });
}

test('forty recalls in one message stay within bounds, and a body that is refused is not repeated', async () => {
  let asked = 0;
  await stand(() => (asked++ === 0 ? { tools: Array.from({ length: 40 }, (_, i) => recall(i % 20 + 1)) } : { text: 'Enough.' }), async ({ provider, gateway }) => {
    const read = await grown('anthropic', gateway, { size: 40000 }).send();
    assert.equal(read.text, 'Enough.');
    const [first, second] = provider.requests;
    assert.ok(second.raw.length - first.raw.length < 150000, `${second.raw.length - first.raw.length} bytes more`);
    const texts = second.body.messages.at(-1).content.map((block) => block.content);
    assert.equal(texts.length, 40);
    assert.equal(texts.filter((text) => /^#\d+ /.test(text)).length, 16);
    assert.equal(texts.filter((text) => /^Left out/.test(text)).length, 24);
    // The provider will not have what was recalled.
    asked = 0;
    provider.requests.length = 0;
    const { answerOf } = provider;
    provider.answerOf = (...all) => { if (asked === 0) provider.failing = [{ status: 400, times: 1, message: 'no such thing' }]; return answerOf.apply(provider, all); };
    const agent = grown('anthropic', gateway);
    assert.equal((await agent.send()).text, 'Enough.');
    assert.deepEqual(provider.requests.map((request) => request.status), [200, 400, 200]);
    assert.ok(!offers(provider.requests[2].body));
    assert.match(JSON.stringify(provider.requests[2].body.messages.at(-1)), /refused with it/);
  });
});

// A provider that says what it likes.
function fake(answer) {
  const server = http.createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => answer(request, response, JSON.parse(Buffer.concat(chunks))));
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve({ url: `http://127.0.0.1:${server.address().port}`, close: () => { server.closeAllConnections(); server.close(); } })));
}
const message = (content, usage) => JSON.stringify({ id: 'm', type: 'message', role: 'assistant', model: 'claude-opus-4-8', content, stop_reason: content.some((block) => block.type === 'tool_use') ? 'tool_use' : 'end_turn', stop_sequence: null, usage });

test('recalls that cost too much end', async () => {
  let calls = 0;
  const provider = await fake((_, response, body) => {
    calls += 1;
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(message(offers(body) ? [{ type: 'tool_use', id: `t${calls}`, name: 'recall', input: { seq: 3 } }] : [{ type: 'text', text: 'Done.' }], { input_tokens: 160000, output_tokens: 9 }));
  });
  number += 1;
  const gateway = await startGateway(place, provider.url, ['--database', `${place.path}/${number}.db`, ...forced]);
  assert.equal((await grown('anthropic', gateway, { stream: false }).send()).text, 'Done.');
  assert.equal(calls, 4, 'two rounds behind the first are over 300,000 tokens; the next is the last');
  await gateway.stop();
  provider.close();
});

test('answers with a coding: untouched for the agent, read for the books; recalls are answered in them all the same', async () => {
  for (const [coding, encode] of [['gzip', gzipSync], ['br', brotliCompressSync]]) {
    let sent;
    let calls = 0;
    const provider = await fake((_, response, body) => {
      calls += 1;
      const wanted = calls === 2 && offers(body);
      sent = encode(message(wanted ? [{ type: 'tool_use', id: `t${calls}`, name: 'recall', input: { seq: 3 } }] : [{ type: 'text', text: 'Done.' }], { input_tokens: 5000, output_tokens: 70 }));
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': coding });
      response.end(sent);
    });
    number += 1;
    const database = `${place.path}/${number}.db`;
    const gateway = await startGateway(place, provider.url, ['--database', database, ...forced]);
    const post = (body) => ask(gateway.port, { path: '/v1/messages', headers: { 'content-type': 'application/json', 'anthropic-version': '2023-06-01', 'accept-encoding': 'gzip, br' }, body: JSON.stringify(body) });
    const passed = await post({ model: 'other', max_tokens: 5, messages: [{ role: 'user', content: 'hi' }] });
    assert.equal(passed.headers['content-encoding'], coding);
    assert.ok(passed.body.equals(sent));
    const rows = () => JSON.parse(spawnSync(join(binaries, 'fovea-gateway'), ['savings', '--json', '--by', 'request', '--database', database]).stdout).rows;
    const row = await eventually(() => rows()[0]);
    assert.equal(row.input_tokens, 5000);
    assert.equal(row.output_tokens, 70);
    const inside = await post({ ...grown('anthropic', gateway).wire.body(grown('anthropic', gateway, { stream: false })) });
    assert.equal(inside.headers['content-encoding'], undefined);
    assert.equal(JSON.parse(inside.body).content[0].text, 'Done.');
    assert.equal(calls, 3);
    await gateway.stop();
    provider.close();
  }
});

for (const stream of [false, true]) {
  test(`a coding that is damaged or cut short, ${stream ? 'in a stream' : 'in a whole answer'} behind a recall`, async () => {
    for (const damage of ['damaged', 'cut']) {
      let calls = 0;
      const script = ({ text, tools }) => ({ text, tools });
      const inner = await new Provider({ script: (_, body) => script(/bytes 0 to/.test(JSON.stringify(body)) ? { text: 'Done. '.repeat(400) } : { tools: [recall(3)] }) }).listen();
      const provider = await fake(async (request, response, body) => {
        calls += 1;
        const answer = await ask(inner.port, { path: request.url, headers: { 'content-type': 'application/json', 'anthropic-version': '2023-06-01', 'x-api-key': 'k' }, body: JSON.stringify(body) });
        let sent = gzipSync(answer.body);
        if (calls > 1 && damage === 'cut') sent = sent.subarray(0, sent.length >> 1);
        if (calls > 1 && damage === 'damaged') sent = Buffer.concat([sent.subarray(0, sent.length - 8), Buffer.alloc(8, 1)]);
        response.writeHead(200, { 'content-type': answer.headers['content-type'], 'content-encoding': 'gzip' });
        response.end(sent);
      });
      number += 1;
      const gateway = await startGateway(place, provider.url, ['--database', `${place.path}/${number}.db`, ...forced]);
      try {
        const agent = grown('anthropic', gateway, { stream });
        const answer = await ask(gateway.port, { path: '/v1/messages', headers: { 'content-type': 'application/json', ...agent.wire.headers }, body: JSON.stringify(agent.wire.body(agent)) }).catch((error) => error);
        if (stream) assert.deepEqual([answer.status, answer.complete], [200, false], damage);
        else if (damage === 'cut') assert.match(`${answer.code} ${answer.message}`, /ECONNRESET|socket hang up/);
        else assert.deepEqual([answer.status, JSON.parse(answer.body).error.type], [502, 'api_error']);
        assert.ok(calls > 1);
      } finally {
        await gateway.stop();
        provider.close();
        await inner.close();
      }
    }
  });
}

test('after a rewind, or with another key, the model reads no turn behind the request', async () => {
  let ready = false;
  const script = (_, body) => {
    const text = JSON.stringify(body.messages);
    return !ready || /"name":"(search|recall)"/.test(text) ? { text: 'ok' } : { tools: [{ name: 'search', input: { query: 'hunter2' } }, recall(31), recall(29)] };
  };
  await stand(script, async ({ provider, gateway }) => {
    const agent = grown('anthropic', gateway);
    const short = [...agent.history];
    agent.history.push(...(await agent.send()).items, agent.wire.user('My word is hunter2.'));
    await agent.send();
    const other = new Agent('anthropic', gateway.port, { key: agent.key, headers: { 'x-api-key': 'sk-other' } });
    other.history = short;
    ready = true;
    await eventually(async () => { await other.send(); return other.answers.at(-1).action === 'compressed'; });
    const results = JSON.stringify(provider.requests.at(-1).body.messages.at(-1));
    assert.match(results, /Nothing was found/);
    assert.match(results, /there is no turn 31/);
    assert.match(results, /#29 tool/);
    for (const request of provider.requests.slice(-2)) assert.ok(!/word is hunter2/.test(request.raw.toString()));
  });
});

test('behind the agent\'s own compaction, search and recall go on into the session before', async () => {
  let ready = false;
  const script = (_, body) => {
    const text = JSON.stringify(body.messages);
    if (!ready || /"name":"recall"/.test(text)) return { text: 'ok' };
    const found = /#(1\d{6}) user: [^#]*xyzzy/.exec(text);
    return { tools: [found ? recall(Number(found[1])) : { name: 'search', input: { query: 'xyzzy' } }] };
  };
  await stand(script, async ({ provider, gateway }) => {
    const before = grown('anthropic', gateway, { headers: { 'x-session-id': `links-${number}` } });
    before.history[0] = before.wire.user('The word is xyzzy-42.');
    await before.send();
    number += 1;
    const agent = grown('anthropic', gateway, { headers: before.headers });
    agent.history[0] = agent.wire.user('A summary: files were read.');
    // The word is found once fovead's index has it.
    await eventually(async () => {
      ready = true;
      await agent.send();
      return /#1000001 user, bytes 0 to \d+ of \d+\\nThe word is xyzzy-42/.test(JSON.stringify(provider.requests.at(-1).body.messages.at(-1)));
    });
    assert.notEqual(before.answers[0].session, agent.answers[0].session);
  });
});

test('several answers at once get no tools; a parameter of that name takes none away', async () => {
  await stand([{ text: 'ok' }], async ({ provider, gateway }) => {
    for (const [wire, more] of [['chat', { n: 2 }], ['gemini', { generationConfig: { candidateCount: 2 } }], ['chat', { n: 1 }]]) {
      const agent = grown(wire, gateway);
      const { body } = agent.wire;
      agent.wire = { ...agent.wire, body: (one) => ({ ...body(one), ...more }) };
      await agent.send();
      assert.equal(agent.answers.at(-1).action, 'compressed');
      assert.equal(offers(provider.requests.at(-1).body), more.n === 1, JSON.stringify(more));
    }
    const agent = grown('anthropic', gateway, { tools: { read: { type: 'object', properties: { search: { type: 'string' } } } } });
    await agent.send();
    assert.ok(offers(provider.requests.at(-1).body));
  });
});

test('what was served is refused, and the history is over the window: it is cut, at once the next time', async () => {
  await stand([{ text: 'ok' }], async ({ provider, gateway }) => {
    const agent = grown('anthropic', gateway, { calls: 40 });
    provider.failing.push({ status: 400, times: 1, message: 'no images' });
    await agent.send();
    assert.deepEqual(provider.requests.map((request) => request.status), [400, 200]);
    assert.match(agent.answers.at(-1).reason, /cut to the window/);
    await agent.send();
    assert.equal(provider.requests.length, 3);
    assert.equal(agent.answers.at(-1).status, 200);
  }, { flags: [...forced, '--window', '20000'], window: 20000 });
});

test('what is sent as it came then is too long by the provider\'s word: it is cut', async () => {
  await stand([{ text: 'ok' }], async ({ provider, gateway }) => {
    const agent = grown('anthropic', gateway, { calls: 40 });
    provider.failing.push({ status: 400, times: 1, message: 'no images' });
    await agent.send();
    assert.deepEqual(provider.requests.map((request) => request.status), [400, 400, 200]);
    await agent.send();
    assert.deepEqual(provider.requests.slice(3).map((request) => request.status), [400, 200]);
  }, { window: 22000 });
});
