// Gateway, fovead, agent and provider are killed at random moments of an agent's life: the agent sees one reset of the connection at most, no
// turn is twice in the log, and nothing stays behind.
//
//   FOVEA_BIN=build/dev/bin FOVEA_KILLS=50 FOVEA_SEED=1 node --test tests/gateway/faults_test.mjs
import test, { before, after } from 'node:test';
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Provider } from './provider.mjs';
import { Agent } from './agent.mjs';
import { binaries, eventually, folder, start, startFovead, wait } from './harness.mjs';

const kills = Number(process.env.FOVEA_KILLS ?? 5);
let seed = Number(process.env.FOVEA_SEED ?? 1);
const random = (below) => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return Math.floor((seed / 2 ** 32) * below);
};

let place;
before(() => { place = folder(); });
after(() => place?.remove());

const forced = ['--force', '--budget', '6000', '--reader', 'claude', '--log-level', 'error'];
const recall = { thinking: 'What was it?', tools: [{ name: 'recall', input: { seq: 3 } }] };
// By the agent's own steps, however often one is asked for.
const script = (state, steps) => (_, body) => {
  if (state.step % 5 === 3 && !state.recalled.has(state.step) && body.tools.some((tool) => tool.name === 'recall')) {
    state.recalled.add(state.step);
    return recall;
  }
  return state.step < steps ? { text: `Step ${state.step}.`, thinking: 'Hm.', tools: [{ name: 'read', input: { path: `file-${state.step}.txt` } }] } : { text: 'All done.' };
};

// An agent that, like real ones, sends again what was broken off.
async function live(agent, state, steps, resets) {
  agent.history.push(agent.wire.user('A task.'));
  for (let i = 0; i < steps + 5; i += 1) {
    let read;
    let again = 0;
    state.step = i;
    for (;;) {
      try { read = await agent.send(); break; } catch (error) {
        if (!/ECONNRESET|ECONNREFUSED|socket hang up|broke off|EPIPE|no stop reason|starts/.test(error.message)) throw error;
        // A request that is sent again while the socket is nobody's is still the same one.
        if (again === 0 || /ECONNREFUSED/.test(resets.at(-1))) resets.push(`step ${i}, attempt ${again}: ${error.message}`);
        again += 1;
        if (again > 20) throw error;
        await wait(20);
      }
    }
    agent.history.push(...read.items);
    for (const call of read.calls) assert.ok(call.name in agent.tools, `the agent has no tool ${call.name}`);
    if (!read.calls.length) return read.text;
    agent.history.push(...agent.wire.results(read.calls.map((call) => ({ id: call.id, text: `${call.input.path} ${'word '.repeat(500)}` }))));
  }
  return 'without an end';
}

// Every call and every result is in the session's log once.
function turnsOf(address, session) {
  const out = spawnSync(join(binaries, 'fovea'), ['--server', address, 'export', session, '--format', 'jsonl'], { maxBuffer: 1 << 28 });
  return out.stdout.toString();
}

