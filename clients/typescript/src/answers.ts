// Calls of the recall tools in a model's answer, and their results in the answer's shape.
import type {Message} from './context.js';
import {MessageShapeError} from './errors.js';
import type {Shape} from './formats.js';
import type {Picture} from './options.js';
import {isLangChain} from './shapes/langchain.js';
import {isObject, kindOf, type Json} from './shapes/message.js';

export const TOOL_NAMES = ['recall', 'search'];

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

// Deeper than any answer.
const MAX_DEPTH = 16;

/** The calls of recall and search in an answer, a message, or a list of calls, blocks or items. */
export function findCalls(reply: unknown, depth = 0): RecallCall[] {
  if (depth > MAX_DEPTH) throw new MessageShapeError('reply: it is nested too deeply');
  const inside = (value: unknown): RecallCall[] => findCalls(value, depth + 1);
  if (Array.isArray(reply)) return reply.flatMap(inside);
  if (reply === undefined || reply === null || typeof reply === 'string') return [];
  if (!isObject(reply)) throw new MessageShapeError(`reply: ${typeof reply} is no answer, no message and no list of calls`);
  const inner = (key: string): unknown[] | undefined =>
    Array.isArray(reply[key]) ? (reply[key] as unknown[]) : undefined;
  if (isLangChain(reply)) {
    return (inner('tool_calls') ?? [])
      .filter(isObject)
      .flatMap((call) => recallCall('langchain', call['id'], call['name'], call['args']));
  }
  const choices = inner('choices') ?? inner('candidates');
  if (choices !== undefined) {
    return choices.filter(isObject).flatMap((choice) => inside(choice['message'] ?? choice['content']));
  }
  if (reply['object'] === 'response') return inside(reply['output']);
  const calls = inner('tool_calls');
  if (calls !== undefined) return inside(calls);
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
  return inside(inner('parts') ?? inner('content'));
}

/** What answers a call. */
export interface Result {
  text: string;
  isError: boolean;
  pictures: Picture[];
}

export interface Answer extends Result {
  call: RecallCall;
}

// What all of the APIs take.
const PICTURES = ['image/png', 'image/jpeg', 'image/webp', 'image/gif'];

/** A text alone, or a text and pictures as blocks. */
function content(
  {text, pictures}: Result,
  type: string,
  block: (mediaType: string, data: string) => Json,
): string | Json[] {
  const taken = pictures.filter(({mediaType}) => PICTURES.includes(mediaType));
  if (taken.length === 0) return text;
  return [{type, text}, ...taken.map(({mediaType, data}) => block(mediaType, data.toString('base64')))];
}

const dataUrl = (mediaType: string, data: string): string => `data:${mediaType};base64,${data}`;
const chatPicture = (mediaType: string, data: string): Json => ({
  type: 'image_url',
  image_url: {url: dataUrl(mediaType, data)},
});
const responsesPicture = (mediaType: string, data: string): Json => ({
  type: 'input_image',
  image_url: dataUrl(mediaType, data),
});
const anthropicPicture = (mediaType: string, data: string): Json => ({
  type: 'image',
  source: {type: 'base64', media_type: mediaType, data},
});

/**
 * Messages that answer the calls. A turn's pictures stand behind its text, for append(): the server puts them where each
 * API takes pictures of tools.
 */
export function results(answers: readonly Answer[]): Message[] {
  const messages: Message[] = [];
  // These APIs want the results of a step in one message of the user's.
  const join = (key: string, block: Json): void => {
    const last = messages.at(-1) as Json | undefined;
    if (last !== undefined && Array.isArray(last[key])) last[key].push(block);
    else messages.push({role: 'user', [key]: [block]});
  };
  const after: Json[] = [];
  for (const answer of answers) {
    const {call, text, isError} = answer;
    switch (call.shape) {
      case 'openai-chat':
        messages.push({role: 'tool', tool_call_id: call.callId, content: content(answer, 'text', chatPicture)});
        break;
      case 'openai-responses':
        messages.push({type: 'function_call_output', call_id: call.callId, output: content(answer, 'input_text', responsesPicture)});
        break;
      case 'langchain':
        messages.push({
          type: 'tool',
          tool_call_id: call.callId,
          name: call.name,
          content: content(answer, 'text', chatPicture),
          status: isError ? 'error' : 'success',
        });
        break;
      case 'anthropic':
        join('content', {
          type: 'tool_result',
          tool_use_id: call.callId,
          content: content(answer, 'text', anthropicPicture),
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
        for (const {mediaType, data} of answer.pictures.filter((picture) => PICTURES.includes(picture.mediaType))) {
          after.push({inlineData: {mimeType: mediaType, data: data.toString('base64')}});
        }
        break;
    }
  }
  // Behind all of the step's functionResponses.
  ((messages.at(-1) as Json | undefined)?.['parts'] as Json[] | undefined)?.push(...after);
  return messages;
}
