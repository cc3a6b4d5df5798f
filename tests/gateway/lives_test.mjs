// Long lives: real histories of agents, call by call, on each wire, against the strict provider that plays the prompt cache. Every
// request is valid, the prefix changes only at epochs, the books hold what the provider billed, and no request is
// billed above what was predicted. What it cost, against sending everything with perfect caching.
//
//   FOVEA_BIN=build/dev/bin FOVEA_LIVES=deepswe,pi FOVEA_WIRES=anthropic,chat,responses,gemini node --test tests/gateway/lives_test.mjs
//
// Without FOVEA_LIVES the first 30 calls of one session on two wires. The histories are not part of the repository:
// where they are absent, the test is skipped and says so.
import test, { before, after } from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { join } from 'node:path';
import { Provider } from './provider.mjs';
import { Agent } from './agent.mjs';
import { blocksOf } from './provider_cache.mjs';
import { binaries, folder, startFovead, startGateway } from './harness.mjs';

const folderOf = process.env.FOVEA_TRAJECTORIES ?? new URL('../../../shared/data/trajectories', import.meta.url).pathname;
const present = existsSync(`${folderOf}/deepswe.jsonl.gz`);
const whole = process.env.FOVEA_LIVES;
const wires = (process.env.FOVEA_WIRES ?? (whole ? 'anthropic,chat,responses,gemini' : 'anthropic,responses')).split(',');
const mostCalls = Number(process.env.FOVEA_CALLS ?? (whole ? 400 : 30));
const share = Number(process.env.FOVEA_SHARE ?? 0.25);
const leastCalls = 100; // of a life that is long enough for the median
const sessions = (name) => gunzipSync(readFileSync(`${folderOf}/${name}.jsonl.gz`)).toString().trim().split('\n').map((line) => JSON.parse(line));

let place, fovead;
before(async () => {
  if (!present) return;
  place = folder();
  fovead = await startFovead(place);
});
after(async () => {
  await fovead?.stop();
  place?.remove();
});

const cost = (usage) => usage.cached * 0.1 + (usage.total - usage.cached) * 1.25;
const rowsOf = (database) => JSON.parse(spawnSync(join(binaries, 'fovea-gateway'), ['savings', '--json', '--by', 'request', '--database', database], { maxBuffer: 1 << 28 }).stdout).rows.reverse();

// The session's assistant turns with what each of their calls brought.
function stepsOf(session) {
  const steps = [];
  const opening = [];
  for (const turn of session.turns) {
    if (turn.role === 'assistant') {
      const calls = (turn.tool_calls ?? []).map((call) => { let input; try { input = JSON.parse(call.args); } catch { input = { raw: call.args }; } return { old: call.id, name: call.name, input: input !== null && typeof input === 'object' && !Array.isArray(input) ? input : { value: input } }; });
      steps.push({ text: turn.text?.trim() ? turn.text : undefined, calls, results: new Map() });
    } else if (turn.role === 'tool') {
      steps.at(-1)?.results.set(turn.tool_call_id, turn.text || '(no output)');
    } else if (steps.length === 0) {
      opening.push(turn.text);
    }
  }
  return { opening: opening.join('\n'), steps: steps.filter((step) => step.calls.length).slice(0, mostCalls) };
}

