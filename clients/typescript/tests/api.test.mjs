// Policies, pictures, epochs, ladders and losses; and odd input to every call.
import assert from 'node:assert/strict';
import {before, test} from 'node:test';

import * as fm from 'fovea-memory';

import {fill, startFovea} from './support.mjs';

let fovea;
let count = 0;
const newSession = (options = {}) => fovea.session(`a${++count}`, {model: 'gpt-4o', budget: 8000, ...options});
before(async () => {
  fovea = await startFovea();
});
const PICTURE =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

test('policies by name', async () => {
  const session = await newSession();
  await fill(session, 40);
  const [balanced, frugal, exact] = await Promise.all(
    ['balanced', 'frugal', 'exact'].map(async (policy) => (await session.plan({policy})).tokens),
  );
  assert.equal((await session.plan()).tokens, balanced);
  assert.ok(exact > frugal);
  const again = await fovea.session(session.id, {model: 'gpt-4o', budget: 8000, policy: 'frugal'});
  assert.equal((await again.context()).tokens, frugal);
  assert.equal((await again.plan({policy: {name: 3}})).tokens, exact);
  await assert.rejects(session.plan({policy: 'cheap'}), {name: 'InvalidArgumentError', message: /balanced, frugal, exact/});
});

test('readers by the ids of models', async () => {
  const session = await newSession();
  await session.append('hello');
  assert.match((await session.context({model: 'claude-sonnet-4-5-20250929'})).reader, /^claude/);
  const [reader] = await fovea.readers('claude-opus-5');
  assert.ok(reader.ladder.length > 0 && (await fovea.readers()).length > 5);
  await assert.rejects(session.context({model: 'claud'}), {name: 'NotFoundError', message: /claude/});
});

test('epochs, ladder and losses', async () => {
  const session = await newSession();
  await fill(session, 40);
  const context = await session.context();
  assert.ok(context.epoch >= 1 && context.note && context.losses[0].range.first > 0);
  assert.equal(context.rungs.reduce((sum, {turns}) => sum + turns, 0), 160);
  const diff = await session.diff();
  assert.equal(diff.toEpoch, context.epoch);
  assert.ok(diff.moves.some(({fromRung}) => fromRung === 'verbatim'));
  assert.equal((await session.explain(9, {asOfSeq: 20})).rung, 'verbatim');
  const small = await newSession();
  await fill(small, 1);
  const ladder = await small.ladder(1, {reader: 'deepseek-flash'});
  assert.ok(ladder.pages.length >= 2 && ladder.contactSheetPng.length > 100);
});

