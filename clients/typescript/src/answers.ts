// Calls of the recall tools in a model's answer, and their results in the answer's shape.
import type {Message} from './context.js';
import type {Shape} from './formats.js';
import {isLangChain} from './shapes/langchain.js';
import {isObject, kindOf, type Json} from './shapes/message.js';

const TOOL_NAMES = ['recall', 'search'];

/** A call of recall or search. */
export interface RecallCall {
  shape: Shape;
  callId: unknown;
  name: string;
  /** undefined: they are no JSON object. */
  arguments: Json | undefined;
}

function argumentsOf(value: unknown): Json | undefined {
  let given = value;
  if (typeof given === 'string') {
    try {
      given = JSON.parse(given === '' ? '{}' : given);
    } catch {
      return undefined;
    }
  }
  return isObject(given) ? given : undefined;
}

function recallCall(shape: Shape, callId: unknown, name: unknown, written: unknown): RecallCall[] {
  if (typeof name !== 'string' || !TOOL_NAMES.includes(name)) return [];
  return [{shape, callId, name, arguments: argumentsOf(written)}];
}

/** The calls of recall and search in an answer, a message, or a list of calls, blocks or items. */
export function findCalls(reply: unknown): RecallCall[] {
  if (Array.isArray(reply)) return reply.flatMap(findCalls);
  if (!isObject(reply)) return [];
  const inner = (key: string): unknown[] | undefined =>
    Array.isArray(reply[key]) ? (reply[key] as unknown[]) : undefined;
  if (isLangChain(reply)) {
    return (inner('tool_calls') ?? [])
      .filter(isObject)
      .flatMap((call) => recallCall('langchain', call['id'], call['name'], call['args']));
  }
  const choices = inner('choices') ?? inner('candidates');
  if (choices !== undefined) {
    return choices.filter(isObject).flatMap((choice) => findCalls(choice['message'] ?? choice['content']));
  }
  if (reply['object'] === 'response') return findCalls(reply['output']);
  const calls = inner('tool_calls');
  if (calls !== undefined) return findCalls(calls);
  const kind = kindOf(reply);
  if (kind === 'function_call') {
    return recallCall('openai-responses', reply['call_id'], reply['name'], reply['arguments']);
  }
  if (kind === 'tool_use') return recallCall('anthropic', reply['id'], reply['name'], reply['input']);
  if (isObject(reply['function'])) {
    return recallCall('openai-chat', reply['id'], reply['function']['name'], reply['function']['arguments']);
  }
  const call = isObject(reply['functionCall']) ? reply['functionCall'] : reply;
  if ('args' in call) return recallCall(kind === 'tool_call' ? 'langchain' : 'gemini', call['id'], call['name'], call['args']);
  return findCalls(inner('parts') ?? inner('content'));
}

export interface Answer {
  call: RecallCall;
  text: string;
  isError: boolean;
}

/** Messages that answer the calls. */
export function results(answers: readonly Answer[]): Message[] {
  const messages: Message[] = [];
  // These APIs want the results of a step in one message of the user's.
  const join = (key: string, block: Json): void => {
    const last = messages.at(-1) as Json | undefined;
    if (last !== undefined && Array.isArray(last[key])) last[key].push(block);
    else messages.push({role: 'user', [key]: [block]});
  };
  for (const {call, text, isError} of answers) {
    switch (call.shape) {
      case 'openai-chat':
        messages.push({role: 'tool', tool_call_id: call.callId, content: text});
        break;
      case 'openai-responses':
        messages.push({type: 'function_call_output', call_id: call.callId, output: text});
        break;
      case 'langchain':
        messages.push({
          type: 'tool',
          tool_call_id: call.callId,
          name: call.name,
          content: text,
          status: isError ? 'error' : 'success',
        });
        break;
      case 'anthropic':
        join('content', {
          type: 'tool_result',
          tool_use_id: call.callId,
          content: text,
          ...(isError ? {is_error: true} : {}),
        });
        break;
      case 'gemini':
        join('parts', {
          functionResponse: {
            name: call.name,
            response: {[isError ? 'error' : 'output']: text},
            ...(call.callId === undefined ? {} : {id: call.callId}),
          },
        });
        break;
    }
  }
  return messages;
}
