// One conversation.
import {randomUUID} from 'node:crypto';
import {setTimeout as sleep} from 'node:timers/promises';

import {findCalls, results, TOOL_NAMES, type Answer, type Result} from './answers.js';
import {Context, type Message} from './context.js';
import {AlreadyExistsError, FoveaError, InvalidArgumentError, NotFoundError, OutOfRangeError} from './errors.js';
import {formatOf, policyOf, shapeOf, wireOf, type Format, type Shape} from './formats.js';
import type {
  ContextSummary,
  DiffEpochsResponse,
  DrawLadderResponse,
  ExplainTurnResponse,
  View,
} from './generated/fovea/v1/context.js';
import type {ReportUsageResponse} from './generated/fovea/v1/reader.js';
import {
  SearchOrder,
  type AppendTurnsResponse,
  type DeleteSessionResponse,
  type DeepPartial,
  type ExpandTurnResponse,
  type Session as SessionInfo,
} from './generated/fovea/v1/session.js';
import {Role, Turn} from './generated/fovea/v1/turn.js';
import {common, digest} from './history.js';
import * as methods from './methods.js';
import type {
  AppendOptions,
  ContextOptions,
  ExpandOptions,
  SearchHit,
  SessionOptions,
  SyncResult,
  TurnText,
  UsageOptions,
} from './options.js';
import {fillReferences, type PageCache} from './pages.js';
import {MessageReader, wellFormed} from './shapes/index.js';
import {isObject, type Json} from './shapes/message.js';
import {decodeText, wholeCharacters} from './texts.js';
import type {Transport} from './transport.js';

// What an append may hold (docs/OPERATIONS.md): turns, and bytes with room for the rest of the message.
const APPEND_TURNS = 10_000;
const APPEND_BYTES = 60 << 20;
const HELD_IDS = 1024;
// The most that a search waits for what this client has just appended.
const INDEX_MS = 10_000;
const INDEX_PAUSE_MS = 50;
const INDEX_LONGEST_PAUSE_MS = 500;
const RECALL_BYTES = 65_536;

/** One conversation. Not for several tasks at a time. */
export class Session {
  /** What context() gave last. */
  lastContext: Context | undefined;

  private reader: MessageReader;
  private readonly toolTexts = new Map<Format, string>();
  private seen = new Set<string>(); // pages that contexts had; the newest last
  private digests: string[] | undefined; // of all turns; undefined: not known yet
  private lastSeq = 0; // the newest turn that this client appended
  private name: string;

  /** Use Fovea.session(). */
  constructor(
    private readonly transport: Transport,
    private readonly cache: PageCache,
    id: string,
    readonly options: SessionOptions,
  ) {
    this.name = id;
    const {recallBytes = RECALL_BYTES} = options;
    if (!Number.isSafeInteger(recallBytes) || recallBytes < 1) {
      throw new InvalidArgumentError('recallBytes: must be a whole number of at least 1', 'INVALID_ARGUMENT');
    }
    shapeOf(options.shape);
    policyOf(options.policy);
    if (options.format !== undefined) wireOf(options.format);
    this.reader = new MessageReader(options.shape);
  }

  /** Changes if sync() finds the history edited. */
  get id(): string {
    return this.name;
  }

  /**
   * Appends messages; they are on disk when it resolves, to the numbers of the first and last turn.
   *
   * `messages`: one or several, in a provider's shape: OpenAI Chat or Responses, Anthropic, Gemini, LangChain; or a
   * provider's whole answer. A string is the user's. An empty list gives {first: 0, last: 0}.
   */
  async append(messages: Message, options: AppendOptions = {}): Promise<{first: number; last: number}> {
    return this.appendTurns(this.reader.readAll(messages, options.shape), options);
  }

