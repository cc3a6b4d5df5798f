// What a session does, against a real server.
import assert from 'node:assert/strict';
import {before, test} from 'node:test';
import {deflateSync} from 'node:zlib';

import * as fm from 'fovea-memory';

import {fill, startFovea} from './support.mjs';

let fovea;
let count = 0;
const newSession = () => fovea.session(`s${++count}`, {model: 'gpt-4o', budget: 8000});
before(async () => {
  fovea = await startFovea();
});

/** The context that a client gets which holds nothing. */
async function fresh(session, options) {
  const other = fm.Fovea.connect({address: fovea.server.address});
  try {
    return await (await other.session(session.id, {model: 'gpt-4o', budget: 8000})).context(options);
  } finally {
    await other.close();
  }
}

const READERS = {anthropic: 'claude', gemini: 'gemini-3', 'openai-responses': 'gpt-5.6'};
for (const format of ['openai-chat', 'openai-responses', 'anthropic', 'gemini', 'vllm', 'deepseek']) {
  test(`held pages give the same payload: ${format}`, async () => {
    const session = await newSession();
    await fill(session, 40);
    const options = {format, reader: READERS[format] ?? 'gpt-4o'};
    const first = await session.context(options);
    const again = await session.context(options);
    assert.ok(first.pageIds.length > 0);
    assert.ok(!JSON.stringify(again.payload).includes('fovea:page/'));
    assert.deepEqual(first.payload, again.payload);
    assert.deepEqual((await fresh(session, options)).payload, first.payload);
    // The second request asked for references, so its own digest is another.
    assert.notEqual(again.payloadSha256, first.payloadSha256);
    await fill(session, 30, 40);
    assert.deepEqual((await session.context(options)).payload, (await fresh(session, options)).payload);
  });
}

function png(width, height) {
  const chunk = (kind, data) => {
    const body = Buffer.concat([Buffer.from(kind, 'latin1'), data]);
    let crc = ~0;
    for (const byte of body) {
      crc ^= byte;
      for (let bit = 0; bit < 8; ++bit) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    }
    const frame = Buffer.alloc(8);
    frame.writeUInt32BE(data.length);
    const end = Buffer.alloc(4);
    end.writeInt32BE(~crc);
    return Buffer.concat([frame.subarray(0, 4), body, end]);
  };
  const head = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0]);
  head.writeUInt32BE(width);
  head.writeUInt32BE(height, 4);
  const rows = deflateSync(Buffer.alloc((width + 1) * height));
  const magic = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([magic, chunk('IHDR', head), chunk('IDAT', rows), chunk('IEND', Buffer.alloc(0))]);
}

test("an agent's pictures are not taken for pages", async () => {
  const session = await newSession();
  await fill(session, 30);
  const url = `data:image/png;base64,${png(768, 768).toString('base64')}`;
  await session.append({role: 'user', content: [{type: 'image_url', image_url: {url}}]});
  await session.context();
  const again = await session.context();
  assert.ok(JSON.stringify(again.payload).includes(url));
  assert.deepEqual(again.payload, (await fresh(session)).payload);
  const page = await session.page(again.pageIds[0]);
  assert.equal(page.toString('latin1', 1, 4), 'PNG');
});

test("errors keep the server's words", async () => {
  const session = await newSession();
  await fill(session, 8);
  await session.pin(1, 32);
  await assert.rejects(session.context({budget: 1000}), (error) => {
    assert.ok(error instanceof fm.BudgetTooSmallError && error.requiredTokens > 1000);
    return error.message.includes(String(error.requiredTokens));
  });
  await assert.rejects(session.recall(99), fm.OutOfRangeError);
  await assert.rejects(session.context({budget: 1}), /token_budget/);
  for (const wrong of [{role: 'bot', content: 'x'}, 5, {content: 'x'}, [{role: 'user'}], null]) {
    await assert.rejects(session.append(wrong), fm.MessageShapeError);
  }
  assert.deepEqual(await session.append([]), {first: 0, last: 0});
});

test('one key is one append', async () => {
  const session = await newSession();
  const message = {role: 'user', content: 'once'};
  const options = {idempotencyKey: 'k'};
  assert.deepEqual(await session.append(message, options), {first: 1, last: 1});
  assert.deepEqual(await session.append(message, options), {first: 1, last: 1});
  await assert.rejects(session.append({role: 'user', content: 'twice'}, options), fm.AlreadyExistsError);
});

test('large messages', async () => {
  const session = await newSession();
  const content = '0123456789abcdef'.repeat(1 << 20);
  await session.append(Array.from({length: 5}, () => ({role: 'user', content})));
  assert.equal((await session.info()).lastSeq, 5);
  assert.equal(await session.recall(5), content);
});

