// Sends payloads through the vendors' SDKs to a server on this machine, and checks that what arrives is
// what was given. Usage: round_trip.mjs PAYLOADS NODE_MODULES
import assert from 'node:assert/strict';
import {readFileSync, readdirSync} from 'node:fs';
import {createServer} from 'node:http';
import {createRequire} from 'node:module';
import {join, resolve} from 'node:path';

const [payloads, nodeModules] = process.argv.slice(2).map((path) => resolve(path));
const require = createRequire(join(nodeModules, 'x.js'));
const OpenAI = require('openai').default;
const Anthropic = require('@anthropic-ai/sdk').default;
const {GoogleGenAI} = require('@google/genai');

// Answers enough for each SDK to be content, and keeps the body of the last request.
let received;
const answers = [
  [/chat\/completions$/, {id: 'x', object: 'chat.completion', created: 0, model: 'm', choices: []}],
  [/\/responses$/, {id: 'x', object: 'response', created_at: 0, model: 'm', output: []}],
  [/\/messages$/, {id: 'x', type: 'message', role: 'assistant', model: 'm', content: [],
                   stop_reason: 'end_turn', usage: {input_tokens: 0, output_tokens: 0}}],
  [/:generateContent$/, {candidates: []}],
];
const server = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    received = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    const answer = answers.find(([path]) => path.test(request.url.split('?')[0]));
    response.writeHead(answer ? 200 : 404, {'content-type': 'application/json'});
    response.end(JSON.stringify(answer ? answer[1] : {}));
  });
});
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
const base = `http://127.0.0.1:${server.address().port}`;

const openai = new OpenAI({apiKey: 'none', baseURL: `${base}/v1`, maxRetries: 0});
const anthropic = new Anthropic({apiKey: 'none', baseURL: base, maxRetries: 0});
const gemini = new GoogleGenAI({apiKey: 'none', httpOptions: {baseUrl: base}});

// vLLM and DeepSeek are used through OpenAI's SDK, as their documents say.
const chat = ({messages}, tools) => openai.chat.completions.create({model: 'm', messages, tools});
const send = {
  'openai-chat': chat,
  vllm: chat,
  deepseek: chat,
  'openai-responses': ({input}, tools) => openai.responses.create({model: 'm', input, tools}),
  anthropic: (payload, tools) =>
    anthropic.messages.create({model: 'm', max_tokens: 1, tools, ...payload}),
  gemini: ({contents, systemInstruction}, tools) =>
    gemini.models.generateContent({model: 'm', contents, config: {systemInstruction, tools}}),
};

let checked = 0;
const sent = new Set();
for (const file of readdirSync(payloads).filter((name) => name.endsWith('.json')).sort()) {
  const format = file.replace(/-[a-z]+[0-9]*\.json$/, '');
  const given = JSON.parse(readFileSync(join(payloads, file), 'utf8'));
  received = undefined;
  // The SDK gets a copy: it must not alter what is compared.
  const copy = structuredClone(given);
  await send[format](copy.payload, copy.tools);
  for (const [field, value] of Object.entries({...given.payload, tools: given.tools})) {
    assert.deepStrictEqual(received[field], value, `${file}: ${field} arrives changed`);
  }
  sent.add(format);
  ++checked;
}
server.close();
assert.deepStrictEqual([...sent].sort(), Object.keys(send).sort(), 'a format has no payload');
console.log(`${checked} payloads of ${sent.size} formats arrive as they were given`);
process.exit(0);
