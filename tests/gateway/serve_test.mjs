// Whole lives of agents through the gateway, over several epochs, on each wire: valid requests, a prefix that stands,
// and an agent that notices nothing.
import test, { before, after } from 'node:test';
import assert from 'node:assert/strict';
import { Provider } from './provider.mjs';
import { Agent } from './agent.mjs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { binaries, folder, raw, startFovead, startGateway } from './harness.mjs';

let place, fovead;
before(async () => {
  place = folder();
  fovead = await startFovead(place);
});
after(async () => {
  await fovead?.stop();
  place?.remove();
});

const forced = ['--force', '--budget', '8000', '--reader', 'claude'];
let number = 0;

// steps: an agent's task of so many calls; `extra` changes single answers.
async function life(wire, { steps = 24, flags = forced, extra = {}, agent: options = {}, between } = {}) {
  const script = (step) => extra[step] ?? (step < steps ? { thinking: wire === 'gemini' || wire === 'chat' ? undefined : `Thinking of ${step}.`, text: `Step ${step}.`, tools: [{ name: step % 3 ? 'read' : 'bash', input: { path: `file-${step}.txt` } }] } : { text: 'All done.' });
  const provider = await new Provider({ script, pieces: 61 }).listen();
  const gateway = await startGateway(place, provider.url, ['--database', `${place.path}/life-${number += 1}.db`, ...flags]);
  const agent = new Agent(wire, gateway.port, { key: `life-${number}`, system: `You are agent ${number}. `.repeat(30), ...options });
  let read, error;
  try {
    read = await agent.run(`Do task ${number}.`);
    if (between) await between({ agent, provider, gateway });
  } catch (thrown) { error = thrown; }
  await gateway.stop();
  await provider.close();
  if (error) throw new Error(`${error.message}\n${gateway.log}\n${JSON.stringify(provider.refused.slice(0, 2))}\n${JSON.stringify(agent.answers.slice(-2))}`);
  return { provider, agent, read };
}

for (const wire of ['anthropic', 'chat', 'responses', 'gemini']) {
  test(`${wire}: a long task, served in pages`, async () => {
    const { provider, agent, read } = await life(wire, { agent: { thinking: wire === 'anthropic' } });
    assert.equal(read.text, 'All done.');
    assert.deepEqual(provider.refused, []);
    const actions = agent.answers.map((a) => a.action);
    const compressed = actions.filter((a) => a === 'compressed').length;
    assert.ok(compressed > 10, JSON.stringify(agent.answers));
    assert.equal(actions.filter((a) => a === 'fallback').length, 0, JSON.stringify(agent.answers.filter((a) => a.action === 'fallback')));
    assert.equal(new Set(agent.answers.map((a) => a.session)).size, 1);
    for (const [i, one] of agent.answers.entries()) assert.match(one.reason, i === 0 ? /^new/ : /^extends/);
    const epochs = new Set(agent.answers.map((a) => /epoch (\d+)/.exec(a.reason ?? '')?.[1]));
    assert.ok(epochs.size >= 3, `epochs ${[...epochs]}`);
    // What went out is smaller than what came, and its newest message is as the agent sent it.
    const last = provider.requests.at(-1);
    const whole = JSON.stringify(agent.wire.body({ ...agent, history: agent.history.slice(0, -1) }));
    assert.ok(last.usage.total < whole.length / 4, `${last.usage.total} tokens, ${whole.length} bytes`);
  });

  test(`${wire}: below --min-tokens nothing is touched`, async () => {
    const { agent } = await life(wire, { steps: 3, flags: ['--reader', 'claude'] });
    for (const one of agent.answers) assert.equal(one.action, 'passed');
  });
}