  /** Appends turns as the API has them (proto/fovea/v1/turn.proto), for what no shape holds. */
  async appendTurns(given: DeepPartial<Turn>[], options: AppendOptions = {}): Promise<{first: number; last: number}> {
    // A key of the caller's may come again in another process, which must then send the very same turns.
    const stamp = options.timeUs ?? (options.idempotencyKey === undefined ? Date.now() * 1000 : 0);
    const turns = wellFormed('turns', () => given.map((turn) => Turn.fromPartial(turn)));
    for (const turn of turns) {
      turn.timeUs ||= stamp;
      if (options.agentId !== undefined) turn.agentId = options.agentId;
    }
    const key = options.idempotencyKey ?? randomUUID();
    const batches = batched(turns);
    let first = 0;
    let last = 0;
    for (const [index, batch] of batches.entries()) {
      const answer = await this.transport.call(methods.appendTurns, {
        sessionId: this.id,
        turns: batch,
        idempotencyKey: batches.length === 1 ? key : `${key}/${index}`,
      });
      first ||= answer.firstSeq;
      last = this.lastSeq = answer.lastSeq;
      this.noteAppended(batch, answer);
    }
    return {first, last};
  }

  private noteAppended(batch: readonly Turn[], answer: AppendTurnsResponse): void {
    if (this.digests === undefined) return;
    if (answer.firstSeq === this.digests.length + 1) this.digests.push(...batch.map(digest));
    else if (answer.lastSeq > this.digests.length) this.digests = undefined; // somebody else wrote, too
  }

  /**
   * Appends what of a whole history is new, for frameworks that hand over all of it each time. Where the history was
   * edited, the session becomes a fork that shares the turns before the edit, with an id of its own.
   */
  async sync(messages: Message, options: {shape?: Shape} = {}): Promise<SyncResult> {
    const reader = new MessageReader(options.shape ?? this.reader.shape);
    const given = reader.readAll(messages, options.shape);
    this.reader = reader;
    const digests = given.map(digest);
    const held = (this.digests ??= await this.readDigests());
    const shared = common(held, digests);
    const forkedFrom = shared < held.length ? await this.branch(held, shared) : undefined;
    try {
      await this.appendTurns(given.slice(shared), {});
    } catch (error) {
      this.digests = undefined; // what of it arrived is not known
      throw error;
    }
    return {appended: given.length - shared, forkedFrom};
  }

  private async readDigests(): Promise<string[]> {
    const {lastSeq} = await this.info();
    return lastSeq === 0 ? [] : (await this.turns(1, lastSeq)).map(digest);
  }

  /** The history was edited: goes on in a new session that shares the turns before the edit. */
  private async branch(held: string[], shared: number): Promise<string> {
    const before = this.id;
    const stem = before.replace(/~[^~]*$/, '').slice(0, 180);
    const name = `${stem}~${randomUUID().slice(0, 8)}`;
    if (shared > 0) await this.forkAs(name, shared, '');
    else await openSession(this.transport, name, '');
    this.name = name;
    this.digests = held.slice(0, shared);
    this.lastSeq = shared;
    return before;
  }

  /**
   * The conversation within the budget, ready to send. BudgetTooSmallError if it cannot hold what must be text; it names
   * the number of tokens that can.
   */
  async context(options: ContextOptions = {}): Promise<Context> {
    const view = this.view(options);
    const format = this.format(options);
    const held = this.cache.held(this.seen);
    const request = {view, format: wireOf(format), heldPageIds: [...held.keys()]};
    const answer = await this.transport.call(methods.buildContext, request);
    const summary = answer.summary as ContextSummary;
    const payload = JSON.parse(answer.payload.toString('utf8')) as Record<string, Message>;
    for (const {pageId} of summary.pages) {
      this.seen.delete(pageId);
      this.seen.add(pageId);
    }
    for (const pageId of this.seen) {
      if (this.seen.size <= Math.max(HELD_IDS, summary.pages.length)) break;
      this.seen.delete(pageId);
    }
    for (const pageId of fillReferences(payload, format, held, summary.pages, this.cache)) {
      await this.loadPage(view, pageId);
    }
    this.lastContext = new Context(format, payload, answer.payloadSha256, summary);
    return this.lastContext;
  }

  /** The tools with which the model asks for what it cannot read, for the API's field `tools`. */
  async tools(options: {format?: Format} = {}): Promise<Message[]> {
    const format = this.format(options);
    let text = this.toolTexts.get(format);
    if (text === undefined) {
      text = (await this.transport.call(methods.getRecallTools, {format: wireOf(format)})).toolsJson;
      this.toolTexts.set(format, text);
    }
    return JSON.parse(text) as Message[];
  }

