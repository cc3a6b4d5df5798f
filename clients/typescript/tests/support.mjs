// A fovead and a strict model for the tests, and agents that live over each provider's wire.
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {appendFileSync, existsSync, mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {after} from 'node:test';
import {fileURLToPath} from 'node:url';

import {Fovea} from 'fovea-memory';

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
// Loading vocabularies takes a server seconds, and exact counts are not what is tested here.
process.env.FOVEA_VOCABULARIES = join(ROOT, 'clients', 'no-vocabularies');

export const FOVEAD = process.env.FOVEAD ?? join(ROOT, 'build', 'dev', 'bin', 'fovead');
if (!existsSync(FOVEAD)) throw new Error(`there is no ${FOVEAD}; build it, or set FOVEAD`);

const cleanUps = [];
/** Has something done when the file's tests are over, the last first. */
export function atEnd(action) {
  cleanUps.unshift(action);
}
after(async () => {
  for (const action of cleanUps) await action();
});

export function folder() {
  const made = mkdtempSync(join(tmpdir(), 'fovea-ts-'));
  atEnd(() => rmSync(made, {recursive: true, force: true}));
  return made;
}

export async function startFovea() {
  const fovea = await Fovea.local({data: folder(), binary: FOVEAD});
  atEnd(() => fovea.close());
  return fovea;
}

/** clients/testing/strict_model.py. */
export async function startModel() {
  const child = spawn('python3', [join(ROOT, 'clients', 'testing', 'strict_model.py')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  atEnd(() => child.stdin.end());
  const url = String(await new Promise((resolve) => child.stdout.once('data', resolve))).trim();
  const post = async (path, body) => {
    const answer = await fetch(url + path, {
      method: 'POST',
      headers: {'content-type': 'application/json'},
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${answer.status}: ${text}`);
    return JSON.parse(text);
  };
  return {url, post, stats: async () => (await fetch(`${url}/stats`)).json(), reset: () => post('/reset', {})};
}

/** What the agents' own tool prints: long enough to press on a budget, different each time. */
export function lookUp(query) {
  return Array.from({length: 30}, (_, i) => {
    let value = 2166136261;
    for (const byte of Buffer.from(`${query}/${i}`)) value = Math.imul(value ^ byte, 16777619) >>> 0;
    return `${query} line ${i}: value ${value.toString(16).padStart(8, '0')}`;
  }).join('\n');
}

const schema = {type: 'object', properties: {query: {type: 'string'}}, required: ['query']};

/** By wire: how a context is sent, how a call is answered, how a question is asked. */
export const WIRES = {
  'openai-chat': {
    reader: 'gpt-4o',
    async send(model, context, tools) {
      const own = {type: 'function', function: {name: 'look_up', parameters: schema}};
      const answer = await model.post('/v1/chat/completions', {model: 'm', tools: [...tools, own], ...context.payload});
      const {message} = answer.choices[0];
      const calls = (message.tool_calls ?? []).filter((call) => call.function.name === 'look_up');
      return {answer, text: message.content, calls: calls.map((call) => [call.id, call.function.arguments])};
    },
    result: (id, text) => ({role: 'tool', tool_call_id: id, content: text}),
    ask: (text) => ({role: 'user', content: text}),
  },
  'openai-responses': {
    reader: 'gpt-5.6',
    async send(model, context, tools) {
      const own = {type: 'function', name: 'look_up', parameters: schema};
      const answer = await model.post('/v1/responses', {model: 'm', tools: [...tools, own], ...context.payload});
      const calls = answer.output.filter((item) => item.name === 'look_up');
      const text = answer.output.find((item) => item.type === 'message')?.content[0].text;
      return {answer, text, calls: calls.map((item) => [item.call_id, item.arguments])};
    },
    result: (id, text) => ({type: 'function_call_output', call_id: id, output: text}),
    ask: (text) => ({type: 'message', role: 'user', content: [{type: 'input_text', text}]}),
  },
  anthropic: {
    reader: 'claude',
    async send(model, context, tools) {
      const own = {name: 'look_up', input_schema: schema};
      const body = {model: 'm', max_tokens: 1, tools: [...tools, own], ...context.payload};
      const answer = await model.post('/v1/messages', body);
      const calls = answer.content.filter((block) => block.name === 'look_up');
      const text = answer.content.find((block) => block.type === 'text')?.text;
      return {answer, text, calls: calls.map((block) => [block.id, JSON.stringify(block.input)])};
    },
    result: (id, text) => ({role: 'user', content: [{type: 'tool_result', tool_use_id: id, content: text}]}),
    ask: (text) => ({role: 'user', content: text}),
  },
  gemini: {
    reader: 'gemini-3',
    async send(model, context, tools) {
      const own = {functionDeclarations: [{name: 'look_up', parametersJsonSchema: schema}]};
      const answer = await model.post('/v1beta/models/m:generateContent', {tools: [...tools, own], ...context.payload});
      const {parts} = answer.candidates[0].content;
      const calls = parts.map((part) => part.functionCall).filter((call) => call?.name === 'look_up');
      const text = parts.find((part) => part.text)?.text;
      return {answer, text, calls: calls.map((call) => [call.id, JSON.stringify(call.args)])};
    },
    result: (id, text) => ({
      role: 'user',
      parts: [{functionResponse: {id, name: 'look_up', response: {output: text}}}],
    }),
    ask: (text) => ({role: 'user', parts: [{text}]}),
  },
};

/** Asks questions until each is answered; gives the final answers. */
export async function live(session, model, wire, questions) {
  const {send, result, ask} = WIRES[wire];
  const answers = [];
  for (let number = 0; number < questions; ++number) {
    await session.append(ask(`Question ${number}: what of item ${number}?`), {shape: wire});
    for (;;) {
      const context = await session.context({format: wire});
      const {answer, text, calls} = await send(model, context, await session.tools({format: wire}));
      await session.append(answer, {shape: wire});
      const replies = await session.answer(answer);
      await session.append(replies, {shape: wire});
      for (const [id, written] of calls) await session.append(result(id, lookUp(written)), {shape: wire});
      if (replies.length === 0 && calls.length === 0) {
        answers.push(text);
        break;
      }
    }
  }
  return answers;
}

/** Rounds of a question, a call, its result and an answer. */
export async function fill(session, rounds, start = 0) {
  for (let i = start; i < start + rounds; ++i) {
    const call = {id: `c${i}`, type: 'function', function: {name: 'f', arguments: '{}'}};
    await session.append([
      {role: 'user', content: `question ${i} ${'alpha beta gamma '.repeat(40)}`},
      {role: 'assistant', content: null, tool_calls: [call]},
      {role: 'tool', tool_call_id: `c${i}`, content: `result ${i} ${'delta epsilon '.repeat(80)}`},
      {role: 'assistant', content: `answer ${i}`},
    ]);
  }
}

/** Watches the contexts that a session serves. */
export function watch(session) {
  const epochs = []; // by request to the model; those of a fork are others
  const inner = session.context.bind(session);
  session.context = async (options) => {
    const made = await inner(options);
    epochs.push(`${session.id} ${made.epoch}`);
    return made;
  };
  return epochs;
}

/** What every life must show, but for the comparison with the same agent without Fovea. */
export async function checkLife(name, session, epochs, stats) {
  const {lastSeq: turns} = await session.info();
  const distinct = new Set(epochs).size;
  if (process.env.FOVEA_LIVES) {
    // A line of the table that scripts/test-adapters.sh prints.
    const counts = [stats.refused.length, stats.breaks.length, stats.recalls.length];
    appendFileSync(process.env.FOVEA_LIVES, `${[name, turns, stats.requests, stats.streamed, distinct, ...counts].join('\t')}\n`);
  }
  assert.deepEqual(stats.refused, []);
  assert.ok(turns >= 150, `${turns} turns`);
  assert.ok(distinct >= 3 && stats.pictures > 0, `${distinct} epochs`);
  // What came before stays as it was within an epoch: only a new epoch may change it.
  assert.equal(epochs.length, stats.requests);
  for (const at of stats.breaks) assert.notEqual(epochs[at], epochs[at - 1], `request ${at} changes what came before`);
  const exact = await session.recall(4);
  assert.ok(stats.recalls_asked >= 4);
  assert.equal(stats.recalls.length, stats.recalls_asked);
  assert.ok(exact !== '' && stats.recalls.every((text) => text.includes(exact)));
  assert.ok(stats.calls.some((calls) => calls.length === 2));
}
