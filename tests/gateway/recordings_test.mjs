// Real requests of agents, in order, with the answers that they got: each finds its session, and what goes out is valid.
// The recordings are not part of the repository: where they are absent, the test is skipped and says so.
import test, { before, after } from 'node:test';
import assert from 'node:assert/strict';
import http from 'node:http';
import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { checkers } from './provider_rules.mjs';
import { wireOf } from './provider.mjs';
import { blocksOf } from './provider_cache.mjs';
import { ask, folder, startFovead, startGateway } from './harness.mjs';

const folderOf = process.env.FOVEA_RECORDINGS ?? new URL('../../../shared/data/recordings', import.meta.url).pathname;
const lines = (name) => gunzipSync(readFileSync(`${folderOf}/${name}.jsonl.gz`)).toString().trim().split('\n').map((line) => JSON.parse(line));
const present = existsSync(`${folderOf}/claude.jsonl.gz`);

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

// Plays a recording's answers to its requests, and checks each request by the provider's rules.
async function replayer(answers) {
  const faults = [];
  const bodies = [];
  const state = { answer: null };
  const server = http.createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const raw = Buffer.concat(chunks);
    const path = request.url.split('?')[0];
    const wire = request.method === 'POST' ? wireOf(path) : '';
    if (wire) {
      const body = JSON.parse(raw.toString());
      bodies.push({ raw, body });
      const wrong = checkers[wire](body, request);
      if (wrong.length) faults.push(`request ${bodies.length}: ${wrong.join('; ')}`);
    }
    const answer = state.answer ?? { status: 404, headers: {}, body: '{}' };
    const type = answer.status === 200 ? 'text/event-stream' : 'application/json';
    response.writeHead(answer.status, { 'content-type': type, ...answer.headers });
    response.end(answer.body);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, state, faults, bodies, url: `http://127.0.0.1:${server.address().port}` };
}

async function play(name, flags, subfolder) {
  const requests = lines(name);
  // In the requests the working folder's name was made plain, in the answers it was not. On Anthropic's wire it comes in
  // pieces: there the answers are marked as coded, so that the gateway does not read them and waits for the next request.
  const coded = /claude|anthropic/.test(name) ? { 'content-encoding': 'x-recorded' } : {};
  const answers = new Map(lines(`${name}.responses`).map((answer) => [answer.seq, { ...answer, headers: { ...answer.headers, ...coded }, body: answer.body.replaceAll(/_(codex|pi_responses|pi)(?=\/|\\\\)/g, '') }]));
  const upstream = await replayer(answers);
  const gateway = await startGateway(place, upstream.url, ['--database', `${place.path}/${subfolder}.db`, '--project', subfolder, ...flags]);
  const seen = [];
  for (const request of requests) {
    upstream.state.answer = answers.get(request.seq);
    const headers = {};
    for (let i = 0; i < request.raw_headers.length; i += 2) {
      const key = request.raw_headers[i];
      if (!/^(host|content-length|connection|accept-encoding|transfer-encoding)$/i.test(key)) headers[key] = request.raw_headers[i + 1];
    }
    const count = upstream.bodies.length;
    const answer = await ask(gateway.port, { method: request.method, path: request.path, headers, body: request.body });
    if (upstream.bodies.length === count) continue;
    seen.push({ seq: request.seq, path: request.path.split('?')[0], action: answer.headers['x-fovea-action'], session: answer.headers['x-fovea-session'], reason: answer.headers['x-fovea-reason'], status: answer.status,
      original: Buffer.from(request.body), sent: upstream.bodies.at(-1).raw, same: answer.body.toString() === (upstream.state.answer?.body ?? '{}') });
  }
  await gateway.stop();
  upstream.server.close();
  upstream.server.closeAllConnections();
  return { seen, faults: upstream.faults, log: gateway.log };
}

for (const name of ['claude', 'codex', 'pi', 'pi_anthropic', 'pi_responses']) {
  test(`${name}: passed, nothing is changed`, { skip: present ? false : `no recordings in ${folderOf}` }, async () => {
    const { seen } = await play(name, ['--min-tokens', '10000000'], `${name}-passed`);
    assert.ok(seen.length >= 23);
    for (const one of seen) {
      assert.equal(one.action, 'passed');
      assert.ok(one.original.equals(one.sent), `request ${one.seq} went out otherwise`);
      assert.ok(one.same, `the answer to ${one.seq} came back otherwise`);
    }
  });

  test(`${name}: forced to 12,000 tokens, each request finds its session and is valid`, { skip: present ? false : `no recordings in ${folderOf}` }, async () => {
    const reader = name === 'codex' || name === 'claude' ? [] : ['--reader', 'claude'];
    const { seen, faults, log } = await play(name, ['--force', '--budget', '12000', ...reader], `${name}-forced`);
    if (process.env.FOVEA_VERBOSE) for (const one of seen) console.log(name, one.seq, one.action, one.session, one.reason, one.original.length, one.sent.length);
    assert.deepEqual(faults, [], log);
    const arrivals = seen.map((one) => one.reason.split(':')[0]);
    assert.equal(arrivals[0], 'new');
    const rest = arrivals.slice(1).filter((arrival) => arrival !== 'repeats');
    assert.equal(arrivals.length - 1 - rest.length, 1, 'the retry of the request that was answered 529');
    for (const [i, arrival] of rest.entries()) assert.equal(arrival, 'extends', `request ${i + 1} of ${rest.length}`);
    assert.equal(new Set(seen.map((one) => one.session)).size, 1);
    const compressed = seen.filter((one) => one.action === 'compressed');
    // The history as the provider counts it, and its bytes; pages are base64, and have more bytes than the text that they hold.
    const historyOf = (raw) => { const body = JSON.parse(raw.toString()); const { messages, input, contents } = body; return { tokens: blocksOf(wireOf(seen[0].path), { messages, input, contents }).reduce((sum, block) => sum + block.tokens, 0), bytes: Buffer.byteLength(JSON.stringify(messages ?? input ?? contents)) }; };
    const sums = compressed.reduce((sum, one) => { const [from, to] = [historyOf(one.original), historyOf(one.sent)]; return { from: sum.from + from.tokens, to: sum.to + to.tokens, fromBytes: sum.fromBytes + from.bytes, toBytes: sum.toBytes + to.bytes }; }, { from: 0, to: 0, fromBytes: 0, toBytes: 0 });
    console.log(`${name}: the compressed histories have ${(sums.to / sums.from).toFixed(2)} of their tokens and ${(sums.toBytes / sums.fromBytes).toFixed(2)} of their bytes`);
    assert.ok(sums.to < sums.from, 'the histories have fewer tokens');
    console.log(`${name}: ${rest.filter((a) => a === 'extends').length} of ${rest.length} extend, ${compressed.length} of ${seen.length} compressed`);
    assert.ok(compressed.length >= 0.6 * seen.length, `${compressed.length} of ${seen.length} compressed`);
  });
}