test('a recall in pieces, and a model that is wrong', async () => {
  const session = await newSession();
  await session.append({role: 'user', content: 'äöü'.repeat(100_000)});
  const {text} = await session.runTool('recall', {seq: 1, max_bytes: 1001});
  const [body, note] = text.split('\n');
  assert.equal(body, 'äöü'.repeat(200).slice(0, 500));
  assert.equal(note, '[bytes 0 to 999 of 600000 of #1; go on with first_byte 1000]');
  assert.ok((await session.runTool('recall', {seq: '#1', first_byte: 1000})).text.startsWith('üäö'));
  for (const [name, given] of [
    ['recall', {seq: 7}],
    ['recall', {seq: true}],
    ['search', {}],
    ['recall', undefined],
  ]) {
    assert.equal((await session.runTool(name, given)).isError, true);
  }
});

test('answers in every shape', async () => {
  const session = await newSession();
  await session.append('the needle');
  const written = JSON.stringify({seq: 1});
  const chat = {id: 'a', type: 'function', function: {name: 'recall', arguments: written}};
  const foreign = {id: 'b', type: 'function', function: {name: 'bash', arguments: '{}'}};
  const expected = [{role: 'tool', tool_call_id: 'a', content: 'the needle'}];
  assert.deepEqual(await session.answer({role: 'assistant', tool_calls: [chat, foreign]}), expected);
  assert.deepEqual(await session.answer([chat, foreign]), expected);
  assert.deepEqual(await session.answer({choices: [{message: {role: 'assistant', tool_calls: [chat]}}]}), expected);
  const item = {type: 'function_call', call_id: 'a', name: 'recall', arguments: written};
  const output = {type: 'function_call_output', call_id: 'a', output: 'the needle'};
  assert.deepEqual(await session.answer({object: 'response', output: [item]}), [output]);
  const block = {type: 'tool_use', id: 'a', name: 'recall', input: {seq: 1}};
  const [twice, ...none] = await session.answer({content: [block, {...block, id: 'c', input: {seq: 5}}]});
  assert.deepEqual(none, []);
  assert.deepEqual(
    twice.content.map((result) => [result.tool_use_id, result.is_error]),
    [
      ['a', undefined],
      ['c', true],
    ],
  );
  const parts = [{functionCall: {name: 'recall', args: {seq: 1}}}];
  const response = {functionResponse: {name: 'recall', response: {output: 'the needle'}}};
  assert.deepEqual(await session.answer({role: 'model', parts}), [{role: 'user', parts: [response]}]);
  const [result] = await session.answer({type: 'ai', content: '', tool_calls: [{id: 'a', name: 'recall', args: {seq: 1}}]});
  assert.equal(result.content, 'the needle');
  assert.deepEqual(await session.answer({role: 'assistant', content: 'no calls'}), []);
});

test('sync appends what is new and forks where history was edited', async () => {
  const session = await newSession();
  const history = [
    {role: 'user', content: 'one'},
    {role: 'assistant', content: 'two'},
  ];
  assert.equal((await session.sync(history)).appended, 2);
  assert.equal((await session.sync(history)).appended, 0);
  history.push({role: 'user', content: 'three'});
  assert.equal((await session.sync(history)).appended, 1);
  // Another process finds its place again.
  assert.equal((await (await fovea.session(session.id)).sync(history)).appended, 0);
  const before = session.id;
  const result = await session.sync([history[0], {role: 'assistant', content: 'changed'}]);
  assert.deepEqual(result, {appended: 1, forkedFrom: before});
  const texts = (await session.turns()).map((turn) => turn.parts[0].kind.value.text.toString());
  assert.deepEqual(texts, ['one', 'changed']);
  assert.equal((await (await fovea.session(before)).info()).lastSeq, 3);
});

test('explain, search, fork, usage', async () => {
  const session = await newSession();
  await fill(session, 40);
  const context = await session.context();
  assert.equal((await session.explain(3)).seq, 3);
  const hits = await session.search('question 7');
  assert.equal(hits.at(-1).seq, 29);
  const usage = await session.reportUsage(context.tokens + 100, {otherTokens: 100});
  assert.equal(usage.promisedTokens, context.tokens);
  const fork = await session.fork(8);
  assert.equal((await fork.info()).lastSeq, 8);
  await session.compact();
  assert.equal((await session.delete()).turns, 160);
  await assert.rejects(session.context(), fm.NotFoundError);
  assert.ok((await fovea.sessions()).some((info) => info.sessionId === fork.id));
});
