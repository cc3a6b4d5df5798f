// Messages that stay text wherever they stand, and whose session a request is.
import test, { before, after } from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Provider } from './provider.mjs';
import { output } from './agent.mjs';
import { ask, binaries, eventually, folder, startFovead, startGateway } from './harness.mjs';

let place, fovead;
before(async () => {
  place = folder();
  fovead = await startFovead(place);
});
after(async () => {
  await fovead?.stop();
  place?.remove();
});

let number = 0;
async function through(flags, run, { script = [{ text: 'Good.' }], window } = {}) {
  const provider = await new Provider({ script, window }).listen();
  const database = join(place.path, `messages-${number += 1}.db`);
  const gateway = await startGateway(place, provider.url, ['--database', database, ...flags]);
  const post = async (path, headers, body) => {
    const got = await ask(gateway.port, { path, headers: { 'content-type': 'application/json', 'anthropic-version': '2023-06-01', ...headers }, body: JSON.stringify(body) });
    return { status: got.status, action: got.headers['x-fovea-action'], reason: got.headers['x-fovea-reason'], session: got.headers['x-fovea-session'], body: got.body };
  };
  try {
    await run({ provider, gateway, post, database });
    assert.equal(gateway.log.replace(/^.*(info|warning).*\n/gim, ''), '');
  } finally {
    await gateway.stop();
    await provider.close();
  }
  return database;
}

const tools = { anthropic: [{ name: 'read', input_schema: { type: 'object' } }], chat: [{ type: 'function', function: { name: 'read', parameters: {} } }], responses: [{ type: 'function', name: 'read', parameters: {} }] };
const forced = ['--force', '--reader', 'claude'];
const rowsOf = (database) => JSON.parse(spawnSync(join(binaries, 'fovea-gateway'), ['savings', '--json', '--by', 'request', '--database', database]).stdout).rows.reverse();
const isPrefix = (before, now) => before.hashes.every((hash, i) => now.hashes[i] === hash);

// The prefix stands while the epoch does, nothing falls back, nobody is billed more than was predicted.
function check(provider, got, database) {
  assert.deepEqual(provider.refused, []);
  for (const [i, one] of got.entries()) {
    assert.match(one.action, /^(passed|compressed)$/, `request ${i}: ${one.reason}`);
    if (one.session !== undefined && i > 0) assert.match(one.reason, /^extends/, `request ${i}`);
    if (i > 0 && one.reason === got[i - 1].reason && one.action === 'compressed') assert.ok(isPrefix(provider.requests[i - 1].usage, provider.requests[i].usage), `request ${i}: another prefix in ${one.reason}`);
  }
  for (const [i, row] of rowsOf(database).entries()) {
    assert.equal(row.input_tokens, provider.requests[i].usage.total);
    if (got[i].action === 'compressed') assert.ok(row.predicted_tokens >= row.input_tokens, `request ${i}: predicted ${row.predicted_tokens}, billed ${row.input_tokens}`);
  }
}

for (const [name, flags, results, size, steps] of [['one result', [...forced, '--budget', '12000'], 1, 3000, 14], ['two results', [...forced, '--budget', '12000'], 2, 3000, 14], ['by default', [], 1, 40000, 26]]) {
  test(`what is said beside results of tools: ${name}`, async () => {
    const got = [];
    let last;
    const inputs = (i) => [...Array(results).keys()].map((j) => ({ i, j }));
    const script = (step) => ({ tools: inputs(step).map((input) => ({ name: 'read', input })) });
    const database = await through(flags, async ({ provider, post }) => {
      const messages = [{ role: 'user', content: `Task ${name}` }];
      for (let i = 0; i < steps; i += 1) {
        const one = await post('/v1/messages', { 'x-api-key': 'k' }, { model: 'claude-opus-4-8', max_tokens: 100, messages, tools: tools.anthropic });
        got.push(one);
        assert.ok(provider.requests.at(-1).raw.includes(JSON.stringify(messages.at(-1))), `the newest message is there as it came: ${one.reason}`);
        const { content } = JSON.parse(one.body);
        const said = name === 'by default' && i % 4 !== 3 ? [] : [{ type: 'text', text: `<system-reminder>${i}</system-reminder>` }];
        messages.push({ role: 'assistant', content });
        messages.push({ role: 'user', content: [...content.map((call) => ({ type: 'tool_result', tool_use_id: call.id, content: output(name, call.input, size) })), ...said] });
      }
      last = provider;
    }, { script });
    check(last, got, database);
    assert.ok(got.filter((one) => one.action === 'compressed').length >= 4, got.map((one) => one.reason).join('\n'));
  });
}

