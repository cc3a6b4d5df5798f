// Renders the payloads of readers whose chat templates want roles in turn with those templates, as vLLM does.
// Usage: chat_templates.mjs PAYLOADS NODE_MODULES TEMPLATES
import {readFileSync, readdirSync} from 'node:fs';
import {createRequire} from 'node:module';
import {join, resolve} from 'node:path';

const [payloads, nodeModules, templates] = process.argv.slice(2).map((path) => resolve(path));
const {Template} = createRequire(join(nodeModules, 'x.js'))('@huggingface/jinja');

// Those that know calls and results, and those that raise an error for the role of a tool.
const withTools = ['mistral_v2v3', 'mistral_v3_tekken'];
const withoutTools = ['gemma3', 'gemma3n', 'mistral_v1', 'mistral_v7_tekken', 'pixtral'];

// What vLLM gives to a template: arguments parsed, pictures as {"type": "image"}.
function asVllm(message) {
  const copy = structuredClone(message);
  copy.content ??= '';
  if (Array.isArray(copy.content)) {
    copy.content = copy.content.map((part) => (part.type === 'image_url' ? {type: 'image'} : part));
  }
  for (const call of copy.tool_calls ?? []) call.function.arguments = JSON.parse(call.function.arguments);
  return copy;
}

function render(name, messages) {
  const template = new Template(readFileSync(join(templates, `${name}.jinja`), 'utf8'));
  return template.render({messages: messages.map(asVllm), bos_token: '<s>', eos_token: '</s>',
                          add_generation_prompt: true});
}

let rendered = 0;
const files = readdirSync(join(payloads, 'templates')).sort();
for (const file of files) {
  const {messages} = JSON.parse(readFileSync(join(payloads, 'templates', file), 'utf8'));
  for (const name of file.startsWith('plain') ? [...withTools, ...withoutTools] : withTools) {
    let prompt;
    try {
      prompt = render(name, messages);
    } catch (error) {
      console.error(`${file} with ${name}: ${error.message}\n${messages.map((m) => m.role).join(' ')}`);
      process.exit(1);
    }
    for (const message of messages) {
      if (message.role !== 'user' || typeof message.content !== 'string') continue;
      // Templates trim and join; the words must all be there.
      const word = message.content.match(/mark\d+k/)?.[0];
      if (word && !prompt.includes(word)) throw new Error(`${file} with ${name} lost ${word}`);
    }
    ++rendered;
  }
}
// That they notice: two messages of the user's in a row.
for (const name of ['gemma3', 'mistral_v2v3', 'pixtral']) {
  const twice = [{role: 'user', content: 'a'}, {role: 'user', content: 'b'}];
  let noticed = false;
  try {
    render(name, twice);
  } catch {
    noticed = true;
  }
  if (!noticed) throw new Error(`${name} takes two messages of one role`);
}
console.log(`${rendered} payloads pass ${withTools.length + withoutTools.length} chat templates`);