  /**
   * Answers the calls of recall and search in a model's answer, with messages in its shape; [] if it has none.
   *
   * `reply`: an answer, a message, or a list of calls, blocks or items. Other tools' calls are left to you.
   */
  async answer(reply: Message): Promise<Message[]> {
    const answers: Answer[] = [];
    for (const call of wellFormed('reply', () => findCalls(reply))) {
      answers.push({call, ...(await this.run(call.name, call.arguments))});
    }
    return results(answers);
  }

  /**
   * One call of "recall" or "search": the text for the model. A model's mistakes are answered, not thrown. Pictures of a
   * turn that is recalled are only noted: answer() and expand() give them.
   */
  async runTool(name: string, given: unknown): Promise<{text: string; isError: boolean}> {
    const {text, isError} = await this.run(name, given);
    return {text, isError};
  }

  private async run(name: string, given: unknown): Promise<Result> {
    if (!TOOL_NAMES.includes(name)) {
      throw new InvalidArgumentError('name: it is neither recall nor search', 'INVALID_ARGUMENT');
    }
    if (!isObject(given)) {
      return {text: 'the arguments are no JSON object', isError: true, pictures: []};
    }
    try {
      if (name === 'recall') return await this.recallForModel(given);
      return {text: await this.searchForModel(given), isError: false, pictures: []};
    } catch (error) {
      const mistake =
        error instanceof InvalidArgumentError || error instanceof OutOfRangeError || error instanceof NotFoundError;
      if (!mistake) throw error;
      return {text: error.message, isError: true, pictures: []};
    }
  }

  private async recallForModel(given: Json): Promise<Result> {
    const seq = wholeNumber(given, 'seq');
    const first = wholeNumber(given, 'first_byte', 0);
    const limit = this.options.recallBytes ?? RECALL_BYTES;
    const most = Math.min(wholeNumber(given, 'max_bytes', 0) || limit, limit);
    // Some bytes more, so that a character at the end can be whole.
    const answer = await this.expandTurn(seq, first, most + 3, {record: true, pictures: true});
    const [text, end] = wholeCharacters(answer.text, most);
    const next = first + end;
    const found = {isError: false, pictures: answer.images.filter(({data}) => data.length > 0)};
    if (first === 0 && next >= answer.textBytes) return {text, ...found};
    const more = next < answer.textBytes ? `; go on with first_byte ${next}` : '';
    return {text: `${text}\n[bytes ${first} to ${next - 1} of ${answer.textBytes} of #${seq}${more}]`, ...found};
  }

  private async searchForModel(given: Json): Promise<string> {
    const query = given['query'];
    if (typeof query !== 'string') throw new InvalidArgumentError('query: must be a string', 'INVALID_ARGUMENT');
    const hits = await this.search(query, {limit: wholeNumber(given, 'limit', 0)});
    if (hits.length === 0) return 'nothing was found; all words must occur in one turn';
    return hits.map(({seq, role, snippet}) => `#${seq} ${role}: ${snippet}`).join('\n');
  }

  private expandTurn(
    seq: number,
    byteOffset: number,
    byteLength: number,
    {record, pictures}: {record: boolean; pictures: boolean},
  ): Promise<ExpandTurnResponse> {
    const request = {sessionId: this.id, seq, byteOffset, byteLength, recordRecall: record, includeImages: pictures};
    return this.transport.call(methods.expandTurn, request);
  }

  /** A turn's exact text, recorded as a recall. */
  async recall(seq: number): Promise<string> {
    return decodeText((await this.expandTurn(seq, 0, 0, {record: true, pictures: false})).text);
  }

  /** A turn's exact text, or a range of its bytes, with its pictures. */
  async expand(seq: number, options: ExpandOptions = {}): Promise<TurnText> {
    const how = {record: options.recordRecall ?? false, pictures: true};
    const answer = await this.expandTurn(seq, options.firstByte ?? 0, options.maxBytes ?? 0, how);
    return {
      seq: answer.seq,
      role: roleName(answer.role),
      text: decodeText(answer.text),
      totalBytes: answer.textBytes,
      pictures: answer.images.filter(({data}) => data.length > 0).map(({mediaType, data}) => ({mediaType, data})),
    };
  }

