// Untouched means untouched: mutated requests go out, and their answers come back, byte for byte; where one was
// compressed, it is valid whenever the agent's own was, and the provider's error is the agent's.
//
//   FOVEA_BIN=build/dev/bin FOVEA_MUTATIONS=10000 FOVEA_SEED=1 node --test tests/gateway/mutate_test.mjs
import test, { before, after } from 'node:test';
import assert from 'node:assert/strict';
import http from 'node:http';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { checkers } from './provider_rules.mjs';
import { wireOf } from './provider.mjs';
import { Agent } from './agent.mjs';
import { ask, folder, startFovead, startGateway } from './harness.mjs';

const count = Number(process.env.FOVEA_MUTATIONS ?? 120);
let seed = Number(process.env.FOVEA_SEED ?? 1);
const random = (below) => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return Math.floor((seed / 2 ** 32) * below);
};
const pick = (list) => list[random(list.length)];

// Raw JSON values that a parser may stumble over.
const odd = ['1e999', '-0', '123456789012345678901234567890', '0.1000000000000000055511151231257827', '1E+2', '"\\ud800"', '"\\u0000"', '""', 'null', '{}', '[]', '[[[[]]]]', 'true',
  '"\u202e"', '{"a":1,"a":2}', `"${'x'.repeat(70000)}"`, '[1,2,', '{"a":', 'NaN', '01', '"\t"', `${'['.repeat(600)}${']'.repeat(600)}`];

const mutations = {
  nothing: (text) => text,
  spaces: (text) => text.replace(/^\{/, '{ \n\t ').replace(/\}$/, ' \r\n}'),
  unknownField: (text) => text.replace(/^\{/, `{"x_unknown_${random(100)}":${pick(odd)},`),
  lastField: (text) => text.replace(/\}$/, `,"zz":${pick(odd)}}`),
  duplicateKey: (text) => text.replace(/^\{/, '{"model":"other",'),
  duplicateMessages: (text) => text.replace(/\}$/, ',"messages":[],"input":[],"contents":[]}'),
  deepField: (text) => {
    const places = [...text.matchAll(/\{"(?=[a-z_]+":)/g)];
    const place = pick(places).index;
    return `${text.slice(0, place)}{"mutated":${pick(odd)},${text.slice(place + 1)}`;
  },
  value: (text) => {
    const places = [...text.matchAll(/":("[^"\\]{0,200}"|\d+|true|false|null)(?=[,}])/g)];
    if (!places.length) return text;
    const place = pick(places);
    return `${text.slice(0, place.index + 2)}${pick(odd)}${text.slice(place.index + place[0].length)}`;
  },
  order: (text) => { try { const json = JSON.parse(text); return JSON.stringify(Object.fromEntries(Object.entries(json).reverse())); } catch { return text; } },
  escapedKey: (text) => text.replace('"messages"', '"m\\u0065ssages"').replace('"input"', '"inpu\\u0074"').replace('"contents"', '"content\\u0073"'),
  cut: (text) => text.slice(0, random(text.length)),
  doubled: (text) => text + text,
  byteOrderMark: (text) => `\ufeff${text}`,
  dropItem: (text) => change(text, (items) => items.splice(random(items.length), 1)),
  swapItems: (text) => change(text, (items) => items.push(items.shift())),
  repeatItem: (text) => change(text, (items) => items.splice(random(items.length), 0, items[random(items.length)])),
  oddItem: (text) => change(text, (items) => items.splice(random(items.length), 0, pick([null, 1, 'text', [], {}, { role: 'user' }, { role: 'system', content: 'x' }, { type: 'unheard_of', id: 'a' }, { role: 'user', content: [{ type: 'document', source: { type: 'text', data: 'x', media_type: 'text/plain' } }] }]))),
  tail: (text) => change(text, (items) => items.splice(random(items.length))),
};
function change(text, how) {
  let json;
  try { json = JSON.parse(text); } catch { return text; }
  const items = json.messages ?? json.input ?? json.contents;
  if (!Array.isArray(items) || !items.length) return text;
  how(items);
  return JSON.stringify(json);
}
// Of bytes, behind those of text.
function damage(bytes) {
  if (random(6)) return bytes;
  const copy = Buffer.from(bytes);
  for (let i = 0; i < 1 + random(4) && copy.length; i += 1) copy[random(copy.length)] = pick([0xff, 0xc0, 0x80, 0x00, 0xed, 0x22, 0x5c, 0x7b]);
  return copy;
}

