// Writes each format's rich payload as TypeScript literals of the SDK's own types, and runs tsc on them.
// Each comes with a spoilt copy that must not pass: types that turned into `any` would let it.
// Usage: check_types.mjs PAYLOADS NODE_MODULES
import {spawnSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';

const [payloads, nodeModules] = process.argv.slice(2).map((path) => resolve(path));

const chatTypes = `
import type OpenAI from 'openai';
type Chat = OpenAI.Chat.Completions.ChatCompletionMessageParam;
type User = OpenAI.Chat.Completions.ChatCompletionUserMessageParam;
type Assistant = OpenAI.Chat.Completions.ChatCompletionAssistantMessageParam;
type Part = OpenAI.Chat.Completions.ChatCompletionContentPart;
type ImagePart = OpenAI.Chat.Completions.ChatCompletionContentPartImage;
type Tools = OpenAI.Chat.Completions.ChatCompletionTool[];
`;

// By format: the imports, and the types of the payload's fields.
const formats = {
  'openai-chat': {head: chatTypes, fields: {messages: 'Chat[]'}, tools: 'Tools'},
  // What vLLM and DeepSeek add to OpenAI's types.
  vllm: {
    head: `${chatTypes}
type VllmUser = Omit<User, 'content'> & {content: string | (Part | ImagePart & {uuid?: string})[]};
`,
    fields: {messages: '(Exclude<Chat, User> | VllmUser)[]'},
    tools: 'Tools',
  },
  deepseek: {
    head: `${chatTypes}
type DeepSeekAssistant = Assistant & {reasoning_content: string};
`,
    fields: {messages: '(Exclude<Chat, Assistant> | DeepSeekAssistant)[]'},
    tools: 'Tools',
  },
  'openai-responses': {
    head: `import type OpenAI from 'openai';`,
    fields: {input: 'OpenAI.Responses.ResponseInputItem[]'},
    tools: 'OpenAI.Responses.Tool[]',
  },
  anthropic: {
    head: `import type Anthropic from '@anthropic-ai/sdk';`,
    fields: {system: 'Anthropic.TextBlockParam[]', messages: 'Anthropic.MessageParam[]'},
    tools: 'Anthropic.Tool[]',
  },
  gemini: {
    // On the wire an enum is its text.
    head: `import type {Content, Tool} from '@google/genai';
type Wire<T> = T extends string ? \`\${T}\` : T extends object ? {[K in keyof T]: Wire<T[K]>} : T;
`,
    fields: {systemInstruction: 'Wire<Content>', contents: 'Wire<Content[]>'},
    tools: 'Wire<Tool[]>',
  },
};

function source(name, {head, fields, tools}) {
  const given = JSON.parse(readFileSync(join(payloads, `${name}-rich.json`), 'utf8'));
  const parts = [head];
  for (const [field, type] of Object.entries({...fields, tools})) {
    const value = field === 'tools' ? given.tools : given.payload[field];
    parts.push(`export const ${field}: ${type} = ${JSON.stringify(value, null, 1)};`);
    const spoilt = Array.isArray(value) ? [{unheard_of: 1}] : {unheard_of: 1};
    parts.push(`// @ts-expect-error\nexport const no_${field}: ${type} = ${JSON.stringify(spoilt)};`);
  }
  return parts.join('\n');
}

const folder = mkdtempSync(join(tmpdir(), 'fovea-types-'));
try {
  symlinkSync(nodeModules, join(folder, 'node_modules'));
  writeFileSync(join(folder, 'package.json'), '{"type": "module"}');
  const options = {strict: true, noEmit: true, skipLibCheck: true, target: 'es2022',
                   module: 'nodenext', types: [], lib: ['es2022', 'dom', 'dom.iterable']};
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({compilerOptions: options}));
  for (const [name, format] of Object.entries(formats)) {
    writeFileSync(join(folder, `${name}.ts`), source(name, format));
  }
  const tsc = join(nodeModules, 'typescript', 'bin', 'tsc');
  const run = spawnSync(process.execPath, [tsc, '--noEmit', '-p', folder],
                        {stdio: 'inherit', cwd: folder});
  if (run.status !== 0) process.exit(1);
  console.log(`tsc accepts ${Object.keys(formats).length} payloads as the SDKs' types`);
} finally {
  rmSync(folder, {recursive: true, force: true});
}