test('pictures come with a recall', async () => {
  const session = await newSession();
  const url = `data:image/png;base64,${PICTURE}`;
  await session.append({role: 'user', content: [{type: 'text', text: 'look'}, {type: 'image_url', image_url: {url}}]});
  const expanded = await session.expand(1);
  assert.match(expanded.text, /^look\n\[image 1: image\/png/);
  assert.deepEqual(expanded.pictures, [{mediaType: 'image/png', data: Buffer.from(PICTURE, 'base64')}]);
  assert.deepEqual((await session.expand(1, {maxBytes: 2})).pictures, []);
  const written = JSON.stringify({seq: 1});
  const calls = {
    'openai-chat': {role: 'assistant', content: null, tool_calls: [{id: 'a', type: 'function', function: {name: 'recall', arguments: written}}]},
    'openai-responses': {type: 'function_call', call_id: 'b', name: 'recall', arguments: written},
    anthropic: {role: 'assistant', content: [{type: 'tool_use', id: 'c', name: 'recall', input: {seq: 1}}]},
    gemini: {role: 'model', parts: [{functionCall: {id: 'd', name: 'recall', args: {seq: 1}}}]},
    langchain: {type: 'ai', content: '', tool_calls: [{type: 'tool_call', id: 'e', name: 'recall', args: {seq: 1}}]},
  };
  for (const [shape, call] of Object.entries(calls)) {
    await session.append(call, {shape});
    const {last} = await session.append(await session.answer(call), {shape});
    const [held] = await session.turns(last, last);
    assert.ok(JSON.stringify(held).includes(JSON.stringify(Buffer.from(PICTURE, 'base64'))), shape);
  }
  for (const [format, reader] of [['openai-chat', 'gpt-4o'], ['anthropic', 'claude'], ['openai-responses', 'gpt-5.6'], ['gemini', 'gemini-3']]) {
    const {payload} = await session.context({format, reader});
    assert.equal(JSON.stringify(payload).split(PICTURE).length - 1, 6, format);
  }
});

const nested = (depth) => {
  let value = 'deep';
  for (let i = 0; i < depth; ++i) value = {content: [value]};
  return value;
};
const circle = {role: 'user'};
circle.content = [circle];
const ODD = [
  undefined, null, true, -1, 0, 2 ** 63, 1e300, 1.5, NaN, Infinity, 10n, Symbol('s'), () => 1, '', 'x', '\ud800', '\0',
  Buffer.from([255]), [], [[]], {}, {role: 1}, [null], {role: 'user'}, {role: 'user', content: {a: 1}}, new Date(NaN),
  {role: 'user', content: [[[]]]}, {role: 'assistant', tool_calls: [5]}, {choices: [5]}, {candidates: [null]}, {parts: 5},
  nested(20_000), circle,
];
const CALLS = {
  append: [(x) => [x], (x) => ['a', {shape: x}], (x) => ['a', {timeUs: x}], (x) => ['a', {idempotencyKey: x}], (x) => ['a', {agentId: x}]],
  sync: [(x) => [x], (x) => ['a', {shape: x}]],
  context: ['model', 'reader', 'budget', 'policy', 'format', 'asOfSeq'].map((key) => (x) => [{[key]: x}]),
  answer: [(x) => [x]],
  runTool: [(x) => [x, {}], (x) => ['recall', x], (x) => ['recall', {seq: x}], (x) => ['search', {query: x}]],
  tools: [(x) => [{format: x}]],
  reportUsage: [(x) => [x], (x) => [1, {otherTokens: x}], (x) => [1, {context: x}]],
  recall: [(x) => [x]],
  expand: [(x) => [x], (x) => [1, {firstByte: x}], (x) => [1, {maxBytes: x}]],
  search: [(x) => [x], (x) => ['a', {limit: x}]],
  explain: [(x) => [x]],
  diff: [(x) => [x], (x) => [0, x]],
  page: [(x) => [x]],
  turns: [(x) => [x], (x) => [1, x]],
  pin: [(x) => [x], (x) => [1, x]],
  fork: [(x) => [x], (x) => [0, {sessionId: x}], (x) => [0, {title: x}]],
};

for (const [name, shapes] of Object.entries(CALLS)) {
  test(`odd input is a typed error: ${name}`, async () => {
    const session = await newSession();
    await session.append('hello');
    await session.context();
    for (const [index, shape] of shapes.entries()) {
      for (const odd of ODD) {
        try {
          await session[name](...shape(odd));
        } catch (error) {
          const where = `${name} ${index} ${typeof odd}: ${error.stack}`;
          assert.ok(error instanceof fm.FoveaError && error.message && error.message.length < 1000, where);
        }
      }
    }
    assert.ok((await session.info()).lastSeq >= 1);
  });
}

test('odd sessions and servers', async () => {
  for (const key of ['model', 'reader', 'budget', 'format', 'shape', 'policy', 'title', 'recallBytes']) {
    for (const odd of ODD) {
      try {
        const session = await fovea.session('odd', {model: 'claude', budget: 4000, [key]: odd});
        await session.append('hello');
        await session.context();
      } catch (error) {
        assert.ok(error instanceof fm.FoveaError, `${key} ${typeof odd}: ${error.stack}`);
      }
    }
  }
  for (const address of ['unix:/nonexistent/s', '256.256.256.256:1', 'localhost:99999']) {
    const nobody = fm.Fovea.connect({address, deadline: 0.3});
    await assert.rejects(nobody.sessions(), (error) => error instanceof fm.FoveaError);
    await nobody.close();
  }
});

const REFERENCE = 'fovea:page/x';
const REFERENCES = {
  'gpt-4o': {role: 'user', content: [{type: 'image_url', image_url: {url: REFERENCE}}]},
  'gpt-5.6': {role: 'user', content: [{type: 'input_image', image_url: REFERENCE}]},
  'gemini-3': {role: 'user', parts: [{fileData: {fileUri: REFERENCE, mimeType: 'image/png'}}]},
};

test("a URL that looks like a page's reference", async () => {
  for (const [model, message] of Object.entries(REFERENCES)) {
    const session = await newSession({model});
    await session.append(message);
    assert.ok(JSON.stringify((await session.context()).payload).includes(REFERENCE), model);
  }
});

test('odd connections', () => {
  const odd = [
    {address: 5},
    {address: ''},
    {address: 'http://localhost:1'},
    {token: 'a\nb'},
    {token: 'ä'},
    {tls: '/none'},
    {certificate: {chain: '/none', key: '/none'}},
    ...[0, -1, '5', NaN, Infinity].map((deadline) => ({deadline})),
  ];
  for (const options of odd) {
    const [name] = Object.keys(options);
    assert.throws(() => fm.Fovea.connect(options), {name: 'InvalidArgumentError', message: new RegExp(`^${name}: `)});
  }
});

test('closed connections say so; a value that fits no field names it; ids and queries are strings', async () => {
  const client = fm.Fovea.connect({address: fovea.server.address});
  const other = await client.session('closed');
  await client.close();
  await assert.rejects(other.append('x'), {name: 'FailedPreconditionError', message: /closed/});
  const session = await newSession();
  await assert.rejects(session.context({budget: 64000.5}), {name: 'InvalidArgumentError', message: /^view.tokenBudget: /});
  await assert.rejects(session.expand(1.5), {name: 'InvalidArgumentError', message: /^seq: /});
  const turn = {role: 2, parts: [{kind: {$case: 'text', value: {text: Buffer.from('mine')}}}]};
  await session.appendTurns([turn], {agentId: 'a', timeUs: 5});
  assert.deepEqual(Object.keys(turn), ['role', 'parts']); // the caller's own stays as it was
  for (const odd of [undefined, null, 5]) {
    await assert.rejects(fovea.session(odd), {name: 'InvalidArgumentError', message: /^sessionId: /});
    await assert.rejects(session.search(odd), {name: 'InvalidArgumentError', message: /^query: /});
  }
});