  /** Turns that hold all words; the newest first, or the most relevant. `limit`: at most 200; left out: 20. */
  async search(query: string, options: {limit?: number; byRelevance?: boolean} = {}): Promise<SearchHit[]> {
    if (typeof query !== 'string') throw new InvalidArgumentError('query: must be a string', 'INVALID_ARGUMENT');
    const order =
      options.byRelevance === true ? SearchOrder.SEARCH_ORDER_RELEVANCE : SearchOrder.SEARCH_ORDER_NEWEST_FIRST;
    const request = {sessionId: this.id, query, order, limit: options.limit ?? 0};
    let answer = await this.transport.call(methods.searchTurns, request);
    // The index follows the log within moments, and a busy server within seconds: who has just appended expects to find
    // it.
    const ends = Date.now() + INDEX_MS;
    for (let pause = INDEX_PAUSE_MS; answer.indexedThroughSeq < this.lastSeq && Date.now() < ends; ) {
      await sleep(pause);
      pause = Math.min(2 * pause, INDEX_LONGEST_PAUSE_MS);
      answer = await this.transport.call(methods.searchTurns, request);
    }
    return answer.hits.map(({seq, role, snippet}) => ({seq, role: roleName(role), snippet: decodeText(snippet)}));
  }

  /** Tells what the provider counted for a context, so that counts get better. `inputTokens`: of the whole request. */
  async reportUsage(inputTokens: number, options: UsageOptions = {}): Promise<ReportUsageResponse> {
    const served = options.context ?? this.lastContext;
    if (served === undefined) throw new InvalidArgumentError('context: there was none yet', 'INVALID_ARGUMENT');
    const request = {payloadSha256: served.payloadSha256, inputTokens, otherTokens: options.otherTokens ?? 0};
    return this.transport.call(methods.reportUsage, request);
  }

  /** Why a turn is where it is in the context that context() gives for the same options. */
  async explain(seq: number, options: ContextOptions = {}): Promise<ExplainTurnResponse> {
    return this.transport.call(methods.explainTurn, {view: this.view(options), seq});
  }

  /** What context() would say of itself, without pages drawn. */
  async plan(options: ContextOptions = {}): Promise<ContextSummary> {
    const request = {view: this.view(options), format: wireOf(this.format(options))};
    return (await this.transport.call(methods.planContext, request)).summary as ContextSummary;
  }

  /** Which turns moved to which rung between two epochs, and why each epoch began. `toEpoch` left out: the newest. */
  async diff(fromEpoch = 0, toEpoch = 0, options: ContextOptions = {}): Promise<DiffEpochsResponse> {
    return this.transport.call(methods.diffEpochs, {view: this.view(options), fromEpoch, toEpoch});
  }

  /**
   * The turns from `firstSeq` on, drawn at every rung of the reader's ladder: what a model would see of them.
   * `contactSheetPng` has all of them in one picture.
   */
  async ladder(firstSeq = 0, options: ContextOptions = {}): Promise<DrawLadderResponse> {
    return this.transport.call(methods.drawLadder, {view: this.view(options), firstSeq});
  }

  /** The PNG of a page of the last context. */
  async page(pageId: string): Promise<Buffer> {
    const held = this.cache.get(pageId);
    return held === undefined ? this.loadPage(this.view({}), pageId) : Buffer.from(held.data, 'base64');
  }

  private async loadPage(view: DeepPartial<View>, pageId: string): Promise<Buffer> {
    const {png} = await this.transport.call(methods.getPage, {view, pageId});
    this.cache.put(pageId, png.toString('base64'));
    return png;
  }

  /** Turns exactly as they were appended. `last` left out: to the end. */
  async turns(first = 1, last = 0): Promise<Turn[]> {
    const answers = await this.transport.stream(methods.readTurns, {sessionId: this.id, range: {first, last}});
    return answers.flatMap((answer) => answer.turns);
  }

  /** Keeps turns as text in every context. */
  async pin(first: number, last = first): Promise<void> {
    await this.transport.call(methods.pinTurns, {sessionId: this.id, range: {first, last}});
  }

  /** Undoes pin(). */
  async unpin(first: number, last = first): Promise<void> {
    await this.transport.call(methods.unpinTurns, {sessionId: this.id, range: {first, last}});
  }

  /** A new session that begins with this one's turns up to `atSeq`; left out: all. */
  async fork(atSeq = 0, options: {sessionId?: string; title?: string} = {}): Promise<Session> {
    // A name of the client's, so that a fork whose answer was lost can be found again.
    const id = await this.forkAs(options.sessionId ?? randomUUID(), atSeq, options.title ?? '');
    return new Session(this.transport, this.cache, id, this.options);
  }

