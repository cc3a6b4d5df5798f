// A scripted model server, strict: one for each wire. It refuses what the providers' documents forbid, plays
// Anthropic's and OpenAI's prompt caches, streams in odd pieces, and fails when it is told to.
//
//   node provider.mjs [--port N] [--script FILE]     prints {"port": N}
//
// A script is JSON: a list of answers, taken one a model call, by the number of the assistant's turn that is asked
// for; the last stays. {"text"?, "thinking"?, "tools"?: [{"name", "input"}], "fail"?: {"status", "times"}}.
// A tool's name may be a list: the first that the request offers is called, so that one script fits many agents.
import http from 'node:http';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { createHash } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { checkers } from './provider_rules.mjs';
import { PromptCache, blocksOf, tokensOf } from './provider_cache.mjs';
import { writers } from './provider_answers.mjs';

const sha = (text) => createHash('sha256').update(text).digest('hex');

export function wireOf(path) {
  if (/\/messages$/.test(path)) return 'anthropic';
  if (/\/responses$/.test(path)) return 'responses';
  if (/\/chat\/completions$/.test(path)) return 'chat';
  if (/:(stream)?[gG]enerateContent$/.test(path)) return 'gemini';
  return '';
}

const errorBodies = {
  anthropic: (status, message) => ({ type: 'error', error: { type: status === 529 ? 'overloaded_error' : status === 429 ? 'rate_limit_error' : status >= 500 ? 'api_error' : 'invalid_request_error', message }, request_id: 'req_1' }),
  responses: (status, message) => ({ error: { message, type: status >= 500 ? 'server_error' : 'invalid_request_error', param: null, code: null } }),
  gemini: (status, message) => ({ error: { code: status, message, status: 'INVALID_ARGUMENT' } }),
};
errorBodies.chat = errorBodies.responses;

// Where the conversation stands: which of the script's answers is asked for.
function stepOf(wire, body) {
  const items = body.messages ?? body.input ?? body.contents ?? [];
  const list = typeof items === 'string' ? [] : items;
  let steps = 0;
  let inside = false;
  for (const item of list) {
    const mine = item.role === 'assistant' || item.role === 'model' || /^(reasoning|function_call|custom_tool_call)$/.test(item.type ?? '');
    if (mine && !inside) steps += 1;
    inside = mine;
  }
  return steps;
}