// What a request is answered with depends on its bytes alone, so that the same request gets the same answer.
function answerTo(raw, wire, valid) {
  const digest = createHash('sha256').update(raw).digest();
  if (!valid) return { status: 400, headers: ['content-type', 'application/json', 'request-id', digest.toString('hex').slice(0, 8)], body: Buffer.from(`{"error":"${digest.toString('hex')}"}`) };
  const kind = digest[0] % 8;
  const junk = Buffer.concat(Array.from({ length: 1 + (digest[1] % 5) }, (_, i) => createHash('sha512').update(raw).update(`${i}`).digest()));
  if (kind === 0) return { status: 429, headers: ['content-type', 'application/json', 'Retry-After', '7'], body: junk };
  if (kind === 1) return { status: 529, headers: ['content-type', 'application/json'], body: Buffer.from('{"type":"error"}') };
  if (kind === 2) return { status: 200, headers: ['content-type', 'text/event-stream'], body: Buffer.concat([Buffer.from('event: x\r\ndata: '), junk, Buffer.from('\r\n\r\n: ping\n\ndata: {"type":"message_stop"')]) };
  if (kind === 3) return { status: 200, headers: ['content-type', 'application/json', 'content-encoding', 'gzip', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2'], body: junk };
  if (kind === 4) return { status: 204, headers: ['x-empty', ''], body: Buffer.alloc(0) };
  return { status: 200, headers: ['content-type', 'application/json', 'X-Odd', 'caf\u00e9'], body: Buffer.from('{"id":"1","usage":{"input_tokens":-1e400}}') };
}

let place, fovead, upstream, gateway;
const arrived = [];
before(async () => {
  place = folder();
  fovead = await startFovead(place);
  upstream = http.createServer(async (request, response) => {
    const chunks = [];
    try { for await (const chunk of request) chunks.push(chunk); } catch { return; }
    const raw = Buffer.concat(chunks);
    const wire = wireOf(request.url.split('?')[0]);
    let faults;
    try { faults = wire ? checkers[wire](JSON.parse(raw.toString()), request) : []; } catch (error) { faults = [error.message]; }
    arrived.push({ raw, url: request.url, rawHeaders: request.rawHeaders, faults });
    const answer = answerTo(raw, wire, faults.length === 0);
    response.writeHead(answer.status, answer.headers);
    response.end(answer.body);
  });
  await new Promise((resolve) => upstream.listen(0, '127.0.0.1', resolve));
});
after(async () => {
  await gateway?.stop();  // one that a failed test has left
  await fovead?.stop();
  upstream?.close();
  upstream?.closeAllConnections();
  place?.remove();
});

// Requests of each wire, small and large; real ones where they are at hand.
function originals() {
  const list = [];
  for (const wire of ['anthropic', 'chat', 'responses', 'gemini']) {
    const agent = new Agent(wire, 0, { key: `mutate-${wire}` });
    for (let turns = 0; turns < 14; turns += 1) {
      agent.history.push(agent.wire.user(`Question ${turns} "quoted" \u00e9\u4e2d\u{1f600} ${'word '.repeat(turns * 150)}`));
      const path = typeof agent.wire.path === 'function' ? agent.wire.path(agent) : agent.wire.path;
      list.push({ path, headers: agent.wire.headers, body: JSON.stringify(agent.wire.body(agent)) });
      agent.history.push(wire === 'gemini' ? { role: 'model', parts: [{ text: `Answer ${turns}.` }] } : wire === 'responses' ? { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: `Answer ${turns}.` }] } : { role: 'assistant', content: [{ type: 'text', text: `Answer ${turns}.` }] });
    }
  }
  const folderOf = process.env.FOVEA_RECORDINGS ?? new URL('../../../shared/data/recordings', import.meta.url).pathname;
  for (const name of ['claude', 'codex', 'pi', 'pi_anthropic', 'pi_responses']) {
    if (!existsSync(`${folderOf}/${name}.jsonl.gz`)) continue;
    for (const line of gunzipSync(readFileSync(`${folderOf}/${name}.jsonl.gz`)).toString().trim().split('\n').filter((_, i) => i % 4 === 1)) {
      const request = JSON.parse(line);
      const headers = {};
      for (let i = 0; i < request.raw_headers.length; i += 2) if (!/^(host|content-length|connection|transfer-encoding)$/i.test(request.raw_headers[i])) headers[request.raw_headers[i]] = request.raw_headers[i + 1];
      if (request.method === 'POST') list.push({ path: request.path, headers, body: request.body });
    }
  }
  return list;
}

