// LangChain's messages, as objects or as dictionaries with a `type`: one message is one turn.
import {MessageShapeError} from '../errors.js';
import {Role, type Turn} from '../generated/fovea/v1/turn.js';
import {media} from './anthropic.js';
import * as m from './message.js';
import {REASONING} from './openai-chat.js';

const ROLES = new Map<string, Role>([
  ['system', Role.ROLE_SYSTEM],
  ['human', Role.ROLE_USER],
  ['ai', Role.ROLE_ASSISTANT],
  ['tool', Role.ROLE_TOOL],
]);
const ANTHROPIC_BLOCKS = ['thinking', 'redacted_thinking'];
// Calls stand in `tool_calls` as well.
const CALL_BLOCKS = ['tool_use', 'tool_call', 'function_call', 'input_json_delta'];

function typeOf(message: m.Json): string {
  for (const name of ['getType', '_getType']) {
    const method = message[name];
    if (typeof method === 'function') return String(method.call(message));
  }
  return 'role' in message ? '' : m.kindOf(message);
}

/** Whether it is LangChain's, as an object or a dictionary. */
export function isLangChain(message: unknown): message is m.Json {
  return m.isObject(message) && 'content' in message && ROLES.has(typeOf(message));
}

export function read(message: unknown): Turn[] {
  if (!m.isObject(message)) throw new MessageShapeError('message: must be an object');
  const kind = typeOf(message);
  const role = ROLES.get(kind);
  if (role === undefined) throw new MessageShapeError(`type: is "${kind}", not one of ${[...ROLES.keys()].join(', ')}`);
  const builder = new m.MessageBuilder(role);
  const content = message['content'];
  if (role === Role.ROLE_TOOL) {
    const contents = readParts(content).map(
      (part) => m.contentOf(part) ?? m.text(part.$case === 'opaque' ? part.value.data.toString() : ''),
    );
    builder.add(m.result(text(message['tool_call_id']), contents, message['status'] === 'error'));
  } else {
    const calls = Array.isArray(message['tool_calls']) ? (message['tool_calls'] as m.Json[]) : [];
    const extra = message['additional_kwargs'];
    const reasoning = m.isObject(extra) ? extra['reasoning_content'] : undefined;
    if (typeof reasoning === 'string' && reasoning !== '') builder.add(m.opaque(REASONING, m.toBytes(reasoning)));
    if (content !== '' || calls.length === 0) for (const part of readParts(content)) builder.add(part);
    for (const call of calls) builder.add(m.call(text(call['id']), text(call['name']), m.argumentsOf(call['args'])));
  }
  if (typeof message['name'] === 'string') builder.keep({name: message['name']});
  return builder.finish('content');
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function readParts(content: unknown): m.Kind[] {
  if (typeof content === 'string') return [m.text(content)];
  if (!Array.isArray(content)) throw new MessageShapeError('content: must be a string or a list');
  return content
    .filter((block) => !CALL_BLOCKS.includes(m.kindOf(block)))
    .map((block: unknown, index) =>
      typeof block === 'string' ? m.text(block) : readPart(new m.Fields(block, `content[${index}]`)),
    );
}

function readPart(fields: m.Fields): m.Kind {
  const block = fields.value;
  const kind = m.kindOf(block);
  if (kind === 'text') return m.text(fields.text('text'));
  if (kind === 'image' && !('source' in block)) {
    return m.image(block['mime_type'] ?? block['mimeType'], block['data']) ?? m.whole('langchain.image', block);
  }
  if (kind === 'image_url') {
    const url = block['image_url'];
    const address = m.isObject(url) ? url['url'] : url;
    return (typeof address === 'string' ? m.imageUrl(address) : undefined) ?? m.whole('openai.image_url', block);
  }
  // Streaming's own.
  const kept = Object.fromEntries(Object.entries(block).filter(([name]) => name !== 'index'));
  if (ANTHROPIC_BLOCKS.includes(kind)) return m.whole(`anthropic.${kind}`, kept);
  if (kind === 'reasoning') return m.whole('openai.reasoning', kept);
  return media(block, kind) ?? m.whole(`langchain.${kind}`, block);
}