  private async forkAs(newSessionId: string, atSeq: number, title: string): Promise<string> {
    const request = {sessionId: this.id, atSeq, newSessionId, title};
    return (await this.transport.call(methods.forkSession, request)).sessionId;
  }

  /** Asks for a step of forgetting now: for a cache that is cold, or a task that is done. */
  async compact(): Promise<void> {
    await this.transport.call(methods.compactSession, {sessionId: this.id});
  }

  /** Title, times and counts. */
  async info(): Promise<SessionInfo> {
    return this.transport.call(methods.getSession, {sessionId: this.id});
  }

  /** Deletes the session with all that is derived from it; gives the receipt. */
  async delete(): Promise<DeleteSessionResponse> {
    this.digests = undefined;
    return this.transport.call(methods.deleteSession, {sessionId: this.id});
  }

  private view(options: ContextOptions): DeepPartial<View> {
    const reader = options.reader ?? options.model ?? this.options.reader ?? this.options.model;
    const tokenBudget = options.budget ?? this.options.budget;
    const missing = reader === undefined ? 'model' : tokenBudget === undefined ? 'budget' : undefined;
    if (reader === undefined || tokenBudget === undefined) {
      throw new InvalidArgumentError(`${missing ?? ''}: name one here or when the session is made`, 'INVALID_ARGUMENT');
    }
    const asOfSeq = options.asOfSeq ?? 0;
    return {sessionId: this.id, reader, tokenBudget, asOfSeq, policy: policyOf(options.policy ?? this.options.policy)};
  }

  private format(options: {format?: Format; model?: string}): Format {
    const model = options.model ?? this.options.model;
    return options.format ?? this.options.format ?? formatOf(this.reader.shape ?? 'openai-chat', model);
  }
}

/** Makes a session, or finds it. */
export async function openSession(
  transport: Transport,
  sessionId: string,
  title: string,
  metadata?: Record<string, unknown>,
): Promise<SessionInfo> {
  if (typeof sessionId !== 'string') throw new InvalidArgumentError('sessionId: must be a string', 'INVALID_ARGUMENT');
  let metadataJson = '';
  try {
    metadataJson = metadata === undefined ? '' : JSON.stringify(metadata);
  } catch (error) {
    throw new InvalidArgumentError(`metadata: no JSON can hold it: ${(error as Error).message}`, 'INVALID_ARGUMENT');
  }
  try {
    return await transport.call(methods.createSession, {sessionId, title, metadataJson});
  } catch (error) {
    if (error instanceof FoveaError && error instanceof AlreadyExistsError) {
      return transport.call(methods.getSession, {sessionId});
    }
    throw error;
  }
}

/** Appends that are within the server's limits. A turn over them is the server's to refuse, in its words. */
function batched(turns: readonly Turn[]): Turn[][] {
  const batches: Turn[][] = [];
  let size = 0;
  for (const turn of turns) {
    const weight = turns.length === 1 ? 0 : weightOf(turn);
    const batch = batches.at(-1);
    if (batch === undefined || batch.length >= APPEND_TURNS || size + weight > APPEND_BYTES) {
      batches.push([turn]);
      size = weight;
    } else {
      batch.push(turn);
      size += weight;
    }
  }
  return batches;
}

/** About the bytes of a turn on the wire, without encoding it. */
function weightOf(value: unknown): number {
  if (typeof value === 'string') return 3 * value.length;
  if (value instanceof Uint8Array) return value.length + 8;
  if (typeof value !== 'object' || value === null) return 8;
  return Object.values(value).reduce((sum: number, member) => sum + weightOf(member), 8);
}

function wholeNumber(given: Json, name: string, missing?: number): number {
  let value = given[name] ?? missing;
  // Models write "57", too; and #57, since that is how a page names the turn.
  if (typeof value === 'string' && /^#?\d+$/.test(value)) value = Number(value.replace('#', ''));
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw new InvalidArgumentError(`${name}: must be a whole number`, 'INVALID_ARGUMENT');
  }
  return value;
}

function roleName(role: Role): string {
  return Role[role].replace('ROLE_', '').toLowerCase();
}
