// Fovea: memory for LLM agents. An agent appends each message as it happens, asks for a context before each call of the
// model, sends it with session.tools(), and answers the model's recalls with session.answer().
export {Fovea} from './client.js';
export {Context, type Message} from './context.js';
export * from './errors.js';
export type {Format, PolicyName, Shape} from './formats.js';
export {LocalServer, type LocalOptions} from './local.js';
export type {
  AppendOptions,
  ConnectOptions,
  ContextOptions,
  ExpandOptions,
  Picture,
  SearchHit,
  SessionOptions,
  SyncResult,
  TurnText,
  UsageOptions,
} from './options.js';
export {Session} from './session.js';
export {MessageReader} from './shapes/index.js';