test('what is said beside results, where the history outgrows the window', async () => {
  await through(['--reader', 'claude', '--window', '60000', '--min-tokens', '2000'], async ({ provider, post }) => {
    const messages = [{ role: 'user', content: 'Task outgrown' }];
    for (let i = 0; i < 12; i += 1) {
      messages.push({ role: 'assistant', content: [0, 1].map((j) => ({ type: 'tool_use', id: `o${i}_${j}`, name: 'read', input: { i, j } })) });
      messages.push({ role: 'user', content: [...[0, 1].map((j) => ({ type: 'tool_result', tool_use_id: `o${i}_${j}`, content: output('og', { i, j }, 20000) })), { type: 'text', text: `reminder ${i}` }] });
      const got = await post('/v1/messages', { 'x-api-key': 'k' }, { model: 'claude-opus-4-8', max_tokens: 100, messages, tools: tools.anthropic });
      assert.equal(got.status, 200);
      assert.notEqual(got.action, 'fallback', `${i}: ${got.reason}`);
    }
    assert.deepEqual(provider.refused, []);
  }, { window: 60000 });
});

// Claude Code's own environment behind the task, a rule in the middle, and a last one behind what the user said.
for (const wire of ['anthropic', 'chat', 'responses']) {
  test(`${wire}: system text in the middle of a conversation stays text`, async () => {
    const role = wire === 'responses' ? 'developer' : 'system';
    const path = { anthropic: '/v1/messages', chat: '/v1/chat/completions', responses: '/v1/responses' }[wire];
    const key = wire === 'responses' ? 'input' : 'messages';
    const system = (text) => ({ role, content: text });
    const got = [];
    let last;
    const database = await through([...forced, '--budget', '8000'], async ({ provider, post }) => {
      const messages = [{ role: 'user', content: `Task with system text on ${wire}` }, system('# Environment\nA folder.')];
      for (let i = 0; i < 24; i += 1) {
        messages.push({ role: 'assistant', content: `Step ${i}.` }, { role: 'user', content: output('system', { wire, i }, 3000) });
        if (i % 7 === 3) messages.push(system(`Rule ${i}: never delete files.`));
        got.push(await post(path, wire === 'anthropic' ? { 'x-api-key': 'k' } : { authorization: 'Bearer k' }, { model: 'claude-opus-4-8', max_tokens: 100, [key]: messages, tools: tools[wire] }));
        const sent = provider.requests.at(-1);
        const said = sent.body[key].filter((one) => one.role === role).map((one) => JSON.stringify(one.content)).join();
        for (const one of messages.filter((each) => each.role === role)) assert.ok(said.includes(JSON.stringify(one.content).slice(1, -1)), `${one.content} at ${i}`);
        // On Anthropic's wire, system text may come behind what the user said last.
        assert.ok(sent.body[key].slice(-2).some((one) => JSON.stringify(one) === JSON.stringify(messages.at(-1))) || messages.at(-1).role === role, `the newest message at ${i}`);
      }
      last = provider;
    }, { script: (step) => ({ text: `Step ${step + 1}.` }) });
    check(last, got, database);
    assert.ok(got.filter((one) => one.action === 'compressed').length > 15, got.map((one) => one.reason).join('\n'));
    assert.equal(new Set(got.map((one) => one.session)).size, 1);
  });
}

const history = (task, pairs, size = 3000) => [{ role: 'user', content: task }, ...[...Array(pairs).keys()].flatMap((i) => [{ role: 'assistant', content: `Step ${i}.` }, { role: 'user', content: output(task, { i }, size) }])];
const call = (messages, more = {}) => ({ model: 'claude-opus-4-8', max_tokens: 100, messages, tools: tools.anthropic, ...more });

