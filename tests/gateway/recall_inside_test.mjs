// Recall inside at its limits: a model that asks without an end, too much at once, for what is not its own, or of a provider that fails
// behind a recall. The agent gets an answer to its end each time, or the provider's error.
import test, { before, after } from 'node:test';
import assert from 'node:assert/strict';
import http from 'node:http';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { Provider } from './provider.mjs';
import { checkers } from './provider_rules.mjs';
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
async function stand(script, check, { flags = forced, at = place, ...options } = {}) {
  number += 1;
  const provider = await new Provider({ script, ...options }).listen();
  const gateway = await startGateway(at, provider.url, ['--database', `${place.path}/${number}.db`, ...flags]);
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

// Answers that end for `stop`, with a call of recall whose arguments are `call`.
const sse = (name, data) => `${name ? `event: ${name}\n` : ''}data: ${JSON.stringify(data)}\n\n`;
const stopped = {
  anthropic: (stream, { text, call, stop }) => {
    const blocks = [...(text ? [{ type: 'text', text }] : []), ...(call ? [{ type: 'tool_use', id: 'toolu_r', name: 'recall', input: {} }] : [])];
    const start = { id: 'm', type: 'message', role: 'assistant', model: 'm', content: [], stop_reason: null, stop_sequence: null, usage: { input_tokens: 100, output_tokens: 1 } };
    if (!stream) return JSON.stringify({ ...start, content: blocks.map((b) => (b.input && stop === 'tool_use' ? { ...b, input: JSON.parse(call) } : b)), stop_reason: stop, usage: { input_tokens: 100, output_tokens: 10 } });
    return sse('message_start', { type: 'message_start', message: start }) + blocks.map((block, index) => sse('content_block_start', { type: 'content_block_start', index, content_block: block.text ? { ...block, text: '' } : block })
      + sse('content_block_delta', { type: 'content_block_delta', index, delta: block.text ? { type: 'text_delta', text } : { type: 'input_json_delta', partial_json: call } }) + sse('content_block_stop', { type: 'content_block_stop', index })).join('')
      + sse('message_delta', { type: 'message_delta', delta: { stop_reason: stop, stop_sequence: null }, usage: { output_tokens: 10 } }) + sse('message_stop', { type: 'message_stop' });
  },
  chat: (stream, { text, call, stop }) => {
    const calls = call ? { tool_calls: [{ index: 0, id: 'call_r', type: 'function', function: { name: 'recall', arguments: call } }] } : {};
    const usage = { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 };
    if (!stream) return JSON.stringify({ id: 'c', object: 'chat.completion', choices: [{ index: 0, message: { role: 'assistant', content: text ?? null, ...calls }, finish_reason: stop }], usage });
    const chunk = (delta, finish_reason = null) => sse('', { id: 'c', object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason }] });
    return chunk({ role: 'assistant', content: text ?? null }) + (call ? chunk(calls) : '') + chunk({}, stop) + sse('', { id: 'c', object: 'chat.completion.chunk', choices: [], usage }) + 'data: [DONE]\n\n';
  },
  responses: (stream, { text, call, stop }) => {
    const output = [...(text ? [{ type: 'message', id: `msg_${text}`, role: 'assistant', status: 'completed', content: [{ type: 'output_text', text, annotations: [] }] }] : []),
      ...(call ? [{ type: 'function_call', id: 'fc_r', call_id: 'call_r', name: 'recall', arguments: call, status: stop }] : [])];
    const response = (status) => ({ id: 'r', object: 'response', status, model: 'm', output: status === stop ? output : [], usage: status === stop ? { input_tokens: 100, output_tokens: 10, total_tokens: 110 } : null, incomplete_details: status === 'incomplete' ? { reason: 'max_output_tokens' } : null });
    if (!stream) return JSON.stringify(response(stop));
    let sequence_number = 0;
    const send = (type, data) => sse(type, { type, sequence_number: sequence_number++, ...data });
    return send('response.created', { response: response('in_progress') }) + output.map((item, output_index) => send('response.output_item.added', { output_index, item }) + send('response.output_item.done', { output_index, item })).join('')
      + send(`response.${stop}`, { response: response(stop) });
  },
  gemini: (stream, { text, call, stop }) => {
    const parts = [...(text ? [{ text }] : []), ...(call ? [{ functionCall: { name: 'recall', args: stop === 'STOP' ? JSON.parse(call) : {} } }] : [])];
    const json = { candidates: [{ ...(parts.length ? { content: { role: 'model', parts } } : {}), finishReason: stop, index: 0 }], usageMetadata: { promptTokenCount: 100, candidatesTokenCount: 10, totalTokenCount: 110 } };
    return stream ? sse('', json) : JSON.stringify(json);
  },
};
const whole = { anthropic: 'tool_use', chat: 'tool_calls', responses: 'completed', gemini: 'STOP' };
const limit = { anthropic: 'max_tokens', chat: 'length', responses: 'incomplete', gemini: 'MAX_TOKENS' };
// Of an answer as the agent has it: {reason, output tokens, texts}.
const ends = {
  anthropic: (s) => [/"stop_reason":"(\w+)"/.exec(s)?.[1], Number([...s.matchAll(/"output_tokens":(\d+)/g)].at(-1)[1])],
  chat: (s) => [/"finish_reason":"(\w+)"/.exec(s)?.[1], Number([...s.matchAll(/"completion_tokens":(\d+)/g)].at(-1)[1])],
  responses: (s) => [[...s.matchAll(/"object":"response","status":"(\w+)"/g)].at(-1)[1], Number([...s.matchAll(/"output_tokens":(\d+)/g)].at(-1)[1])],
  gemini: (s) => [/"finishReason":"(\w+)"/.exec(s)?.[1], Number([...s.matchAll(/"candidatesTokenCount":(\d+)/g)].at(-1)[1])],
};
const send = (agent) => ask(agent.port, { path: typeof agent.wire.path === 'function' ? agent.wire.path(agent) : agent.wire.path, headers: { 'content-type': 'application/json', ...agent.wire.headers }, body: JSON.stringify(agent.wire.body(agent)) });

