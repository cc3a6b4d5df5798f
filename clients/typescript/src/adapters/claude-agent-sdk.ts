// Claude Agent SDK: a SessionStore that keeps transcripts in Fovea, and makes a memory of them.
//
//   query({prompt, options: {sessionStore: new FoveaStore(fovea), resume}})
//
// What Claude Code writes is kept entry by entry, and given back for a resume. Beside it, what the user and the assistant
// said is appended to a session whose id is Claude's own session id, so that `fovea-memory mcp --session ID`, search and
// recall know it. Claude Code builds its requests itself: a bounded context in front of the model is `fovea wrap claude`.
import {createHash} from 'node:crypto';

import type {Fovea} from '../client.js';
import {AlreadyExistsError, InvalidArgumentError, NotFoundError} from '../errors.js';
import type {Session as SessionInfo} from '../generated/fovea/v1/session.js';
import {Role, type DeepPartial, type Turn} from '../generated/fovea/v1/turn.js';
import type {Session} from '../session.js';

const KIND = 'claude-agent-sdk.entry';
const MARK = 'claude_agent_sdk';

/** Which transcript: of a session, or of one of its subagents. */
export interface TranscriptKey {
  projectKey: string;
  sessionId: string;
  subpath?: string;
}

/** A line of a transcript. */
export interface TranscriptEntry {
  type: string;
  uuid?: string;
  timestamp?: string;
  [field: string]: unknown;
}

interface Mark {
  project_key: string;
  session_id: string;
  subpath: string;
}

/** For the option sessionStore. Every entry is on disk when append() resolves, and once. */
export class FoveaStore {
  private readonly open = new Map<string, Promise<Session>>();
  private last: Promise<unknown> = Promise.resolve();

  /** `memory`: whether what was said is also appended to a session of its own; left out: true. */
  constructor(
    private readonly fovea: Fovea,
    private readonly options: {memory?: boolean} = {},
  ) {}

  /** Keeps entries. One whose uuid was kept before is not kept again. */
  async append(key: TranscriptKey, entries: TranscriptEntry[]): Promise<void> {
    return this.next(async () => {
      for (const entry of entries) await this.keep(key, entry);
    });
  }

  /** All entries of a key, in their order; null if there are none. */
  async load(key: TranscriptKey): Promise<TranscriptEntry[] | null> {
    return this.next(async () => {
      const id = idOf(key);
      const known = (await this.fovea.sessions()).some(({sessionId}) => sessionId === id);
      if (!known) return null;
      const entries = (await (await this.session(id, key)).turns())
        .flatMap((turn) => turn.parts)
        .map((part) => part.kind)
        .filter((kind) => kind?.$case === 'opaque')
        .map((kind) => JSON.parse(kind.value.data.toString('utf8')) as TranscriptEntry);
      return entries.length > 0 ? entries : null;
    });
  }

  /** The sessions of a project, with the time of their last change. */
  async listSessions(projectKey: string): Promise<{sessionId: string; mtime: number}[]> {
    return (await this.kept(projectKey))
      .filter(({mark, info}) => mark.subpath === '' && info.lastSeq > 0)
      .map(({mark, info}) => ({sessionId: mark.session_id, mtime: Math.floor(info.updatedUs / 1000)}));
  }

  /** The transcripts of a session's subagents. */
  async listSubkeys(key: {projectKey: string; sessionId: string}): Promise<string[]> {
    return (await this.kept(key.projectKey, key.sessionId))
      .filter(({mark, info}) => mark.subpath !== '' && info.lastSeq > 0)
      .map(({mark}) => mark.subpath);
  }

  /** Deletes a transcript; a session's own with those of its subagents and with its memory. */
  async delete(key: TranscriptKey): Promise<void> {
    return this.next(async () => {
      const ids = new Set([idOf(key)]);
      if (!key.subpath) {
        for (const {info} of await this.kept(key.projectKey, key.sessionId)) ids.add(info.sessionId);
        if (this.options.memory !== false) ids.add(key.sessionId);
      }
      const existing = new Set((await this.fovea.sessions()).map(({sessionId}) => sessionId));
      for (const id of ids) {
        this.open.delete(id);
        if (!existing.has(id)) continue;
        try {
          await (await this.fovea.session(id)).delete();
        } catch (error) {
          if (!(error instanceof NotFoundError)) throw error; // somebody else was faster
        }
      }
    });
  }

  /** One after the other: a session is one conversation. */
  private next<Value>(work: () => Promise<Value>): Promise<Value> {
    const done = this.last.then(work, work);
    this.last = done.catch(() => undefined);
    return done;
  }

  private async keep(key: TranscriptKey, entry: TranscriptEntry): Promise<void> {
    const data = Buffer.from(JSON.stringify(entry));
    const turn: DeepPartial<Turn> = {
      role: Role.ROLE_SYSTEM,
      timeUs: timeOf(entry),
      parts: [{kind: {$case: 'opaque', value: {kind: KIND, data}}}],
    };
    const options = entry.uuid ? {idempotencyKey: entry.uuid} : {};
    try {
      await (await this.session(idOf(key), key)).appendTurns([turn], options);
    } catch (error) {
      if (error instanceof AlreadyExistsError) return; // that uuid with other words: the first stays
      throw error;
    }
    const {message} = entry;
    const said = typeof message === 'object' && message !== null && !entry['isSidechain'] && !entry['isMeta'];
    if (this.options.memory === false || key.subpath || !said) return;
    try {
      const memory = await this.session(key.sessionId);
      await memory.append(message, {shape: 'anthropic', timeUs: timeOf(entry), ...options});
    } catch (error) {
      // Nothing that a conversation holds: the entry itself is kept.
      if (!(error instanceof InvalidArgumentError || error instanceof AlreadyExistsError)) throw error;
    }
  }

  private session(id: string, key?: TranscriptKey): Promise<Session> {
    let session = this.open.get(id);
    if (session === undefined) {
      session = this.fovea.session(id, key === undefined ? {} : {metadata: {[MARK]: markOf(key)}});
      this.open.set(id, session);
      session.catch(() => this.open.delete(id));
    }
    return session;
  }

  private async kept(projectKey: string, sessionId?: string): Promise<{mark: Mark; info: SessionInfo}[]> {
    const found: {mark: Mark; info: SessionInfo}[] = [];
    for (const info of await this.fovea.sessions()) {
      const metadata = JSON.parse(info.metadataJson || '{}') as Record<string, Mark | undefined>;
      const mark = metadata[MARK];
      if (mark?.project_key === projectKey && (sessionId === undefined || mark.session_id === sessionId)) {
        found.push({mark, info});
      }
    }
    return found;
  }
}

function markOf(key: TranscriptKey): Mark {
  return {project_key: key.projectKey, session_id: key.sessionId, subpath: key.subpath ?? ''};
}

/** Keys are of any length and any characters, and ids are not. Alike in Python. */
function idOf(key: TranscriptKey): string {
  const named = Object.values(markOf(key)).join('\0');
  return `claude-agent-sdk:${createHash('sha256').update(named).digest('hex')}`;
}

/** Microseconds since the Unix epoch; 0 if the entry does not say. */
function timeOf(entry: TranscriptEntry): number {
  const time = Date.parse(String(entry.timestamp));
  return Number.isNaN(time) || time < 0 ? 0 : time * 1000;
}
