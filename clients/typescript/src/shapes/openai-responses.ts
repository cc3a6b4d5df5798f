// OpenAI's Responses: one item of `input` or `output` is one turn.
import {Role, type Turn} from '../generated/fovea/v1/turn.js';
import * as m from './message.js';
import {readContent, readOutput} from './openai-parts.js';

const ROLES = new Map<string, Role>([
  ['system', Role.ROLE_SYSTEM],
  ['developer', Role.ROLE_SYSTEM],
  ['user', Role.ROLE_USER],
  ['assistant', Role.ROLE_ASSISTANT],
]);

export function read(item: unknown): Turn[] {
  const fields = new m.Fields(item, '');
  const kind = fields.text('type');
  if (kind === 'message' || (kind === '' && fields.has('role'))) return readMessage(fields);
  if (kind === 'function_call' || kind === 'custom_tool_call') return readCall(fields, kind === 'custom_tool_call');
  if (kind === 'function_call_output' || kind === 'custom_tool_call_output') return readResult(fields);
  if (kind === '') throw fields.error('type', 'is missing, and there is no role');
  const answers = kind.endsWith('_output') || kind === 'mcp_approval_response';
  const builder = new m.MessageBuilder(answers ? Role.ROLE_TOOL : Role.ROLE_ASSISTANT);
  builder.add(m.whole(`openai.${kind}`, item));
  return builder.finish('type');
}

function readMessage(fields: m.Fields): Turn[] {
  const name = fields.text('role');
  const role = ROLES.get(name);
  if (role === undefined) {
    throw fields.error('role', `is "${name}", not one of ${[...ROLES.keys()].join(', ')}`);
  }
  const builder = new m.MessageBuilder(role);
  if (name === 'developer') builder.keep({role: name});
  const phase = role === Role.ROLE_ASSISTANT ? fields.text('phase') : '';
  const content = fields.take('content');
  if (content !== undefined) readContent(content, 'content', phase, builder);
  builder.keep(fields.rest());
  return builder.finish('content');
}

function readCall(fields: m.Fields, custom: boolean): Turn[] {
  const builder = new m.MessageBuilder(Role.ROLE_ASSISTANT);
  const callId = fields.textOrJson('call_id');
  const name = fields.text('name');
  const written = fields.take(custom ? 'input' : 'arguments');
  builder.add(m.call(callId, name, written === undefined ? '' : m.argumentsOf(written), custom));
  builder.keep(fields.rest());
  return builder.finish('name');
}

function readResult(fields: m.Fields): Turn[] {
  const builder = new m.MessageBuilder(Role.ROLE_TOOL);
  const callId = fields.textOrJson('call_id');
  const output = fields.take('output');
  if (output === undefined) throw fields.error('output', 'it holds nothing');
  const [contents, kept] = readOutput(output, 'output');
  builder.add(m.result(callId, contents), kept);
  builder.keep(fields.rest());
  return builder.finish('output');
}
