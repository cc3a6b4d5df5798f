// The providers' prompt caches, played: a request as a list of blocks in the order in which it is hashed, and what of it
// was there before. Anthropic: marks, four at most, each looks back over 20 blocks; five minutes, an hour where asked;
// nothing below 1,024 tokens. OpenAI and Gemini: the longest common prefix, in steps of 128 tokens.
import { createHash } from 'node:crypto';
import { pngSize } from './provider_rules.mjs';

// About a real tokenizer's count: four bytes a token, and an indentation is one, however deep.
export const tokensOf = (text) => Math.ceil(Buffer.byteLength(text.replace(/[ \t]{4,}/g, '    ')) / 4);

function imageTokens(data) {
  const size = pngSize(data);
  return size ? Math.ceil(size.width / 28) * Math.ceil(size.height / 28) : 1500;
}

// Names and numbers of the envelope are not billed; what is said, called and answered is.
const envelope = new Set(['id', 'type', 'status', 'role', 'call_id', 'tool_call_id', 'tool_use_id', 'signature', 'thoughtSignature', 'encrypted_content', 'cache_control', 'media_type', 'mimeType', 'detail']);
const perBlock = 4;

function leaves(value) {
  if (typeof value === 'string') return tokensOf(value);
  if (Array.isArray(value)) return value.reduce((sum, item) => sum + leaves(item), 0);
  if (value === null || typeof value !== 'object') return 1;
  return Object.entries(value).reduce((sum, [key, item]) => sum + (envelope.has(key) ? 0 : tokensOf(key) + leaves(item)), 0);
}

// A block's text without its mark and without pictures; pictures count by their size.
function block(json, role) {
  let pictures = 0;
  const text = JSON.stringify(json, (key, value) => {
    if (key === 'cache_control') return undefined;
    if (typeof value === 'string' && value.length > 1000 && (key === 'data' || value.startsWith('data:image'))) {
      pictures += imageTokens(value.slice(value.indexOf(',') + 1));
      return createHash('sha256').update(value).digest('hex');
    }
    return value;
  });
  return { text, tokens: perBlock + (pictures || leaves(json)), mark: json?.cache_control, role };
}

// A message as the parts that it is billed and cached by.
function itemBlocks(item) {
  const list = item.content ?? item.parts;
  if (typeof list === 'string') return [block({ type: 'text', text: list }, item.role), ...(item.tool_calls ?? []).map((call) => block(call, item.role))];
  if (!Array.isArray(list)) return [...(item.tool_calls ?? [item])].map((part) => block(part, item.role));
  return [...list, ...(item.tool_calls ?? [])].map((part) => block(part, item.role));
}

export function blocksOf(wire, body) {
  const blocks = [];
  for (const tool of body.tools ?? []) blocks.push(block(tool));
  const system = body.system ?? body.instructions ?? body.systemInstruction ?? body.system_instruction;
  for (const part of Array.isArray(system) ? system : system ? [system] : []) blocks.push(block(part));
  const input = typeof body.input === 'string' ? [{ role: 'user', content: body.input }] : body.input;
  for (const item of body.messages ?? input ?? body.contents ?? []) blocks.push(...itemBlocks(item));
  return blocks;
}

export class PromptCache {
  constructor() { this.entries = new Map(); }

  charge(wire, body, blocks, now) {
    const total = blocks.reduce((sum, b) => sum + b.tokens, 0);
    let hash = createHash('sha256').update(`${wire}\n${body.model}`).digest('hex');
    const hashes = [];
    const sums = [];
    let sum = 0;
    for (const b of blocks) {
      hash = createHash('sha256').update(hash).update(b.role ?? '').update(b.text).digest('hex');
      hashes.push(hash);
      sums.push(sum += b.tokens);
    }
    const alive = (h) => (this.entries.get(h) ?? 0) > now;
    if (wire !== 'anthropic') {
      let cached = 0;
      for (let i = 0; i < blocks.length; i++) if (alive(hashes[i])) cached = sums[i];
      for (const h of hashes) this.entries.set(h, now + 600000);
      cached = cached < 1024 ? 0 : cached - (cached % 128);
      return { total, cached, written: 0, input: total - cached, hashes };
    }
    const marks = blocks.flatMap((b, i) => (b.mark ? [i] : []));
    let read = -1;
    for (const at of marks) for (let i = at; i >= 0 && i > at - 20; i--) if (alive(hashes[i])) { read = Math.max(read, i); break; }
    const cached = read < 0 ? 0 : sums[read];
    let written = 0;
    for (const at of marks) {
      if (sums[at] < 1024) continue;
      const life = blocks[at].mark.ttl === '1h' ? 3600000 : 300000;
      written = Math.max(written, sums[at] - cached);
      this.entries.set(hashes[at], now + life);
    }
    if (read >= 0) this.entries.set(hashes[read], Math.max(this.entries.get(hashes[read]), now + 300000));
    return { total, cached, written: Math.max(0, written), input: total - cached - Math.max(0, written), hashes };
  }
}
