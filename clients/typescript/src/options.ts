// What calls of sessions take.
import type {Context} from './context.js';
import type {Format, PolicyName, Shape} from './formats.js';
import type {Policy} from './generated/fovea/v1/context.js';

export interface ConnectOptions {
  /** "unix:PATH" or "HOST:PORT"; left out: FOVEA_SERVER, or the socket that fovead listens on by default. */
  address?: string;
  /** What the server wants to know its tenants by; left out: FOVEA_TOKEN. */
  token?: string;
  /** Whether to encrypt, and to check the server by the system's authorities; or a file with others, in PEM. */
  tls?: boolean | string;
  /** Files with a chain and its key in PEM, for a server that wants to know its clients by them. */
  certificate?: {chain: string; key: string};
  /** Seconds that a call may take with its retries; left out: 30, or 120 for a context. */
  deadline?: number;
  /** Memory for pages that are held between calls; left out: 256 MiB. */
  pageBytes?: number;
}

export interface SessionOptions {
  /** The model's id, as its provider spells it, or a reader's name. */
  model?: string;
  /** A reader's name; overrules the model. */
  reader?: string;
  /** Tokens that a context may have. */
  budget?: number;
  /** The API that contexts are for; left out: that of the messages that are appended. */
  format?: Format;
  /** How messages are written; left out: found out, message by message. */
  shape?: Shape;
  /** "balanced" (the server's default), "frugal" or "exact", or marks of one's own. */
  policy?: PolicyName | Partial<Policy>;
  /** Kept with a session that is new. */
  title?: string;
  /** Kept with a session that is new; at most 64 KiB as JSON. */
  metadata?: Record<string, unknown>;
  /** The most that one recall of the model's gives; left out: 65,536. */
  recallBytes?: number;
}

/** How a call looks at the session, in the place of what the session was made with. */
export interface ContextOptions {
  model?: string;
  reader?: string;
  budget?: number;
  policy?: PolicyName | Partial<Policy>;
  format?: Format;
  /** The newest turn to see; left out: the newest of all. */
  asOfSeq?: number;
}

export interface AppendOptions {
  shape?: Shape;
  /** When it happened, in microseconds since the Unix epoch; left out: now, or 0 (unknown) with a key. */
  timeUs?: number;
  /** Appends with one key are one append. Left out: a new one, which makes retries safe. */
  idempotencyKey?: string;
  /** Which agent of several spoke. */
  agentId?: string;
}

export interface UsageOptions {
  /** Of the tokens, what was not the context, such as tools. */
  otherTokens?: number;
  /** Left out: the last. */
  context?: Context;
}

export interface ExpandOptions {
  /** Where to begin in the turn's text; left out: 0. */
  firstByte?: number;
  /** Left out: to the end. */
  maxBytes?: number;
  /** Whether a model reads it, which keeps the turn sharper in later epochs; left out: false. */
  recordRecall?: boolean;
}

/** A picture that a turn holds. */
export interface Picture {
  mediaType: string;
  data: Buffer;
}

/** What a turn holds, or a range of it. */
export interface TurnText {
  seq: number;
  role: string;
  text: string;
  /** Of the whole turn's text, in UTF-8. */
  totalBytes: number;
  /** Those whose notes, such as "[image 1: image/png, ...]", begin within the range. */
  pictures: Picture[];
}

/** A turn that a search found. */
export interface SearchHit {
  seq: number;
  role: string;
  snippet: string;
}

/** What sync() did. */
export interface SyncResult {
  /** Turns that were new. */
  appended: number;
  /** The session before, if the history had been changed and the session became a fork of it. */
  forkedFrom: string | undefined;
}
