// OpenAI's Chat Completions, and what follows their shape: one message is one turn.
import {AudioPart, RefusalPart, Role, type Turn} from '../generated/fovea/v1/turn.js';
import * as m from './message.js';
import {readContent, readOutput} from './openai-parts.js';

const ROLES = new Map<string, Role>([
  ['system', Role.ROLE_SYSTEM],
  ['developer', Role.ROLE_SYSTEM],
  ['user', Role.ROLE_USER],
  ['assistant', Role.ROLE_ASSISTANT],
  ['tool', Role.ROLE_TOOL],
  ['function', Role.ROLE_TOOL],
]);
export const REASONING = 'deepseek.reasoning_content';

export function read(message: unknown): Turn[] {
  const fields = new m.Fields(message, '');
  const name = fields.text('role');
  const role = ROLES.get(name);
  if (role === undefined) {
    throw fields.error('role', `is "${name}", not one of ${[...ROLES.keys()].join(', ')}`);
  }
  const builder = new m.MessageBuilder(role);
  if (name === 'developer' || name === 'function') builder.keep({role: name});
  if (role === Role.ROLE_TOOL) readResult(fields, builder);
  else readSaid(fields, builder);
  builder.keep(fields.rest());
  return builder.finish('content');
}

function readResult(fields: m.Fields, builder: m.MessageBuilder): void {
  const callId = fields.textOrJson('tool_call_id');
  const isError = fields.boolean('is_error');
  const content = fields.take('content');
  if (content === undefined) throw fields.error('content', 'it holds nothing');
  const [contents, kept] = readOutput(content, 'content');
  builder.add(m.result(callId, contents, isError), kept);
}

function readSaid(fields: m.Fields, builder: m.MessageBuilder): void {
  const assistant = builder.role === Role.ROLE_ASSISTANT;
  if (assistant) {
    const reasoning = fields.text('reasoning_content');
    if (reasoning !== '') builder.add(m.opaque(REASONING, m.toBytes(reasoning)));
  }
  const content = fields.take('content');
  if (content !== undefined) readContent(content, 'content', '', builder);
  if (!assistant) return;
  const refusal = fields.text('refusal');
  if (refusal !== '') builder.add({$case: 'refusal', value: RefusalPart.create({text: m.toBytes(refusal)})});
  if (fields.has('audio')) readAudio(new m.Fields(fields.take('audio'), 'audio'), builder);
  const calls = fields.take('tool_calls');
  if (calls !== undefined) {
    if (!Array.isArray(calls)) throw fields.error('tool_calls', 'must be a list');
    calls.forEach((item, index) => {
      readCall(new m.Fields(item, `tool_calls[${index}]`), builder);
    });
  }
  // As the API had it before tool_calls.
  if (fields.has('function_call')) {
    addCall(new m.Fields(fields.take('function_call'), 'function_call'), 'arguments', '', false, {}, builder);
  }
}

function readAudio(audio: m.Fields, builder: m.MessageBuilder): void {
  const value = AudioPart.create();
  value.id = audio.textOrJson('id');
  value.transcript = m.toBytes(audio.textOrJson('transcript'));
  const data = audio.textOrJson('data');
  if (data !== '') {
    const decoded = m.decode(data);
    if (decoded === undefined) throw audio.error('data', 'must be base64');
    value.data = decoded;
  }
  if (!m.fits(value)) throw audio.error('id', 'is too long');
  builder.add({$case: 'audio', value}, audio.rest());
}

function readCall(call: m.Fields, builder: m.MessageBuilder): void {
  const callId = call.textOrJson('id');
  const custom = call.textOrJson('type') === 'custom';
  const kind = custom ? 'custom' : 'function';
  const called = call.take(kind);
  if (!m.isObject(called)) throw call.error(kind, 'must be an object');
  const named = new m.Fields(called, call.pathOf(kind));
  addCall(named, custom ? 'input' : 'arguments', callId, custom, call.rest(), builder);
}

function addCall(
  named: m.Fields,
  key: string,
  callId: string,
  custom: boolean,
  attributes: m.Json,
  builder: m.MessageBuilder,
): void {
  const name = named.text('name');
  const written = named.take(key);
  const rest = named.rest();
  const beside = Object.keys(rest).length > 0 ? {[custom ? 'custom' : 'function']: rest} : {};
  builder.add(m.call(callId, name, written === undefined ? '' : m.argumentsOf(written), custom), {
    ...attributes,
    ...beside,
  });
}