async function live(name, session, wire, database) {
  const { opening, steps } = stepsOf(session);
  const script = (step) => (step < steps.length ? { text: steps[step].text, tools: steps[step].calls.map(({ name: tool, input }) => ({ name: tool, input })) } : { text: 'The end.' });
  const tools = Object.fromEntries([...new Set(steps.flatMap((step) => step.calls.map((call) => call.name)))].map((tool) => [tool, { type: 'object', properties: {} }]));
  const characters = steps.reduce((sum, step) => sum + (step.text?.length ?? 0) + JSON.stringify(step.calls).length + [...step.results.values()].join('').length, opening.length);
  const budget = Math.max(8000, Math.round((characters / 4) * share));
  const provider = await new Provider({ script, pieces: 4001 }).listen();
  provider.keep = 2;
  const gateway = await startGateway(place, provider.url, ['--database', database, '--force', '--policy', 'balanced', '--reader', 'claude', '--budget', `${budget}`, '--no-recall', '--log-level', 'error']);
  const agent = new Agent(wire, gateway.port, { key: `life-${name}-${session.session_id}`, tools, system: 'You are a coding agent. '.repeat(60) });
  let direct = 0;
  let before = 0;
  const faults = [];
  const full = []; // tokens of what the agent sent, by the provider's count
  const counted = new WeakMap();
  const tokensOf = (item) => {
    if (!counted.has(item)) counted.set(item, blocksOf(wire, { messages: [item] }).reduce((sum, block) => sum + block.tokens, 0));
    return counted.get(item);
  };
  const frame = blocksOf(wire, { ...agent.wire.body({ ...agent, history: [agent.wire.user("x")] }), messages: undefined, input: undefined, contents: undefined }).reduce((sum, block) => sum + block.tokens, 0);
  try {
    agent.history.push(agent.wire.user(opening));
    for (let i = 0; i <= steps.length; i += 1) {
      const sent = agent.history.reduce((sum, item) => sum + tokensOf(item), frame);
      const read = await agent.send();
      full.push(sent);
      agent.history.push(...read.items);
      if (!read.calls.length) break;
      const results = [...steps[i].results.values()];
      agent.history.push(...agent.wire.results(read.calls.map((call, n) => ({ id: call.id, text: steps[i].results.get(steps[i].calls[n]?.old) ?? results[n] ?? '(no output)' }))));
    }
  } catch (error) { faults.push(error.message); }
  await gateway.stop();
  await provider.close();
  const requests = provider.requests.filter((request) => request.usage);
  let billed = 0;
  let moved = 0;
  let epochs = 0;
  for (const [i, request] of requests.entries()) {
    billed += cost(request.usage);
    const tokens = full[i];
    direct += before * 0.1 + (tokens - before) * 1.25;
    before = tokens;
    if (i === 0) continue;
    const epoch = (n) => /epoch .*/.exec(agent.answers[n].reason ?? '')?.[0] ?? '0';
    const kept = requests[i - 1].usage.hashes.every((hash, n) => request.usage.hashes[n] === hash);
    const same = epoch(i) === epoch(i - 1) && agent.answers[i].action === agent.answers[i - 1].action;
    if (!same) epochs += 1;
    if (!kept && same) faults.push(`request ${i}: the prefix changed within epoch ${epoch(i)}`);
    if (!kept) moved += 1;
  }
  const rows = rowsOf(database).slice(-requests.length);
  let ratio = 0;
  for (const [i, request] of requests.entries()) {
    if (!rows[i]) { faults.push(`request ${i} is not in the books`); break; }
    if (rows[i].input_tokens !== request.usage.total) faults.push(`request ${i}: billed ${request.usage.total}, in the books ${rows[i].input_tokens}`);
    if (rows[i].cached_tokens !== request.usage.cached) faults.push(`request ${i}: cached ${request.usage.cached}, in the books ${rows[i].cached_tokens}`);
    if (!rows[i].predicted_tokens) { if (agent.answers[i].action === 'compressed') faults.push(`request ${i}: compressed, and not predicted`); continue; }
    ratio = Math.max(ratio, request.usage.total / rows[i].predicted_tokens);
    if (rows[i].predicted_tokens < request.usage.total) faults.push(`request ${i}: predicted ${rows[i].predicted_tokens}, billed ${request.usage.total}`);
  }
  const actions = {};
  for (const answer of agent.answers) actions[answer.action] = (actions[answer.action] ?? 0) + 1;
  for (const refusal of provider.refused) faults.push(`refused: ${refusal.wrong.join('; ').slice(0, 300)}`);
  console.log(`${name}/${session.session_id} ${wire}: ${requests.length} requests, budget ${budget}, ${JSON.stringify(actions)}, ${epochs} epochs, ${moved} changes of the prefix, cost ${(billed / direct).toFixed(3)} of direct, at most ${(100 * ratio).toFixed(0)} % of what was predicted, ${faults.length} faults`);
  return { share: billed / direct, faults, requests: requests.length };
}

const shares = {};
for (const name of (whole ?? 'deepswe').split(',')) {
  for (const [number, session] of (present ? sessions(name) : [{}]).entries()) {
    if (!whole && number !== 8) continue;
    for (const wire of wires) {
      test(`${name} ${session.session_id} on ${wire}`, { skip: present ? false : `no histories in ${folderOf}` }, async () => {
        const { share: paid, faults, requests } = await live(name, session, wire, join(place.path, `${name}-${number}-${wire}.db`));
        if (!whole || requests >= leastCalls) (shares[wire] ??= []).push(paid);
        assert.deepEqual(faults.slice(0, 5), []);
      });
    }
  }
}

test('the cost in the median', { skip: present ? false : `no histories in ${folderOf}` }, () => {
  for (const [wire, list] of Object.entries(shares)) {
    list.sort((a, b) => a - b);
    console.log(`${wire}: ${list.length} lives${whole ? ` of ${leastCalls} requests or more` : ''}, median cost ${list[Math.floor(list.length / 2)].toFixed(3)} of sending everything`);
  }
  if (whole) for (const list of Object.values(shares)) assert.ok(list[Math.floor(list.length / 2)] <= 0.45);
});
