// What the TypeScript client adds to BuildContext and AppendTurns: medians over a long session, pages held.
//
//   FOVEAD=build/dev/bin/fovead node clients/testing/overhead.mjs DIST [BUDGET]    DIST: clients/typescript/dist
//
// Exit code 1 if a context takes 2 ms more than the raw call, or an append of one turn 1.5 times as long.
import {readFileSync} from 'node:fs';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import {pathToFileURL} from 'node:url';
import {gunzipSync} from 'node:zlib';

const dist = pathToFileURL(resolve(process.argv[2])).href;
const budget = Number(process.argv[3] ?? 64_000);
const {Fovea} = await import(`${dist}/index.js`);
const methods = await import(`${dist}/methods.js`);
const {MessageReader} = await import(`${dist}/shapes/index.js`);
const ROUNDS = 200;
const CONTEXT_MS = 2;
const APPEND_TIMES = 1.5;

const history = new URL('../../examples/long-session.jsonl.gz', import.meta.url);
const {turns} = JSON.parse(gunzipSync(readFileSync(history)).toString().split('\n')[0]);
const messages = [0, 1, 2, 3, 4, 5].flatMap((copy) =>
  turns.map(({role, text = '', tool_calls: calls = [], tool_call_id: callId}) => ({
    role,
    content: text === '' && calls.length > 0 ? null : text,
    ...(calls.length > 0 && {
      tool_calls: calls.map(({id, name, args}) => ({
        id: `${copy}-${id}`,
        type: 'function',
        function: {name, arguments: args},
      })),
    }),
    ...(role === 'tool' && {tool_call_id: `${copy}-${callId}`}),
  })),
);

const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

/** Runs both in turn, so that what else the machine does falls on both alike. */
async function compare(name, raw, client) {
  const calls = [raw, client];
  const walls = [[], []];
  for (let round = 0; round < ROUNDS; ++round) {
    for (const [index, call] of calls.entries()) {
      const began = performance.now();
      await call();
      walls[index].push(performance.now() - began);
    }
  }
  const [alone, through] = walls.map(median);
  const added = through - alone;
  const times = through / alone;
  console.log(`${name}: raw p50 ${alone.toFixed(2)} ms, client ${through.toFixed(2)} ms: ${added.toFixed(2)} ms, ${times.toFixed(2)} times`);
  return {added, times};
}

const data = mkdtempSync(join(tmpdir(), 'fovea-overhead-'));
const fovea = await Fovea.local({data});
for (const reader of ['deepseek-flash', 'claude']) {
  const session = await fovea.session(reader, {model: reader, budget, format: 'openai-chat'});
  await session.append(messages);
  await session.context();
  const context = await session.context();
  console.log(`${reader}: ${context.tokens} tokens, ${context.pageIds.length} pages`);
  const view = {sessionId: session.id, reader, tokenBudget: budget};
  const request = {view, format: 2, heldPageIds: context.pageIds};
  const {added} = await compare('context', () => fovea.transport.call(methods.buildContext, request), () => session.context());
  // The client's own work alone: what is between the answer and the context.
  const answer = await fovea.transport.call(methods.buildContext, request);
  const spent = [];
  const call = fovea.transport.call;
  fovea.transport.call = () => Promise.resolve(answer);
  for (let round = 0; round < ROUNDS; ++round) {
    const began = performance.now();
    await session.context();
    spent.push(performance.now() - began);
  }
  fovea.transport.call = call;
  console.log(`    without the call: p50 ${median(spent).toFixed(2)} ms`);
  const message = {role: 'user', content: 'x'.repeat(500)};
  const [turn] = new MessageReader().read(message);
  const append = {sessionId: session.id, turns: [turn]};
  const {times} = await compare('append', () => fovea.transport.call(methods.appendTurns, append), () => session.append(message));
  if (added >= CONTEXT_MS || times >= APPEND_TIMES) process.exitCode = 1;
}
await fovea.close();
rmSync(data, {recursive: true, force: true});
