// The calls of the API. Requests are partial: what one leaves out has its default, so that a field that the API gets
// changes nothing here.
import {InvalidArgumentError} from './errors.js';
import {
  BuildContextRequest,
  ContextServiceService as contexts,
  DiffEpochsRequest,
  DrawLadderRequest,
  ExplainTurnRequest,
  GetPageRequest,
  GetRecallToolsRequest,
  ListReadersRequest,
} from './generated/fovea/v1/context.js';
import {ReaderServiceService as readers, ReportUsageRequest} from './generated/fovea/v1/reader.js';
import {
  AppendTurnsRequest,
  CompactSessionRequest,
  CreateSessionRequest,
  DeleteSessionRequest,
  ExpandTurnRequest,
  ForkSessionRequest,
  GetSessionRequest,
  ListSessionsRequest,
  PinTurnsRequest,
  ReadTurnsRequest,
  SearchTurnsRequest,
  SessionServiceService as sessions,
  UnpinTurnsRequest,
  type DeepPartial,
} from './generated/fovea/v1/session.js';

/** A call of the API. */
export interface Method<Request, Response> {
  path: string;
  encode: (request: DeepPartial<Request>) => Buffer;
  decode: (answer: Buffer) => Response;
  /** Whether it may be sent again where its fate is unknown. */
  retry: boolean;
  /** Seconds that it may take with its retries, unless the client was given a deadline. */
  seconds: number;
}

const SHORT = 30;
const LONG = 120;

function method<Request, Response>(
  definition: {
    path: string;
    requestSerialize: (value: Request) => Buffer;
    responseDeserialize: (value: Buffer) => Response;
  },
  type: {fromPartial: (request: DeepPartial<Request>) => Request},
  {retry = true, seconds = SHORT}: {retry?: boolean; seconds?: number} = {},
): Method<Request, Response> {
  const write = (request: unknown): Buffer => definition.requestSerialize(type.fromPartial(request as DeepPartial<Request>));
  const encode = (request: DeepPartial<Request>): Buffer => {
    try {
      return write(request);
    } catch (error) {
      const field = culprit(write, request).join('.');
      throw new InvalidArgumentError(`${field}: it does not fit its field: ${String(error)}`, 'INVALID_ARGUMENT');
    }
  };
  return {path: definition.path, encode, decode: definition.responseDeserialize, retry, seconds};
}

/** The path to the field that `write` cannot write. */
function culprit(write: (value: unknown) => unknown, value: unknown): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || ArrayBuffer.isView(value)) return [];
  for (const [name, member] of Object.entries(value)) {
    const alone = (given: unknown): unknown => write({[name]: given});
    try {
      alone(member);
    } catch {
      return [name, ...culprit(alone, member)];
    }
  }
  return [];
}

export const createSession = method(sessions.createSession, CreateSessionRequest);
export const getSession = method(sessions.getSession, GetSessionRequest);
export const listSessions = method(sessions.listSessions, ListSessionsRequest);
// A second receipt would be another.
export const deleteSession = method(sessions.deleteSession, DeleteSessionRequest, {retry: false});
export const forkSession = method(sessions.forkSession, ForkSessionRequest, {seconds: LONG});
// Safe to send again because every append has an idempotency key.
export const appendTurns = method(sessions.appendTurns, AppendTurnsRequest);
export const readTurns = method(sessions.readTurns, ReadTurnsRequest, {seconds: LONG});
export const expandTurn = method(sessions.expandTurn, ExpandTurnRequest);
export const searchTurns = method(sessions.searchTurns, SearchTurnsRequest);
export const pinTurns = method(sessions.pinTurns, PinTurnsRequest);
export const unpinTurns = method(sessions.unpinTurns, UnpinTurnsRequest);
export const compactSession = method(sessions.compactSession, CompactSessionRequest, {retry: false});
export const buildContext = method(contexts.buildContext, BuildContextRequest, {seconds: LONG});
export const planContext = method(contexts.planContext, BuildContextRequest, {seconds: LONG});
export const getPage = method(contexts.getPage, GetPageRequest, {seconds: LONG});
export const explainTurn = method(contexts.explainTurn, ExplainTurnRequest);
export const diffEpochs = method(contexts.diffEpochs, DiffEpochsRequest);
export const drawLadder = method(contexts.drawLadder, DrawLadderRequest, {seconds: LONG});
export const listReaders = method(contexts.listReaders, ListReadersRequest);
export const getRecallTools = method(contexts.getRecallTools, GetRecallToolsRequest);
// Reported twice would count twice.
export const reportUsage = method(readers.reportUsage, ReportUsageRequest, {retry: false});