for (const [wire, stream] of ['anthropic', 'chat', 'responses', 'gemini'].flatMap((one) => [[one, true], [one, false]])) {
  test(`${wire}, ${stream ? 'streamed' : 'whole'}: recalls are answered inside, alone and beside the agent's own calls`, async () => {
    const thinks = stream && (wire === 'anthropic' || wire === 'responses');
    const recall = { thinking: thinks ? 'I forgot.' : undefined, text: wire === 'responses' ? undefined : 'Looking it up.', tools: [{ name: 'recall', input: { seq: 3 } }] };
    const search = { tools: [{ name: 'search', input: { query: 'step' } }], thinking: thinks ? 'Where was it?' : undefined };
    const both = { thinking: thinks ? 'Both.' : undefined, tools: [{ name: 'recall', input: { seq: 2 } }, { name: 'read', input: { path: 'beside.txt' } }] };
    const { provider, agent, read } = await life(wire, { steps: 24, extra: { 14: recall, 15: search, 18: both }, agent: { thinking: thinks && wire === 'anthropic', stream } });
    assert.equal(read.text, 'All done.');
    assert.deepEqual(provider.refused, []);
    const text = JSON.stringify(agent.history);
    assert.ok(!/"name":"(recall|search)"/.test(text), 'the agent never meets the tools');
    if (wire !== 'responses') assert.ok(text.includes('Looking it up.'), 'what the model said beside a recall is the agent\'s');
    const asked = provider.requests.filter((r) => r.answer?.tools?.some((t) => t.name === 'recall' || t.name === 'search'));
    assert.equal(asked.length, 3, 'the model was offered the tools and called them');
    // The request behind a recall holds its result, and so do those that follow.
    const behind = provider.requests[provider.requests.indexOf(asked[0]) + 1];
    assert.match(JSON.stringify(behind.body), /#3 [a-z]+, bytes 0 to/);
    const later = provider.requests[provider.requests.indexOf(asked[2]) + 1];
    assert.match(JSON.stringify(later.body), /#2 [a-z]+, bytes 0 to/);
    assert.equal(agent.answers.filter((a) => a.action === 'fallback').length, 0);
  });
}

test('bodies with a coding are read; what goes out unchanged keeps it, what is compressed has none', async () => {
  const coding = { name: 'gzip', encode: gzipSync };
  const { provider, agent } = await life('anthropic', { steps: 14, agent: { coding } });
  const actions = agent.answers.map((a) => a.action);
  assert.ok(actions.includes('compressed') && actions.includes('passed'), actions.join(' '));
  assert.equal(provider.requests.length, actions.length);
  for (const [i, request] of provider.requests.entries()) assert.equal(request.headers['content-encoding'], actions[i] === 'passed' ? 'gzip' : undefined);
});

test('a WebSocket is refused with 426, so that clients go on over HTTP', async () => {
  await life('responses', { steps: 1, between: async ({ gateway, provider }) => {
    const count = provider.requests.length;
    const got = await raw(gateway.port, `GET /v1/responses HTTP/1.1\r\nHost: localhost:${gateway.port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n\r\n`, 300);
    assert.match(got, /^HTTP\/1\.1 426 /);
    assert.equal(provider.requests.length, count);
  } });
});

test('a rewind becomes a fork, and both go on', async () => {
  const { agent } = await life('anthropic', { steps: 8, between: async ({ agent: one }) => {
    one.history = one.history.slice(0, 5);
    const before = one.answers.at(-1).session;
    await one.run('Do something else.', 1);
    assert.match(one.answers.at(-1).reason, /^forked/);
    assert.notEqual(one.answers.at(-1).session, before);
    await one.run('And more.', 1);
    assert.match(one.answers.at(-1).reason, /^extends/);
  } });
  assert.ok(agent.answers.length > 9);
});

test('a call without tools is nobody\'s turn', async () => {
  await life('anthropic', { steps: 4, between: async ({ agent, gateway, provider }) => {
    const other = new Agent('anthropic', gateway.port);
    const body = other.wire.body;
    other.wire = { ...other.wire, body: (a) => ({ ...body(a), tools: [] }) };
    await other.run('A title, please.', 1);
    assert.equal(other.answers[0].action, 'passed');
    assert.equal(other.answers[0].session, undefined);
    void agent; void provider;
  } });
});

test('529 and 500 are the agent\'s to retry; the retry appends nothing', async () => {
  const { agent } = await life('anthropic', { steps: 6, between: async ({ agent: one, provider }) => {
    provider.failing.push({ status: 529, times: 1 }, { status: 500, times: 1 });
    await one.run('Once more.', 1);
    assert.deepEqual(one.answers.slice(-3).map((a) => a.status), [529, 500, 200]);
    assert.match(one.answers.at(-1).reason, /^repeats/);
  } });
  assert.ok(agent);
});

test('a fovead that hangs holds up no request within an epoch, and has all of it later, once', { timeout: 60000 }, async () => {
  const own = folder();
  const server = await startFovead(own);
  const provider = await new Provider({ script: (step) => (step < 40 ? { text: `Step ${step}.`, tools: [{ name: 'read', input: { path: `f${step}` } }] } : { text: 'All done.' }) }).listen();
  const gateway = await startGateway(own, provider.url, ['--force', '--budget', '30000', '--reader', 'claude', '--no-recall']);
  try {
    const agent = new Agent('anthropic', gateway.port, { size: 6000 });
    await agent.run('A long task.', 30);
    const step = async () => {
      const began = performance.now();
      const read = await agent.send();
      const took = performance.now() - began;
      agent.history.push(...read.items, ...agent.wire.results(read.calls.map((call) => ({ id: call.id, text: `result of ${call.input.path}` }))));
      return took;
    };
    for (let i = 0; i < 3; i += 1) await step();
    server.child.kill('SIGSTOP');
    const took = await step();
    server.child.kill('SIGCONT');
    assert.equal(agent.answers.at(-1).action, 'compressed', agent.answers.at(-1).reason);
    assert.match(agent.answers.at(-1).reason, /^extends: epoch [1-9]/);
    assert.ok(took < 1500, `${took} ms while fovead hung`);
    await step();
    await step();
    assert.deepEqual(provider.refused, []);
    assert.equal(new Set(agent.answers.map((answer) => answer.session)).size, 1);
    await gateway.stop();
    const log = spawnSync(join(binaries, 'fovea'), ['--server', server.address, 'export', agent.answers.at(-1).session, '--format', 'jsonl'], { maxBuffer: 1 << 28 }).stdout.toString();
    const calls = agent.history.flatMap((item) => (Array.isArray(item.content) ? item.content : [])).filter((part) => part.type === 'tool_use');
    assert.equal(calls.length, 36);
    // A call and its result; the last result was not sent.
    for (const [i, { id }] of calls.entries()) assert.equal(log.split(`"${id}"`).length - 1, i < 35 ? 2 : 1, `${id}, call ${i}`);
  } finally {
    server.child.kill('SIGCONT');
    await gateway.stop('SIGKILL');
    await provider.close();
    await server.stop('SIGKILL');
    own.remove();
  }
});

test('with fovead gone, requests go out as they came, then cut to the window', async () => {
  const own = folder();
  const server = await startFovead(own);
  const provider = await new Provider({ script: (step) => (step < 60 ? { text: `Step ${step}.`, tools: [{ name: 'read', input: { path: `f${step}` } }] } : { text: 'All done.' }), window: 40000 }).listen();
  const gateway = await startGateway(own, provider.url, [...forced, '--window', '40000']);
  const agent = new Agent('anthropic', gateway.port, { size: 6000 });
  await agent.run('A long task.', 30);
  const before = agent.answers.length;
  assert.equal(agent.answers.at(-1).action, 'compressed');
  await server.stop('SIGKILL');
  for (let i = 0; i < 30; i += 1) {
    const read = await agent.send();
    agent.history.push(...read.items);
    if (!read.calls.length) break;
    agent.history.push(...agent.wire.results(read.calls.map((call) => ({ id: call.id, text: 'x '.repeat(3000) }))));
  }
  const reasons = agent.answers.slice(before).map((a) => `${a.action} ${a.reason.replace(/:.*/, '')}`);
  assert.deepEqual(provider.refused, []);
  assert.ok(agent.answers.every((a) => a.status === 200), 'a history that has outgrown the window still gets answers');
  assert.ok(reasons.every((r) => r.startsWith('fallback')), reasons.join('\n'));
  assert.ok(reasons.some((r) => /last served pages/.test(r)), reasons.join('\n'));
  assert.ok(reasons.some((r) => /cut to the window/.test(r)), reasons.join('\n'));
  await gateway.stop();
  await provider.close();
  own.remove();
});
