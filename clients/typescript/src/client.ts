// A connection to a server.
import type {Reader} from './generated/fovea/v1/context.js';
import type {Session as SessionInfo} from './generated/fovea/v1/session.js';
import {LocalServer, type LocalOptions} from './local.js';
import * as methods from './methods.js';
import type {ConnectOptions, SessionOptions} from './options.js';
import {PageCache} from './pages.js';
import {openSession, Session} from './session.js';
import {defaultAddress, secured, Transport} from './transport.js';

const PAGE_BYTES = 256 << 20;

/** A connection to a server. */
export class Fovea {
  private readonly cache: PageCache;

  private constructor(
    private readonly transport: Transport,
    pageBytes: number | undefined,
    /** The server that local() started. */
    readonly server?: LocalServer,
  ) {
    this.cache = new PageCache(pageBytes ?? PAGE_BYTES);
  }

  /** Connects to a server; the connection is made when it is needed, and made again when it breaks. */
  static connect(options: ConnectOptions = {}): Fovea {
    const token = options.token ?? process.env['FOVEA_TOKEN'];
    const transport = new Transport(options.address ?? defaultAddress(), token, options.deadline, secured(options));
    return new Fovea(transport, options.pageBytes);
  }

  /** Starts a server of one's own, which close() or the end of the program stops. What it keeps stays. */
  static async local(options: LocalOptions & Pick<ConnectOptions, 'deadline' | 'pageBytes'> = {}): Promise<Fovea> {
    const server = await LocalServer.start(options);
    return new Fovea(new Transport(server.address, undefined, options.deadline), options.pageBytes, server);
  }

  /** Finds a session, or makes it. The options are what its calls use where they do not name it. */
  async session(sessionId: string, options: SessionOptions = {}): Promise<Session> {
    const made = await openSession(this.transport, sessionId, options.title ?? '', options.metadata);
    return new Session(this.transport, this.cache, made.sessionId, options);
  }

  /** All sessions of the tenant, oldest first. */
  async sessions(): Promise<SessionInfo[]> {
    const found: SessionInfo[] = [];
    let pageToken = '';
    do {
      const answer = await this.transport.call(methods.listSessions, {pageSize: 1000, pageToken});
      found.push(...answer.sessions);
      pageToken = answer.nextPageToken;
    } while (pageToken !== '');
    return found;
  }

  /** The models that the server knows: what they cost, and how small they read. `reader`: only what it finds. */
  async readers(reader = ''): Promise<Reader[]> {
    return (await this.transport.call(methods.listReaders, {reader})).readers;
  }

  /** Ends the connection, and the server if local() started it. */
  async close(): Promise<void> {
    this.transport.close();
    await this.server?.stop();
  }
}