for (const [wire, stream] of wires.flatMap((one) => [[one, true], [one, false]])) {
  test(`${wire}, ${stream ? 'streamed' : 'whole'}: an answer that a limit cuts off ends with the provider's reason, and no call of ours is in it`, async () => {
    let answers;
    const sent = [];
    const provider = await fake((request, response, body) => {
      sent.push({ body, request });
      response.writeHead(200, { 'content-type': stream ? 'text/event-stream' : 'application/json' });
      response.end(stopped[wire](stream, answers.shift()));
    });
    number += 1;
    const gateway = await startGateway(place, provider.url, ['--database', `${place.path}/${number}.db`, ...forced]);
    const check = async (name, script, { asked, texts, reason = limit[wire], tokens }) => {
      answers = [...script, { text: 'later', stop: whole[wire] }];
      sent.length = 0;
      const agent = grown(wire, gateway, { stream });
      number += 1;
      const answer = await send(agent);
      const body = answer.body.toString();
      assert.equal(sent.length, asked, name);
      assert.deepEqual([answer.status, answer.complete, ...ends[wire](body)], [200, true, reason, tokens], name);
      assert.ok(!/recall/.test(body), `${name}: ${body.slice(0, 3000)}`);
      for (const text of texts) assert.ok(body.includes(text), `${name}: ${text}`);
      if (wire === 'responses') {
        const { output } = stream ? JSON.parse(body.trim().split('data: ').at(-1)).response : JSON.parse(body);
        assert.deepEqual(output.map((item) => item.content[0].text), texts, name);
      }
      // The agent goes on from what it has.
      const said = texts.join('');
      if (wire === 'responses') agent.history.push(...texts.map((text) => ({ type: 'message', id: `msg_${text}`, role: 'assistant', content: [{ type: 'output_text', text, annotations: [] }] })));
      else if (said) agent.history.push(wire === 'gemini' ? { role: 'model', parts: texts.map((text) => ({ text })) } : { role: 'assistant', content: wire === 'chat' ? said : texts.map((text) => ({ type: 'text', text })) });
      agent.history.push(agent.wire.user('Go on.'));
      answers = [{ text: 'later', stop: whole[wire] }];
      assert.equal((await send(agent)).status, 200, name);
      const next = sent.at(-1);
      assert.deepEqual(checkers[wire](next.body, { headers: next.request.headers, url: next.request.url }), [], name);
      const items = JSON.stringify((next.body.messages ?? next.body.input ?? next.body.contents).slice(-6));
      assert.equal((items.match(/"name":"recall"/g) ?? []).length > 0, asked > 1, `${name}: what was recalled before the cut stands, what was cut off does not`);
      assert.ok(!/\{\\"se"/.test(items), name);
    };
    try {
      await check('in the recall', [{ text: 'one', call: '{"se', stop: limit[wire] }], { asked: 1, texts: ['one'], tokens: 10 });
      await check('behind a recall', [{ text: 'one', call: '{"seq":3}', stop: whole[wire] }, { text: 'two', stop: limit[wire] }], { asked: 2, texts: ['one', 'two'], tokens: 20 });
      await check('in the second recall', [{ text: 'one', call: '{"seq":3}', stop: whole[wire] }, { call: '{"se', stop: limit[wire] }], { asked: 2, texts: ['one'], tokens: 20 });
      if (wire === 'gemini') await check('before the first word', [{ text: 'one', call: '{"seq":3}', stop: 'STOP' }, { stop: 'MAX_TOKENS' }], { asked: 2, texts: ['one'], tokens: 20 });
      if (wire === 'responses' && stream) await check('it fails', [{ text: 'one', call: '{"seq":3}', stop: 'completed' }, { text: 'two', call: '{"seq":4}', stop: 'failed' }], { asked: 2, texts: ['one', 'two'], reason: 'failed', tokens: 20 });
      // What is whole is answered, whatever the wire's providers call the end.
      const other = { anthropic: 'end_turn', chat: 'stop' }[wire];
      if (other) await check('another word', [{ text: 'one', call: '{"seq":3}', stop: other }, { text: 'two', stop: other }], { asked: 2, texts: ['one', 'two'], reason: other, tokens: 20 });
    } finally {
      await gateway.stop();
      provider.close();
    }
  });
}

// What an agent gets for one request, as text.
async function sayOnce(wire, provider) {
  number += 1;
  const gateway = await startGateway(place, provider.url, ['--database', `${place.path}/${number}.db`, ...forced]);
  try { return (await send(grown(wire, gateway))).body.toString(); } finally {
    await gateway.stop();
    provider.close();
  }
}

test('an error behind a recall is said without its coding', { timeout: 30000 }, async () => {
  const body = { anthropic: '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}', chat: '{"error":{"message":"Overloaded","code":"busy"}}', responses: '{"error":{"message":"Overloaded","code":"busy"}}', gemini: '{"error":{"code":400,"message":"Overloaded","status":"BUSY"}}' };
  for (const wire of wires) {
    let calls = 0;
    const provider = await fake((_, response) => {
      calls += 1;
      response.writeHead(calls === 1 ? 200 : 404, calls === 1 ? { 'content-type': 'text/event-stream' } : { 'content-type': 'application/json', 'content-encoding': 'gzip' });
      response.end(calls === 1 ? stopped[wire](true, { call: '{"seq":3}', stop: whole[wire] }) : gzipSync(body[wire]));
    });
    const answer = await sayOnce(wire, provider);
    assert.match(answer, { anthropic: /event: error\ndata: .*"overloaded_error","message":"Overloaded"/, chat: /"message":"Overloaded","code":"busy"/, responses: /"code":"busy","message":"[^"]*Overloaded"/, gemini: /"message":"Overloaded","status":"BUSY"/ }[wire]);
  }
});

test('a stream whose lines end with CR alone is read, too', async () => {
  for (const wire of wires) {
    let calls = 0;
    const provider = await fake((_, response) => {
      calls += 1;
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(stopped[wire](true, calls === 1 ? { text: 'one', call: '{"seq":3}', stop: whole[wire] } : { text: 'two', stop: whole[wire] }).replaceAll('\n', '\r'));
    });
    const answer = await sayOnce(wire, provider);
    assert.equal(calls, 2, wire);
    assert.ok(/one/.test(answer) && /two/.test(answer) && !/recall/.test(answer), answer);
  }
});

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

test('with fovead gone, a cut history keeps calls and their results together, whatever is said between them', async () => {
  for (const wire of ['chat', 'responses', 'gemini']) {
    await stand([{ text: 'ok' }], async ({ provider, gateway }) => {
      const agent = grown(wire, gateway, { calls: 40 });
      for (const item of agent.history) {
        const long = output('arguments', agent.history.indexOf(item), 6000);
        if (item.arguments) item.arguments = JSON.stringify({ long });
        if (item.parts?.[0].functionCall) item.parts[0].functionCall.args = { long };
      }
      // What the user says while a tool runs: some agents send it before the result.
      if (wire !== 'chat') for (let at = agent.history.length - 1; at > 0; at -= 2) agent.history.splice(at, 0, agent.wire.user(`By the way ${at}.`));
      await agent.send();
      assert.match(agent.answers.at(-1).reason, /cut to the window/);
      assert.deepEqual(provider.refused, []);
    }, { flags: [...forced, '--window', '9000'], at: { path: `${place.path}/nobody` } });
  }
});