async function trial(which, number) {
  const own = folder();
  const steps = 12;
  const state = { step: 0, recalled: new Set() };
  const provider = await new Provider({ script: script(state, steps), pieces: 97, delay: 1 }).listen();
  let fovead = await startFovead(own);
  const run = (port) => start('fovea-gateway', ['serve', '--listen', `127.0.0.1:${port}`, '--anthropic-upstream', provider.url, '--database', join(own.path, 'gateway.db'), '--server', fovead.address, ...forced], { until: /listening on port (\d+)/ });
  let gateway = await run(0);
  const port = Number(gateway.found[1]);
  const agent = new Agent('anthropic', port, { key: `fault-${which}-${number}`, thinking: true, headers: { 'x-session-id': `s-${which}-${number}` } });
  const resets = [];
  const killer = (async () => {
    await wait(100 + random(900));
    if (which === 'gateway') {
      gateway.child.kill('SIGKILL');
      await gateway.ended;
      gateway = await run(port);
    } else if (which === 'fovead') {
      fovead.child.kill('SIGKILL');
      await fovead.ended;
      await wait(random(200));
      fovead = await startFovead(own);
    } else if (which === 'provider') {
      provider.server.closeAllConnections();
    }
  })();
  try {
    const text = await live(agent, state, steps, resets);
    await killer;
    assert.equal(text, 'All done.');
    // Here nobody holds the socket while the gateway is gone, as wrap does.
    const broken = resets.filter((message) => !/ECONNREFUSED/.test(message));
    assert.ok(broken.length <= 1, `${which} ${number}: ${broken}`);
    assert.deepEqual(provider.refused, [], `${which} ${number}`);
    assert.ok(agent.answers.every((answer) => [200, undefined].includes(answer.status)), JSON.stringify(agent.answers.filter((a) => a.status !== 200)));
    // Once all are back, the conversation is whole in the log.
    agent.history.push(agent.wire.user('Are all back?'));
    state.step = steps;
    // fovead reads the session again from its disk, beside whatever else this machine does.
    await eventually(async () => { await agent.send(); return agent.answers.at(-1).session; }, 60000).catch((error) => {
      throw new Error(`${which} ${number}: ${error.message}: ${agent.answers.at(-1).reason}`);
    });
    const session = agent.answers.at(-1).session;
    const log = turnsOf(fovead.address, session);
    for (let step = 0; step < steps; step += 1) {
      const results = log.split(`file-${step}.txt word`).length - 1;
      assert.equal(results, 1, `${which} ${number}: the result of step ${step} is ${results} times in ${session}`);
    }
  } finally {
    await killer.catch(() => {});
    await gateway.stop('SIGKILL');
    await fovead.stop('SIGKILL');
    await provider.close();
    own.remove();
  }
  return resets.filter((message) => !/ECONNREFUSED/.test(message)).length;
}

for (const which of ['gateway', 'fovead', 'provider']) {
  test(`${which} is killed ${kills} times`, async () => {
    const resets = [];
    for (let i = 0; i < kills; i += 1) resets.push(await trial(which, i));
    console.log(`${which}: ${resets.length} kills, resets that the agent saw: ${resets.join(' ')}`);
  });
}

// Programs whose environment or command line names this test's folder.
function alive() {
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid).filter((pid) => {
    try { return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('fovea') && readFileSync(`/proc/${pid}/environ`, 'latin1').includes(place.path); } catch { return false; }
  });
}

test(`agent and wrap are killed ${kills} times: no trace`, async () => {
  mkdirSync(join(place.path, 'run'), { mode: 0o700 });
  mkdirSync(join(place.path, 'home'));
  const provider = await new Provider({ script: [{ text: 'Hello. '.repeat(50) }], pieces: 11, delay: 2 }).listen();
  const file = join(place.path, 'agent.mjs');
  const body = JSON.stringify({ model: 'claude-opus-4-8', max_tokens: 5, stream: true, messages: [{ role: 'user', content: 'hi' }], tools: [{ name: 'x', input_schema: {} }] });
  writeFileSync(file, `console.log('pid', process.pid); for (;;) { try { await (await fetch(process.env.ANTHROPIC_BASE_URL + '/v1/messages', { method: 'POST', headers: { 'anthropic-version': '1' }, body: ${JSON.stringify(body)} })).text(); } catch {} await new Promise((r) => setTimeout(r, 5)); }`);
  const env = { ...process.env, HOME: join(place.path, 'home'), XDG_RUNTIME_DIR: join(place.path, 'run'), XDG_DATA_HOME: join(place.path, 'data'), FOVEA_ANTHROPIC_UPSTREAM: provider.url };
  for (const name of ['ANTHROPIC_BASE_URL', 'FOVEA_SERVER']) delete env[name];
  for (let i = 0; i < kills; i += 1) {
    const child = spawn(join(binaries, 'fovea-gateway'), ['wrap', '--wire', 'anthropic', '--', process.execPath, file], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    child.stdout.on('data', (bytes) => { out += bytes; });
    const ended = new Promise((resolve) => child.on('exit', (code, signal) => resolve(signal ?? code)));
    await eventually(() => out.includes('pid '), 20000);
    await wait(random(300));
    const agent = Number(/pid (\d+)/.exec(out)[1]);
    if (i % 2) { process.kill(agent, 'SIGKILL'); assert.equal(await ended, 137); } else { child.kill('SIGKILL'); await ended; }
  }
  await eventually(() => alive().length === 0, 30000);
  await provider.close();
  assert.deepEqual(readdirSync(join(place.path, 'home')), []);
  assert.deepEqual(readdirSync(join(place.path, 'run')), [], 'sockets and locks');
  assert.deepEqual(readdirSync(join(place.path, 'data')), ['fovea']);
});
