// The wire formats of contexts, the shapes of messages and the policies, by their names.
import {InvalidArgumentError} from './errors.js';
import {PolicyName as Policies, WireFormat, type Policy} from './generated/fovea/v1/context.js';

/** The API that a context is written for (docs/wire-formats.md). */
export type Format = 'openai-chat' | 'openai-responses' | 'anthropic' | 'gemini' | 'vllm' | 'deepseek';

/** The API or framework whose messages are appended. */
export type Shape = 'openai-chat' | 'openai-responses' | 'anthropic' | 'gemini' | 'langchain';

/**
 * What is weighed when old turns are drawn (docs/forgetting.md): the least of the bill and of what the model would lose,
 * the least bill, or text first.
 */
export type PolicyName = 'balanced' | 'frugal' | 'exact';

const SHAPES: Record<Shape, Shape> = {
  'openai-chat': 'openai-chat',
  'openai-responses': 'openai-responses',
  anthropic: 'anthropic',
  gemini: 'gemini',
  langchain: 'langchain',
};

const POLICIES: Record<PolicyName, Policies> = {
  balanced: Policies.POLICY_NAME_BALANCED,
  frugal: Policies.POLICY_NAME_FRUGAL,
  exact: Policies.POLICY_NAME_EXACT,
};

const WIRE: Record<Format, WireFormat> = {
  'openai-chat': WireFormat.WIRE_FORMAT_OPENAI_CHAT,
  'openai-responses': WireFormat.WIRE_FORMAT_OPENAI_RESPONSES,
  anthropic: WireFormat.WIRE_FORMAT_ANTHROPIC,
  gemini: WireFormat.WIRE_FORMAT_GEMINI,
  vllm: WireFormat.WIRE_FORMAT_VLLM,
  deepseek: WireFormat.WIRE_FORMAT_DEEPSEEK,
};

/** What stands for `value`, which must be one of the keys. */
function oneOf<Value>(name: string, value: unknown, among: Record<string, Value>): Value {
  if (typeof value === 'string' && Object.hasOwn(among, value)) return among[value] as Value;
  const given = typeof value === 'string' ? JSON.stringify(value.slice(0, 80)) : typeof value;
  throw new InvalidArgumentError(`${name}: ${given} is not one of ${Object.keys(among).join(', ')}`, 'INVALID_ARGUMENT');
}

/** A format by its name. */
export function wireOf(format: Format): WireFormat {
  return oneOf('format', format, WIRE);
}

/** The shape, if it is one. */
export function shapeOf(shape: Shape | undefined): Shape | undefined {
  return shape === undefined ? undefined : oneOf('shape', shape, SHAPES);
}

/** A policy by its name, or as it is. */
export function policyOf(policy: PolicyName | Partial<Policy> | undefined): Partial<Policy> | undefined {
  if (policy === undefined || typeof policy === 'object') return policy;
  return {name: oneOf('policy', policy, POLICIES)};
}

/** The format that an agent wants which appends messages of `shape`. */
export function formatOf(shape: Shape, model: unknown): Format {
  if (shape !== 'openai-chat' && shape !== 'langchain') return shape;
  return typeof model === 'string' && model.toLowerCase().startsWith('deepseek') ? 'deepseek' : 'openai-chat';
}
