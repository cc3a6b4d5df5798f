// What the gateway adds, against sending its own upstream bodies to the provider directly: time to the first byte within an epoch, across
// one, for bodies of two sizes; time to forward an event; memory with many streams open.
//
//   FOVEA_BIN=build/release/bin node tests/gateway/speed.mjs [--requests N] [--streams N]
import http from 'node:http';
import { readFileSync } from 'node:fs';
import { Agent } from './agent.mjs';
import { ask, folder, startFovead, startGateway, wait } from './harness.mjs';

const option = (name, otherwise) => { const at = process.argv.indexOf(`--${name}`); return at < 0 ? otherwise : Number(process.argv[at + 1]); };
const count = option('requests', 200);
const streams = option('streams', 500);

// Answers at once, with an event; further events carry the time at which they were written.
let last = Buffer.alloc(0);
const open = new Set();
let delay = 0;
const provider = http.createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  last = Buffer.concat(chunks);
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  if (request.headers['x-hold']) {
    response.write('event: ping\ndata: {"type": "ping"}\n\n');
    open.add(response);
    response.on('close', () => open.delete(response));
    return;
  }
  response.write('event: message_start\ndata: {"type":"message_start","message":{"id":"m","type":"message","role":"assistant","content":[],"usage":{"input_tokens":1,"output_tokens":1}}}\n\n');
  for (let i = 0; i < delay; i += 1) {
    await wait(2);
    response.write(`event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"${performance.now()} "}}\n\n`);
  }
  response.end('event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":2}}\n\nevent: message_stop\ndata: {"type":"message_stop"}\n\n');
});
await new Promise((resolve) => provider.listen(0, '127.0.0.1', resolve));
const upstream = provider.address().port;

const place = folder();
const fovead = await startFovead(place);
const gateway = await startGateway(place, `http://127.0.0.1:${upstream}`, ['--force', '--budget', '40000', '--reader', 'claude', '--log-level', 'error']);
const keep = new http.Agent({ keepAlive: true, maxSockets: 1 });

const at = (list, share) => [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * share))];
const show = (name, list) => `${name}: p50 ${at(list, 0.5).toFixed(2)} ms, p99 ${at(list, 0.99).toFixed(2)} ms of ${list.length}`;

async function timed(port, path, headers, body) {
  const began = performance.now();
  const answer = await ask(port, { path, headers, body, agent: keep });
  if (answer.status !== 200) throw new Error(`${answer.status}: ${answer.body}`);
  return { ms: answer.pieces[0].at - began, answer };
}

// A history of about `bytes`, which grows by a small step with each request.
async function lap(bytes) {
  const agent = new Agent('anthropic', gateway.port, { key: `speed-${bytes}`, headers: { 'x-session-id': `speed-${bytes}` } });
  const piece = 'The quick brown fox jumps over the lazy dog, line after line of it. '.repeat(40);
  agent.history.push(agent.wire.user('A task.'));
  for (let size = 0; size < bytes; size += piece.length + 300) {
    const id = `toolu_${agent.history.length}`;
    agent.history.push({ role: 'assistant', content: [{ type: 'text', text: `Step ${agent.history.length}.` }, { type: 'tool_use', id, name: 'read', input: { path: id } }] });
    agent.history.push({ role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content: `${id} ${piece}` }] });
  }
  const headers = { 'content-type': 'application/json', ...agent.wire.headers, ...agent.headers };
  const within = [];
  const across = [];
  const direct = [];
  let sizes = [0, 0];
  let epoch = '';
  for (let i = 0; i < count; i += 1) {
    const body = JSON.stringify(agent.wire.body(agent));
    let { ms, answer } = await timed(gateway.port, agent.wire.path, headers, body);
    // The first context of a long history takes longer than the gateway waits for fovead: it goes on, and is there the next time.
    for (let again = 0; i === 0 && again < 20 && !/epoch/.test(answer.headers['x-fovea-reason']); again += 1) ({ ms, answer } = await timed(gateway.port, agent.wire.path, headers, body));
    const sent = last;
    const now = /epoch (\d+)/.exec(answer.headers['x-fovea-reason'] ?? '')?.[1];
    if (!now) throw new Error(`not compressed: ${answer.headers['x-fovea-reason']}`);
    const { ms: bare } = await timed(upstream, agent.wire.path, headers, sent);
    direct.push(bare);
    if (i > 0) (now === epoch ? within : across).push(ms - bare);
    epoch = now;
    sizes = [body.length, sent.length];
    const id = `toolu_${agent.history.length}`;
    agent.history.push({ role: 'assistant', content: [{ type: 'tool_use', id, name: 'read', input: { path: id } }] });
    agent.history.push({ role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content: `${id} ${piece.slice(0, 400)}` }] });
  }
  console.log(`bodies of ${Math.round(sizes[0] / 1000)} kB in, ${Math.round(sizes[1] / 1000)} kB out; directly ${show('first byte', direct)}`);
  console.log(`  ${show('added within an epoch', within)}`);
  if (across.length) console.log(`  ${show('added across an epoch', across)}`);
}

await lap(120_000);
await lap(3_800_000);

// How long an event takes from the provider's write to the agent, gateway and directly.
delay = 300;
for (const [name, port] of [['directly', upstream], ['through the gateway', gateway.port]]) {
  const times = [];
  await new Promise((resolve, reject) => {
    const request = http.request({ host: '127.0.0.1', port, method: 'POST', path: '/v1/messages', headers: { 'anthropic-version': '1' } }, (response) => {
      response.on('data', (bytes) => { const now = performance.now(); for (const found of bytes.toString().matchAll(/"text":"([0-9.]+) /g)) times.push(now - Number(found[1])); });
      response.on('end', resolve);
    });
    request.on('error', reject);
    request.end(JSON.stringify({ model: 'claude-opus-4-8', max_tokens: 5, stream: true, messages: [{ role: 'user', content: 'hi' }], tools: [{ name: 'x', input_schema: {} }] }));
  });
  console.log(show(`an event ${name}`, times));
}

// Many streams in their answer phase.
const many = new http.Agent({ keepAlive: false, maxSockets: Infinity });
const memory = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${gateway.child.pid}/status`, 'utf8'))[1]) / 1024;
const before = memory();
const begun = [];
for (let i = 0; i < streams; i += 1) {
  const body = JSON.stringify({ model: 'claude-opus-4-8', max_tokens: 5, stream: true, messages: [{ role: 'user', content: `${i} ${'word '.repeat(10000)}` }], tools: [{ name: 'x', input_schema: {} }] });
  const request = http.request({ host: '127.0.0.1', port: gateway.port, method: 'POST', path: '/v1/messages', agent: many, headers: { 'anthropic-version': '1', 'x-hold': '1', 'x-session-id': `many-${i}` } }, (response) => { response.resume(); response.on('error', () => {}); });
  request.on('error', () => {});
  request.end(body);
  begun.push(request);
  if (i % 25 === 24) await wait(50);
}
for (let i = 0; i < 600 && open.size < streams; i += 1) await wait(100);
console.log(`${open.size} streams open, bodies of 50 kB: the gateway has ${memory().toFixed(0)} MB resident (${before.toFixed(0)} before)`);
for (const request of begun) request.destroy();

await gateway.stop('SIGKILL');
await fovead.stop('SIGKILL');
provider.closeAllConnections();
provider.close();
place.remove();
process.exit(0);
