// The providers' prompt caches, played: a request as a list of blocks in the order in which it is hashed, and what of it
// was there before. Anthropic: marks, four at most, each looks back over 20 blocks; five minutes, an hour where asked;
// nothing below 1,024 tokens. OpenAI and Gemini: the longest common prefix, in steps of 128 tokens.
import { createHash } from 'node:crypto';
import { pngSize } from './provider_rules.mjs';

export const tokensOf = (text) => Math.ceil(Buffer.byteLength(text) / 4);

function imageTokens(data) {
  const size = pngSize(data);
  return size ? Math.ceil(size.width / 28) * Math.ceil(size.height / 28) : 1500;
}

// A block's text without its mark and without pictures; pictures count by their size.
function block(json) {
  let pictures = 0;
  const text = JSON.stringify(json, (key, value) => {
    if (key === 'cache_control') return undefined;
    if (typeof value === 'string' && value.length > 1000 && (key === 'data' || value.startsWith('data:image'))) {
      pictures += imageTokens(value.slice(value.indexOf(',') + 1));
      return createHash('sha256').update(value).digest('hex');
    }
    return value;
  });
  return { text, tokens: tokensOf(text) + pictures, mark: json?.cache_control };
}

export function blocksOf(wire, body) {
  const blocks = [];
  for (const tool of body.tools ?? []) blocks.push(block(tool));
  const system = body.system ?? body.instructions ?? body.systemInstruction ?? body.system_instruction;
  for (const part of Array.isArray(system) ? system : system ? [system] : []) blocks.push(block(part));
  for (const item of body.messages ?? (Array.isArray(body.input) ? body.input : [{ role: 'user', content: body.input }]).filter((x) => x.content !== undefined || x.type) ?? []) {
    if (wire === 'anthropic' && Array.isArray(item.content)) for (const part of item.content) blocks.push({ ...block(part), role: item.role });
    else if (wire === 'anthropic') blocks.push({ ...block({ type: 'text', text: item.content }), role: item.role });
    else blocks.push(block(item));
  }
  for (const item of body.contents ?? []) blocks.push(block(item));
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
      return { total, cached, written: 0, input: total - cached };
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
    return { total, cached, written: Math.max(0, written), input: total - cached - Math.max(0, written) };
  }
}
