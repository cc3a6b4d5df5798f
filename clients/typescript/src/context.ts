// A context: what a model gets of a session.
import type {Format} from './formats.js';
import type {ContextSummary, LossManifest_Entry, RungShare} from './generated/fovea/v1/context.js';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- messages are what the SDK's own types say
export type Message = any;

const CONVERSATION: Record<Format, string> = {
  'openai-chat': 'messages',
  vllm: 'messages',
  deepseek: 'messages',
  anthropic: 'messages',
  'openai-responses': 'input',
  gemini: 'contents',
};

/** The conversation within its budget, in the format of an API, and what can be said of it. */
export class Context {
  constructor(
    readonly format: Format,
    /**
     * The fields of the request body: {messages}, {system, messages}, {input} or {systemInstruction, contents}. Yours to
     * change: no two contexts share it.
     */
    readonly payload: Record<string, Message>,
    /** Names this context to reportUsage(). */
    readonly payloadSha256: string,
    /** All that the server says of it: pages, rungs, the loss manifest, cost. */
    readonly summary: ContextSummary,
  ) {}

  /** The conversation, whatever the API calls it: messages, input items or contents. */
  get messages(): Message[] {
    return this.payload[CONVERSATION[this.format]] as unknown[];
  }

  /** The system prompt, where the API wants it apart (Anthropic, Gemini). */
  get system(): unknown {
    const system: unknown = this.payload['system'] ?? this.payload['systemInstruction'];
    return system;
  }

  /** By the reader's rules; what the provider counts is not more. */
  get tokens(): number {
    return this.summary.tokens;
  }

  /** The profile that it was made by. */
  get reader(): string {
    return this.summary.reader;
  }

  /** 0 while everything is text. Within an epoch the beginning of the context does not change. */
  get epoch(): number {
    return this.summary.epoch;
  }

  /** Of the part that does not change within an epoch. */
  get prefixSha256(): string {
    return this.summary.prefixSha256;
  }

  /** The pages, in the order in which they stand. */
  get pageIds(): string[] {
    return this.summary.pages.map((page) => page.pageId);
  }

  /** What it no longer shows exactly, oldest first: turns, their rung, and what was left out of them. */
  get losses(): LossManifest_Entry[] {
    return this.summary.loss?.entries ?? [];
  }

  /** Where the turns are, from the oldest to the newest: text, rungs of the ladder, gist, latent. */
  get rungs(): RungShare[] {
    return this.summary.rungs;
  }

  /** One sentence for a person: how much of the budget is used, and why not more. */
  get note(): string {
    return this.summary.budgetUse;
  }
}