test('another key is another session; a login with another token is the same', async () => {
  const database = await through([...forced, '--budget', '8000'], async ({ post }) => {
    const messages = history('Task of keys', 10);
    const one = await post('/v1/messages', { 'x-api-key': 'sk-FIRST' }, call(messages));
    const again = await post('/v1/messages', { 'x-api-key': 'sk-FIRST' }, call(messages));
    const other = await post('/v1/messages', { 'x-api-key': 'sk-SECOND' }, call(messages.slice(0, 19)));
    assert.match(again.reason, /^repeats/);
    assert.match(other.reason, /^new/);
    assert.equal(again.session, one.session);
    assert.notEqual(other.session, one.session);
    const login = (token) => post('/v1/messages', { authorization: `Bearer sk-ant-oat01-${token}` }, call(messages));
    const [first, second] = [await login('FIRST'), await login('SECOND')];
    assert.match(first.reason, /^new/);
    assert.match(second.reason, /^repeats/);
  });
  // After a restart, with the salt that was kept.
  const provider = await new Provider().listen();
  const gateway = await startGateway(place, provider.url, ['--database', database, ...forced, '--budget', '8000']);
  const got = await ask(gateway.port, { path: '/v1/messages', headers: { 'anthropic-version': '2023-06-01', 'x-api-key': 'sk-FIRST' }, body: JSON.stringify(call(history('Task of keys', 10))) });
  assert.match(got.headers['x-fovea-reason'], /^repeats/);
  await gateway.stop();
  await provider.close();
  assert.ok(!/sk-FIRST|sk-SECOND|FIRST/.test(readFileSync(database, 'latin1')), 'no key in the database');
});

test('after an answer that was asked for again, others are still logged as they come', async () => {
  await through([...forced, '--budget', '8000'], async ({ provider, post }) => {
    const log = (session) => spawnSync(join(binaries, 'fovea'), ['--server', fovead.address, 'export', session, '--format', 'jsonl'], { maxBuffer: 1 << 28 }).stdout.toString();
    const first = history('Task asked again', 10);
    provider.script = [{ text: 'The first answer.' }];
    const one = await post('/v1/messages', { 'x-api-key': 'k' }, call(first));
    await eventually(() => log(one.session).includes('The first answer.'));
    await post('/v1/messages', { 'x-api-key': 'k' }, call([...first, { role: 'assistant', content: 'Another answer.' }, { role: 'user', content: 'Go on.' }]));
    provider.script = [{ text: 'An answer elsewhere.' }];
    const other = await post('/v1/messages', { 'x-api-key': 'k' }, call(history('Another task', 10)));
    await eventually(() => log(other.session).includes('An answer elsewhere.'));
  });
});

test('a trace in the metadata is no session', async () => {
  await through([...forced, '--budget', '8000'], async ({ post }) => {
    const messages = history('Task traced', 10);
    const got = [];
    for (const trace of ['a', 'b']) got.push(await post('/v1/messages', { 'x-api-key': 'k' }, call(messages, { metadata: { user_id: `request-${trace}`, trace_id: trace } })));
    assert.match(got[1].reason, /^repeats/);
    assert.equal(got[1].session, got[0].session);
  });
});

test('what goes on from an answer that the provider keeps passes as it came', async () => {
  await through([...forced, '--budget', '4000'], async ({ gateway, provider, post }) => {
    void post;
    const input = [...Array(12).keys()].map((i) => ({ type: 'message', role: 'user', content: output('kept', { i }, 6000) }));
    const body = JSON.stringify({ model: 'gpt-5.5', previous_response_id: 'resp_1', input, tools: tools.responses });
    const got = await ask(gateway.port, { path: '/v1/responses', headers: { 'content-type': 'application/json', authorization: 'Bearer k' }, body });
    assert.equal(got.headers['x-fovea-action'], 'passed');
    assert.equal(provider.requests.at(-1).raw.toString(), body);
  });
});
