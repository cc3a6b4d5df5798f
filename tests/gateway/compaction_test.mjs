// OpenAI's remote compaction, answered by the gateway: no model call, nothing lost, and a handle that is of use to its tenant alone.
import test, { before, after } from 'node:test';
import assert from 'node:assert/strict';
import { Provider } from './provider.mjs';
import { Agent } from './agent.mjs';
import { ask, folder, startFovead, startGateway } from './harness.mjs';

let place, fovead, provider;
before(async () => {
  place = folder();
  fovead = await startFovead(place);
});
after(async () => {
  await provider?.close();
  await fovead?.stop();
  place?.remove();
});

const forced = ['--force', '--budget', '8000', '--reader', 'claude', '--log-level', 'error'];
const events = (bytes) => bytes.toString().split('\n\n').filter((text) => text.includes('data: ')).map((text) => JSON.parse(text.slice(text.indexOf('data: ') + 6)));
const post = (gateway, body, path = '/v1/responses', headers = {}) => ask(gateway.port, { path, headers: { 'content-type': 'application/json', authorization: 'Bearer sk-test', ...headers }, body: JSON.stringify(body) });

test('a conversation is compacted to a handle, goes on behind it, and is compacted again', async () => {
  const steps = 14;
  let asked = 0;
  const script = () => (asked++ % (steps + 1) < steps ? { text: `Step ${asked}.`, tools: [{ name: 'read', input: { path: `file-${asked}.txt` } }] } : { text: `Done at ${asked}.` });
  provider = await new Provider({ script, pieces: 61 }).listen();
  const database = `${place.path}/compaction.db`;
  const gateway = await startGateway(place, provider.url, ['--database', database, ...forced]);
  const agent = new Agent('responses', gateway.port, { key: 'compacts' });
  await agent.run('The first task: remember the word zanzibar.');
  const session = agent.answers.at(-1).session;
  const calls = provider.requests.length;
  let whole = [...agent.history];
  // As events, by a trigger behind the conversation.
  const compact = async () => {
    const answer = await post(gateway, { ...agent.wire.body(agent), input: [...agent.history, { type: 'compaction_trigger' }] });
    assert.equal(answer.status, 200, answer.body.toString());
    assert.match(answer.headers['x-fovea-reason'], /a handle stands for the conversation/);
    assert.equal(answer.headers['x-fovea-session'], session);
    const all = events(answer.body);
    assert.deepEqual(all.map((e) => e.sequence_number), all.map((_, i) => i));
    const items = all.filter((e) => e.type === 'response.output_item.done').map((e) => e.item);
    assert.deepEqual(all.at(-1).response.output, items);
    assert.equal(all.at(-1).type, 'response.completed');
    assert.equal(items.length, 1);
    assert.equal(items[0].type, 'compaction');
    assert.match(items[0].encrypted_content, /^fovea1\.[\w-]{32}$/);
    return items[0];
  };
  const first = await compact();
  assert.equal(provider.requests.length, calls, 'no model is asked');
  // Agents keep what the user said, and put the handle behind it.
  agent.history = [whole[0], first];
  await agent.run('The second task.');
  assert.equal(agent.answers.at(-1).session, session, 'the same session goes on');
  assert.ok(agent.answers.slice(-steps).every((a) => a.action === 'compressed' && /^extends/.test(a.reason)), JSON.stringify(agent.answers.slice(-steps)));
  whole = [...whole, ...agent.history.slice(2)];
  const second = await compact();
  assert.notEqual(second.encrypted_content, first.encrypted_content);
  agent.history = [whole[0], first, second];
  await agent.run('The third task.');
  assert.equal(agent.answers.at(-1).session, session, 'and again');
  assert.deepEqual(provider.refused, []);
  for (const request of provider.requests) assert.ok(!request.raw.includes('fovea1.'), 'the provider never sees a handle');

  // POST /responses/compact.
  const plain = await post(gateway, { model: agent.model, input: agent.history, instructions: agent.system, prompt_cache_key: agent.key }, '/v1/responses/compact');
  assert.match(plain.headers['x-fovea-reason'], /a handle stands/);
  const body = JSON.parse(plain.body);
  assert.equal(body.object, 'response.compaction');
  assert.deepEqual(body.output.map((item) => item.type), ['compaction']);

  // Without compression, the conversation that a handle stands for goes out whole.
  await gateway.stop();
  const plainly = await startGateway(place, provider.url, ['--database', database, '--reader', 'text-only', '--log-level', 'error']);
  const request = { ...agent.wire.body(agent), input: [whole[0], first, agent.wire.user('Which word?')] };
  const passed = await post(plainly, request);
  assert.equal(passed.status, 200, passed.body.toString());
  assert.notEqual(passed.headers['x-fovea-action'], 'compressed');
  assert.equal(provider.requests.at(-1).body.input.length, 3 * steps + 3, 'task, texts, calls and results, the answer, and the question');
  assert.match(JSON.stringify(provider.requests.at(-1).body.input), /zanzibar/);
  // There, and for a short history, the provider itself is asked to compact.
  const asks = provider.requests.length;
  await post(plainly, { ...agent.wire.body(agent), input: [agent.wire.user('hi'), { type: 'compaction_trigger' }] });
  assert.equal(provider.requests.length, asks + 1);
  assert.match(provider.requests.at(-1).raw.toString(), /compaction_trigger/);
  await plainly.stop();

  // Another tenant with the same file, one digit otherwise, and nobody's: the provider gets it as it came, and says what it is.
  const others = await startGateway(place, provider.url, ['--database', database, ...forced], { FOVEA_TOKEN: 'another' });
  const theirs = await post(others, request);
  assert.ok(provider.requests.at(-1).raw.includes(first.encrypted_content), `${theirs.status} ${theirs.headers['x-fovea-reason']} ${theirs.body.toString().slice(0, 300)}`);
  await others.stop();
  const again = await startGateway(place, provider.url, ['--database', database, ...forced]);
  for (const headers of [{}, { 'x-fovea-bypass': '1' }]) {
    const guess = headers['x-fovea-bypass'] ? first.encrypted_content : first.encrypted_content.replace(/.$/, (c) => (c === 'A' ? 'B' : 'A'));
    await post(again, { ...request, input: [whole[0], { ...first, encrypted_content: guess }, agent.wire.user('Which word?')] }, '/v1/responses', headers);
    assert.ok(provider.requests.at(-1).raw.includes(guess));
  }
  await again.stop();
});
