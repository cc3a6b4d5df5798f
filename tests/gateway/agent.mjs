// A small agent: keeps its history as agents do, sends all of it each time, calls the tools that the model asks for.
// Its wires are written from the providers' documents and share nothing with the gateway.
import { ask } from './harness.mjs';

const events = (bytes) => bytes.toString().split(/\r?\n\r?\n/).flatMap((event) => {
  const data = event.split(/\r?\n/).filter((line) => line.startsWith('data:')).map((line) => line.slice(5).trim()).join('\n');
  return data && data !== '[DONE]' ? [JSON.parse(data)] : [];
});

const usualTools = { read: { type: 'object', properties: { path: { type: 'string' } } }, bash: { type: 'object', properties: { command: { type: 'string' } } } };

const wires = {
  anthropic: {
    kind: 'anthropic',
    path: '/v1/messages?beta=true',
    headers: { 'anthropic-version': '2023-06-01', 'x-api-key': 'sk-test' },
    body: (agent) => {
      const messages = structuredClone(agent.history);
      const last = messages.at(-1).content;
      last.at(-1).cache_control = { type: 'ephemeral' };
      return { model: agent.model, max_tokens: 1000, system: [{ type: 'text', text: agent.system, cache_control: { type: 'ephemeral' } }], messages, tools: Object.entries(agent.tools).map(([name, input_schema]) => ({ name, input_schema })), stream: agent.stream, ...(agent.thinking ? { thinking: { type: 'enabled', budget_tokens: 1024 } } : {}) };
    },
    user: (text) => ({ role: 'user', content: [{ type: 'text', text }] }),
    read: (bytes) => {
      const content = [];
      let stop;
      let starts = 0;
      for (const e of events(bytes)) {
        if (e.type === 'message_start') starts += 1;
        if (e.type === 'content_block_start') { if (e.index !== content.length) throw new Error(`block ${e.index} is the ${content.length}th`); content.push({ ...e.content_block, json: '' }); }
        if (e.type === 'content_block_delta') {
          const block = content[e.index];
          if (e.delta.text) block.text += e.delta.text;
          if (e.delta.thinking) block.thinking += e.delta.thinking;
          if (e.delta.signature) block.signature += e.delta.signature;
          if (e.delta.partial_json) block.json += e.delta.partial_json;
        }
        if (e.type === 'message_delta') stop = e.delta.stop_reason;
        if (e.type === 'message_stop' && stop === undefined) throw new Error('no stop reason');
        if (e.type === 'error') throw new Error(e.error.message);
      }
      if (starts !== 1) throw new Error(`${starts} starts`);
      const blocks = content.map(({ json, ...block }) => (block.type === 'tool_use' ? { ...block, input: json ? JSON.parse(json) : {} } : block));
      return { items: [{ role: 'assistant', content: blocks }], stop, calls: blocks.filter((b) => b.type === 'tool_use').map((b) => ({ id: b.id, name: b.name, input: b.input })), text: blocks.filter((b) => b.type === 'text').map((b) => b.text).join('') };
    },
    results: (answers) => [{ role: 'user', content: answers.map(({ id, text }) => ({ type: 'tool_result', tool_use_id: id, content: text })) }],
  },
  chat: {
    kind: 'chat',
    path: '/v1/chat/completions',
    headers: { authorization: 'Bearer sk-test' },
    body: (agent) => ({ model: agent.model, messages: [{ role: 'system', content: agent.system }, ...agent.history], tools: Object.entries(agent.tools).map(([name, parameters]) => ({ type: 'function', function: { name, parameters } })), stream: agent.stream, ...(agent.stream ? { stream_options: { include_usage: true } } : {}) }),
    user: (text) => ({ role: 'user', content: text }),
    read: (bytes) => {
      const message = { role: 'assistant', content: '' };
      const calls = [];
      let stop;
      for (const e of events(bytes)) {
        const choice = e.choices[0];
        if (!choice) continue;
        message.content += choice.delta.content ?? '';
        for (const c of choice.delta.tool_calls ?? []) {
          calls[c.index] ??= { id: c.id, type: 'function', function: { name: c.function.name, arguments: '' } };
          calls[c.index].function.arguments += c.function.arguments ?? '';
        }
        if (choice.finish_reason) { if (stop) throw new Error('two ends'); stop = choice.finish_reason; }
      }
      if (calls.includes(undefined)) throw new Error('a call is missing');
      if (calls.length) message.tool_calls = calls;
      return { items: [message], stop, calls: calls.map((c) => ({ id: c.id, name: c.function.name, input: JSON.parse(c.function.arguments) })), text: message.content };
    },
    results: (answers) => answers.map(({ id, text }) => ({ role: 'tool', tool_call_id: id, content: text })),
  },
  responses: {
    kind: 'responses',
    path: '/v1/responses',
    headers: { authorization: 'Bearer sk-test' },
    body: (agent) => ({ model: agent.model, instructions: agent.system, input: agent.history, tools: Object.entries(agent.tools).map(([name, parameters]) => ({ type: 'function', name, parameters })), stream: agent.stream, store: false, include: ['reasoning.encrypted_content'], prompt_cache_key: agent.key }),
    user: (text) => ({ type: 'message', role: 'user', content: [{ type: 'input_text', text }] }),
    read: (bytes) => {
      const items = [];
      let whole;
      let number = -1;
      for (const e of events(bytes)) {
        if (e.sequence_number !== number + 1) throw new Error(`event ${e.sequence_number} behind ${number}`);
        number = e.sequence_number;
        if (e.type === 'response.output_item.added' && e.output_index !== items.length) throw new Error(`item ${e.output_index} is the ${items.length}th`);
        if (e.type === 'response.output_item.done') items[e.output_index] = e.item;
        if (e.type === 'response.completed') whole = e.response;
      }
      if (JSON.stringify(whole.output) !== JSON.stringify(items)) throw new Error('the response holds other items than came');
      return { items, stop: whole.status, calls: items.filter((i) => i.type === 'function_call').map((i) => ({ id: i.call_id, name: i.name, input: JSON.parse(i.arguments) })), text: items.filter((i) => i.type === 'message').map((i) => i.content[0].text).join('') };
    },
    results: (answers) => answers.map(({ id, text }) => ({ type: 'function_call_output', call_id: id, output: text })),
  },
  gemini: {
    kind: 'gemini',
    path: (agent) => `/v1beta/models/${agent.model}:${agent.stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
    headers: { 'x-goog-api-key': 'k' },
    body: (agent) => ({ systemInstruction: { parts: [{ text: agent.system }] }, contents: agent.history, tools: [{ functionDeclarations: Object.entries(agent.tools).map(([name, parameters]) => ({ name, parameters })) }] }),
    user: (text) => ({ role: 'user', parts: [{ text }] }),
    read: (bytes) => {
      const parts = events(bytes).flatMap((e) => e.candidates[0].content?.parts ?? []);
      const calls = parts.filter((p) => p.functionCall).map((p) => ({ id: p.functionCall.name, name: p.functionCall.name, input: p.functionCall.args }));
      return { items: [{ role: 'model', parts }], calls, stop: 'STOP', text: parts.filter((p) => p.text).map((p) => p.text).join('') };
    },
    results: (answers) => [{ role: 'user', parts: answers.map(({ id, text }) => ({ functionResponse: { name: id, response: { output: text } } })) }],
  },
};

// An answer that is not streamed.
function whole(kind, json) {
  if (kind === 'anthropic') return { items: [{ role: 'assistant', content: json.content }], stop: json.stop_reason, calls: json.content.filter((b) => b.type === 'tool_use').map((b) => ({ id: b.id, name: b.name, input: b.input })), text: json.content.filter((b) => b.type === 'text').map((b) => b.text).join('') };
  if (kind === 'chat') return { items: [json.choices[0].message], stop: json.choices[0].finish_reason, calls: (json.choices[0].message.tool_calls ?? []).map((c) => ({ id: c.id, name: c.function.name, input: JSON.parse(c.function.arguments) })), text: json.choices[0].message.content };
  if (kind === 'responses') return { items: json.output, stop: json.status, calls: json.output.filter((i) => i.type === 'function_call').map((i) => ({ id: i.call_id, name: i.name, input: JSON.parse(i.arguments) })), text: json.output.filter((i) => i.type === 'message').map((i) => i.content[0].text).join('') };
  const { parts } = json.candidates[0].content;
  return { items: [{ role: 'model', parts }], stop: json.candidates[0].finishReason, calls: parts.filter((p) => p.functionCall).map((p) => ({ id: p.functionCall.name, name: p.functionCall.name, input: p.functionCall.args })), text: parts.filter((p) => p.text).map((p) => p.text).join('') };
}

// A tool's output: different for each call, the same each time.
export function output(name, input, size = 3000) {
  const words = [];
  let seed = [...JSON.stringify([name, input])].reduce((sum, c) => (sum * 31 + c.charCodeAt(0)) >>> 0, 7);
  while (words.length * 7 < size) {
    seed = (seed * 1664525 + 1013904223) >>> 0;
    words.push((seed % 0xfffff).toString(36).padStart(4, 'x'), seed % 9 === 0 ? '\n' : '');
  }
  return words.join(' ');
}

export class Agent {
  constructor(wire, port, { model = 'claude-opus-4-8', system = 'You are an agent. '.repeat(40), prefix = '', headers = {}, thinking = false, size = 3000, key = 'k1', tools = usualTools, outputs, stream = true, coding } = {}) {
    Object.assign(this, { wire: wires[wire], port, model, system, prefix, headers, thinking, size, key, tools, outputs, stream, coding });
    this.history = [];
    this.answers = []; // {status, action, reason, session}
  }

  async send() {
    const path = typeof this.wire.path === 'function' ? this.wire.path(this) : this.wire.path;
    for (let attempt = 0; ; attempt += 1) {
      const answer = await ask(this.port, { path: this.prefix + path, headers: { 'content-type': 'application/json', ...(this.coding ? { 'content-encoding': this.coding.name } : {}), ...this.wire.headers, ...this.headers }, body: this.coding ? this.coding.encode(Buffer.from(JSON.stringify(this.wire.body(this)))) : JSON.stringify(this.wire.body(this)) });
      this.answers.push({ status: answer.status, action: answer.headers['x-fovea-action'], reason: answer.headers['x-fovea-reason'], session: answer.headers['x-fovea-session'] });
      if ([429, 500, 529].includes(answer.status) && attempt < 3) continue;
      if (answer.status !== 200) throw new Error(`${answer.status}: ${answer.body}`);
      if (!answer.complete) throw new Error('the answer broke off');
      return this.stream ? this.wire.read(answer.body) : whole(this.wire.kind, JSON.parse(answer.body));
    }
  }

  // A task: until the model calls no more tools, or `most` calls of it.
  async run(text, most = 100) {
    this.history.push(this.wire.user(text));
    for (let i = 0; i < most; i += 1) {
      const read = await this.send();
      for (const call of read.calls) if (!(call.name in this.tools)) throw new Error(`the agent has no tool ${call.name}`);
      this.history.push(...read.items);
      if (read.calls.length === 0) return read;
      this.history.push(...this.wire.results(read.calls.map((call) => ({ id: call.id, text: this.outputs?.(call) ?? output(call.name, call.input, this.size) }))));
    }
    return null;
  }
}