const own = /^(host|content-length|connection|transfer-encoding)$/i;
const fieldsOf = (raw) => raw.flatMap((value, i) => (i % 2 === 0 && !own.test(value) && !/^x-fovea-/i.test(value) ? [`${value}: ${raw[i + 1]}`] : [])).sort();

for (const [name, flags] of [['as it comes', []], ['forced', ['--force', '--budget', '4000', '--reader', 'claude']]]) {
  test(`${name}: ${count / 2} mutated requests`, async () => {
    gateway = await startGateway(place, `http://127.0.0.1:${upstream.address().port}`, ['--database', `${place.path}/${name.length}.db`, '--min-tokens', '500', '--log-level', 'warning', ...flags]);
    const list = originals();
    const actions = {};
    const connection = new http.Agent({ keepAlive: true, maxSockets: 1 });
    for (let i = 0; i < count / 2; i += 1) {
      const original = pick(list);
      const kind = pick(Object.keys(mutations));
      const body = damage(Buffer.from(mutations[kind](original.body)));
      const headers = { ...original.headers, 'X-Mutated': `${i}`, ...(random(4) ? {} : { 'x-fovea-bypass': '1' }), ...(random(3) ? {} : { 'Transfer-Encoding': 'chunked' }) };
      const from = arrived.length;
      const answer = await ask(gateway.port, { path: original.path, headers, body, agent: connection });
      const what = `${kind} of ${original.path}, number ${i}: ${answer.headers['x-fovea-action']} ${answer.headers['x-fovea-reason']}`;
      const sent = arrived.slice(from);
      assert.ok(sent.length >= 1 && answer.complete, `${what}: nothing went out: ${answer.status} ${answer.body.toString().slice(0, 200)}`);
      const action = answer.headers['x-fovea-action'];
      actions[action] = (actions[action] ?? 0) + 1;
      const last = sent.at(-1);
      assert.equal(last.url, original.path, what);
      // Over the budget for now, the last pages and the new turns go out: that body is the gateway's own, too.
      const composed = action === 'compressed' || /the last served pages|cut to the window/.test(answer.headers['x-fovea-reason']);
      if (!composed) {
        assert.ok(last.raw.equals(body), `${what}: it went out otherwise`);
        const wanted = Object.entries(headers).flatMap(([key, value]) => (own.test(key) || /^x-fovea-bypass$/i.test(key) ? [] : [`${key}: ${value}`])).sort();
        assert.deepEqual(fieldsOf(last.rawHeaders), wanted, what);
      } else {
        assert.deepEqual(last.faults, [], `${what}: what was compressed is refused`);
      }
      const right = answerTo(last.raw, wireOf(original.path.split('?')[0]), last.faults.length === 0);
      assert.equal(answer.status, right.status, what);
      assert.ok(answer.body.equals(right.body), `${what}: the answer came back otherwise`);
      const fields = right.headers.flatMap((value, n) => (n % 2 ? [] : [`${value}: ${right.headers[n + 1]}`]));
      assert.deepEqual(fieldsOf(answer.rawHeaders).filter((line) => !/^(date|keep-alive):/i.test(line)), fields.sort(), what);
    }
    connection.destroy();
    console.log(`${name}: ${JSON.stringify(actions)}`);
    assert.ok(actions.passed > 0 && actions.bypassed > 0);
    if (name === 'forced') assert.ok(actions.compressed > 0, 'some were compressed');
    await gateway.stop();
    gateway = undefined;
  });
}
