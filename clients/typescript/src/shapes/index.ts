// Messages as providers and frameworks write them, and the turns that they become.
import {FoveaError, MessageShapeError} from '../errors.js';
import {shapeOf, type Shape} from '../formats.js';
import type {Turn} from '../generated/fovea/v1/turn.js';
import * as anthropic from './anthropic.js';
import {GeminiReader} from './gemini.js';
import * as langchain from './langchain.js';
import {isObject, kindOf, type Json} from './message.js';
import * as openaiChat from './openai-chat.js';
import * as openaiResponses from './openai-responses.js';

const ANTHROPIC_BLOCKS = new Set([
  'tool_use',
  'tool_result',
  'thinking',
  'redacted_thinking',
  'document',
  'search_result',
  'image',
  'server_tool_use',
]);
const RESPONSES_BLOCKS = new Set(['input_text', 'output_text', 'input_image', 'input_file']);
const CHAT_BLOCKS = new Set(['image_url', 'input_audio', 'file', 'refusal']);

/** Whatever else a caller's data does to those who read it is an error of its shape, too. */
export function wellFormed<Value>(what: string, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (error instanceof FoveaError) throw error;
    if (error instanceof RangeError) throw new MessageShapeError(`${what}: it is nested too deeply, or too long`);
    const words = error instanceof Error ? `${error.name}: ${error.message.slice(0, 200)}` : 'what it holds throws';
    throw new MessageShapeError(`${what}: malformed in its shape (${words})`);
  }
}

/** The shape that a message is in; undefined if it could be several ({role: "user", content: "hi"}). */
export function detect(message: unknown): Shape | undefined {
  if (langchain.isLangChain(message)) return 'langchain';
  if (!isObject(message)) throw new MessageShapeError(`${typeof message} is no message: an object is expected`);
  if ('parts' in message) return 'gemini';
  if (!('role' in message)) {
    if ('type' in message) return 'openai-responses';
    throw new MessageShapeError('a message has neither role nor type nor parts');
  }
  const {role, content} = message;
  if (role === 'tool' || role === 'function' || message['tool_calls'] || message['function_call']) return 'openai-chat';
  if (message['type'] === 'message') return 'stop_reason' in message ? 'anthropic' : 'openai-responses';
  if (Array.isArray(content)) {
    const kinds = content.map(kindOf);
    if (kinds.some((kind) => RESPONSES_BLOCKS.has(kind))) return 'openai-responses';
    if (kinds.some((kind) => ANTHROPIC_BLOCKS.has(kind))) return 'anthropic';
    if (kinds.some((kind) => CHAT_BLOCKS.has(kind))) return 'openai-chat';
  }
  if ('reasoning_content' in message || 'refusal' in message) return 'openai-chat';
  return undefined;
}

/** What a provider's whole answer says: its first choice's message, candidate's content, or output items. */
export function said(answer: unknown): unknown {
  if (!isObject(answer)) return answer;
  for (const [key, inner] of [
    ['choices', 'message'],
    ['candidates', 'content'],
  ] as const) {
    const list = answer[key];
    if (Array.isArray(list) && list.length > 0) return (list[0] as Json)[inner];
  }
  return answer['object'] === 'response' && Array.isArray(answer['output']) ? answer['output'] : answer;
}

/** Reads a conversation's messages in one shape, which the first message that tells it decides. */
export class MessageReader {
  private readonly gemini = new GeminiReader();

  constructor(public shape?: Shape) {}

  /** The turns of one message: an object, or a string, which is the user's. */
  read(given: unknown, shape?: Shape): Turn[] {
    return wellFormed('message', () => this.readOne(given, shape));
  }

  private readOne(given: unknown, shape: Shape | undefined): Turn[] {
    const isText = typeof given === 'string';
    const message = isText ? {role: 'user', content: given} : given;
    const found = isText && shape === 'langchain' ? 'openai-chat' : (shape ?? detect(message));
    if (found !== undefined) this.shape = found;
    switch (found ?? this.shape) {
      case 'openai-responses':
        return openaiResponses.read(message);
      case 'anthropic':
        return anthropic.read(message);
      case 'gemini':
        return this.gemini.read(isText ? {role: 'user', parts: [{text: given}]} : message);
      case 'langchain':
        return langchain.isLangChain(message) ? langchain.read(message) : openaiChat.read(message);
      default:
        return openaiChat.read(message);
    }
  }

  /** The turns of one message, of several, or of a provider's whole answer. */
  readAll(given: unknown, shape?: Shape): Turn[] {
    shapeOf(shape);
    const messages = wellFormed('messages', () => said(given));
    return (Array.isArray(messages) ? messages : [messages]).flatMap((message) => this.read(message, shape));
  }
}