export class Provider {
  constructor({ script = [{ text: 'Done.' }], pieces = 37, delay = 0, window = 0 } = {}) {
    Object.assign(this, { script, pieces, delay, window });
    this.requests = [];   // {method, path, headers, raw, body, wire, status, usage}
    this.refused = [];    // what broke a rule
    this.calls = 0;
    this.failing = [];    // {status, times, headers?, breakOff?}: the next answers
    this.cache = new PromptCache();
    this.stepBy = 'call'; // or 'history'
    this.server = http.createServer((request, response) => this.#serve(request, response));
    this.server.keepAliveTimeout = 60000;
  }

  async listen(port = 0) {
    await new Promise((resolve) => this.server.listen(port, '127.0.0.1', resolve));
    this.port = this.server.address().port;
    this.url = `http://127.0.0.1:${this.port}`;
    return this;
  }

  async close() {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  async #serve(request, response) {
    const chunks = [];
    try {
      for await (const chunk of request) chunks.push(chunk);
    } catch {
      return; // who asked is gone
    }
    const raw = Buffer.concat(chunks);
    const path = request.url.split('?')[0];
    const wire = request.method === 'POST' ? wireOf(path) : '';
    const entry = { method: request.method, url: request.url, path, headers: request.headers, rawHeaders: request.rawHeaders, raw, wire, aborted: false };
    this.requests.push(entry);
    // Long lives keep what was counted, not what was said.
    const old = this.keep ? this.requests.at(-1 - this.keep) : undefined;
    if (old) Object.assign(old, { raw: null, body: null, rawHeaders: null });
    response.on('close', () => { if (!response.writableFinished) entry.aborted = true; });
    if (!wire) return this.#other(entry, response);
    try {
      const text = request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw;
      entry.body = JSON.parse(text.toString('utf8'));
    } catch (error) {
      return this.#fail(entry, response, 400, `not JSON: ${error.message}`);
    }
    const failure = this.failing[0];
    if (failure) {
      if (--failure.times <= 0) this.failing.shift();
      if (!failure.breakOff) return this.#fail(entry, response, failure.status, failure.message ?? 'Overloaded', failure.headers);
      entry.breakOff = true;
    }
    const wrong = checkers[wire](entry.body, request);
    if (wrong.length) {
      this.refused.push({ wire, wrong, number: this.requests.length });
      return this.#fail(entry, response, 400, wrong.join('; '));
    }
    const blocks = blocksOf(wire, entry.body);
    const tokens = blocks.reduce((sum, block) => sum + block.tokens, 0);
    if (this.window && tokens > this.window) return this.#fail(entry, response, 400, `prompt is too long: ${tokens} tokens > ${this.window} maximum`);
    const step = this.stepBy === 'history' ? stepOf(wire, entry.body) : this.calls;
    this.calls += 1;
    const answer = this.answerOf(step, entry.body, wire);
    entry.usage = this.cache.charge(wire, entry.body, blocks, this.now?.() ?? Date.now());
    entry.usage.output_tokens = 10 + tokensOf(answer.text ?? '') + (answer.tools ?? []).length * 20;
    entry.answer = answer;
    entry.status = 200;
    const stream = wire === 'gemini' ? /streamGenerateContent/.test(request.url) : entry.body.stream === true;
    const { type, bytes } = writers[wire]({ answer, body: entry.body, usage: entry.usage, stream, number: this.requests.length });
    response.writeHead(200, { 'content-type': type, 'x-request-id': `req_${this.requests.length}`, ...(stream ? {} : { 'content-length': bytes.length }) });
    await this.#write(entry, response, bytes, stream);
  }

  answerOf(step, body, wire) {
    const answer = typeof this.script === 'function' ? this.script(step, body, wire) : this.script[Math.min(step, this.script.length - 1)];
    const offered = new Set((wire === 'gemini' ? (body.tools ?? []).flatMap((t) => t.functionDeclarations ?? []) : body.tools ?? []).flatMap((t) => t.type === 'namespace' ? t.tools : [t]).map((t) => t.name ?? t.function?.name));
    const tools = (answer.tools ?? []).flatMap((tool, i) => {
      const names = [tool.name].flat();
      const name = names.find((n) => offered.has(n));
      if (!name) return [];
      const input = tool.inputs?.[name] ?? tool.input;
      return [{ id: `call_${step}_${i}`, name, namespace: tool.namespace, input }];
    });
    return { ...answer, tools };
  }

  // In pieces of an odd length, so that no event ends where a piece does.
  async #write(entry, response, bytes, stream) {
    if (!stream) return response.end(bytes);
    const size = this.pieces || bytes.length;
    for (let at = 0; at < bytes.length; at += size) {
      if (response.destroyed) return;
      if (entry.breakOff && at > bytes.length / 2) return response.destroy();
      response.write(bytes.subarray(at, at + size));
      if (this.delay) await new Promise((resolve) => setTimeout(resolve, this.delay));
    }
    response.end();
  }

  #fail(entry, response, status, message, headers = {}) {
    entry.status = status;
    const bytes = Buffer.from(JSON.stringify((errorBodies[entry.wire] ?? errorBodies.chat)(status, message)));
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': bytes.length, ...headers });
    response.end(bytes);
  }

  #other(entry, response) {
    entry.status = 200;
    if (entry.path.endsWith('/count_tokens')) return response.writeHead(200, { 'content-type': 'application/json' }).end('{"input_tokens":7}');
    if (entry.path.endsWith('/models')) return response.writeHead(200, { 'content-type': 'application/json' }).end('{"object":"list","data":[],"has_more":false}');
    if (entry.path.endsWith('/redirect')) return response.writeHead(302, { location: `${this.url}/elsewhere` }).end();
    if (entry.path.endsWith('/echo')) return response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(entry.raw);
    response.writeHead(entry.method === 'HEAD' ? 404 : 404, { 'content-type': 'application/json' }).end('{"error":{"message":"not found"}}');
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const option = (name) => { const at = process.argv.indexOf(`--${name}`); return at < 0 ? undefined : process.argv[at + 1]; };
  const script = option('script') ? JSON.parse(readFileSync(option('script'), 'utf8')) : undefined;
  const provider = await new Provider({ script }).listen(Number(option('port') ?? 0));
  console.log(JSON.stringify({ port: provider.port }));
}
export { sha };
