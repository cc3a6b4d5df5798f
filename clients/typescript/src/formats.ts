// The wire formats of contexts and the shapes of messages, by their names.
import {WireFormat} from './generated/fovea/v1/context.js';

/** The API that a context is written for (docs/wire-formats.md). */
export type Format = 'openai-chat' | 'openai-responses' | 'anthropic' | 'gemini' | 'vllm' | 'deepseek';

/** The API or framework whose messages are appended. */
export type Shape = 'openai-chat' | 'openai-responses' | 'anthropic' | 'gemini' | 'langchain';

export const WIRE: Record<Format, WireFormat> = {
  'openai-chat': WireFormat.WIRE_FORMAT_OPENAI_CHAT,
  'openai-responses': WireFormat.WIRE_FORMAT_OPENAI_RESPONSES,
  anthropic: WireFormat.WIRE_FORMAT_ANTHROPIC,
  gemini: WireFormat.WIRE_FORMAT_GEMINI,
  vllm: WireFormat.WIRE_FORMAT_VLLM,
  deepseek: WireFormat.WIRE_FORMAT_DEEPSEEK,
};

/** The format that an agent wants which appends messages of `shape`. */
export function formatOf(shape: Shape, model: string): Format {
  if (shape !== 'openai-chat' && shape !== 'langchain') return shape;
  return model.toLowerCase().startsWith('deepseek') ? 'deepseek' : 'openai-chat';
}
