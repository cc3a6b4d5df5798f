// A channel, deadlines and retries.
import {readFileSync} from 'node:fs';
import {setTimeout as sleep} from 'node:timers/promises';

import {Client, credentials, Metadata, status, type ChannelCredentials, type ServiceError} from '@grpc/grpc-js';

import {FailedPreconditionError, fromStatus, InvalidArgumentError} from './errors.js';
import type {DeepPartial} from './generated/fovea/v1/session.js';
import type {Method} from './methods.js';
import type {ConnectOptions} from './options.js';

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 500;
const LONGEST_DEADLINE = 86_400;

const asItIs = (bytes: Buffer): Buffer => bytes;

/** FOVEA_SERVER, or the socket that fovead listens on if it is told nothing. */
export function defaultAddress(): string {
  const folder = process.env['XDG_RUNTIME_DIR'] ?? '/tmp';
  return process.env['FOVEA_SERVER'] ?? `unix:${folder}/fovea-${process.getuid?.() ?? 0}.sock`;
}

/** What the options say of encryption. */
export function secured({tls = false, certificate}: ConnectOptions): ChannelCredentials {
  if (tls === false) {
    if (certificate === undefined) return credentials.createInsecure();
    throw new InvalidArgumentError('certificate: it is of no use without tls', 'INVALID_ARGUMENT');
  }
  const authorities = tls === true ? null : read('tls', tls);
  if (certificate === undefined) return credentials.createSsl(authorities);
  const {chain, key} = certificate;
  return credentials.createSsl(authorities, read('certificate.key', key), read('certificate.chain', chain));
}

function read(name: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new InvalidArgumentError(`${name}: ${String(error)}`, 'INVALID_ARGUMENT');
  }
}

/** The milliseconds after which a server that has too much to do wants to be asked again. */
function pushbackOf({code, metadata}: ServiceError): number | undefined {
  if (code !== status.RESOURCE_EXHAUSTED) return undefined;
  const value = String(metadata.get('grpc-retry-pushback-ms')[0]);
  return /^\d+$/.test(value) ? Number(value) : undefined;
}

export class Transport {
  private readonly client: Client;
  private readonly metadata = new Metadata();
  private closed = false;

  constructor(
    private readonly address: string,
    token: string | undefined,
    private readonly deadline: number | undefined,
    secure = credentials.createInsecure(),
  ) {
    if (typeof address !== 'string' || address === '' || /^https?:\/\//i.test(address)) {
      throw new InvalidArgumentError('address: it must be HOST:PORT or unix:PATH', 'INVALID_ARGUMENT');
    }
    if (deadline !== undefined && !(Number.isFinite(deadline) && deadline > 0 && deadline <= LONGEST_DEADLINE)) {
      const wanted = `more than 0 and at most ${LONGEST_DEADLINE} seconds`;
      throw new InvalidArgumentError(`deadline: it must be ${wanted}`, 'INVALID_ARGUMENT');
    }
    // As a header of HTTP has it.
    if (token !== undefined && !/^[ -~]*$/.test(token)) {
      throw new InvalidArgumentError('token: it must be a string of printable ASCII', 'INVALID_ARGUMENT');
    }
    // A context with its pages can be larger than gRPC's 4 MiB, and so can an append. A channel must find a server that
    // was started again within the deadline of a call.
    this.client = new Client(address, secure, {
      'grpc.max_receive_message_length': -1,
      'grpc.max_send_message_length': -1,
      'grpc.initial_reconnect_backoff_ms': 50,
      'grpc.max_reconnect_backoff_ms': 500,
    });
    if (token !== undefined && token !== '') this.metadata.set('authorization', `Bearer ${token}`);
  }

  /** Makes a call; tries again while no server answers. */
  async call<Request, Response>(method: Method<Request, Response>, request: DeepPartial<Request>): Promise<Response> {
    const bytes = method.encode(request);
    return this.attempt(method, (deadline) => this.unary(method, bytes, deadline));
  }

  /** The messages of a stream. */
  async stream<Request, Response>(
    method: Method<Request, Response>,
    request: DeepPartial<Request>,
  ): Promise<Response[]> {
    const bytes = method.encode(request);
    return this.attempt(method, (deadline) => this.serverStream(method, bytes, deadline));
  }

  close(): void {
    this.closed = true;
    this.client.close();
  }

  private async attempt<Response>(
    {retry, seconds}: {retry: boolean; seconds: number},
    once: (deadline: number) => Promise<Response>,
  ): Promise<Response> {
    if (this.closed) throw new FailedPreconditionError('the connection is closed', 'FAILED_PRECONDITION');
    const deadline = Date.now() + 1000 * (this.deadline ?? seconds);
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      try {
        return await once(deadline);
      } catch (failure) {
        const error = failure as ServiceError;
        let wait = pause * (0.5 + Math.random() / 2);
        const pushback = pushbackOf(error);
        const again = error.code === status.UNAVAILABLE || pushback !== undefined;
        wait += pushback ?? 0;
        if (!retry || !again || Date.now() + wait >= deadline) throw fromStatus(error, this.address);
        await sleep(wait);
      }
    }
  }

  private unary<Request, Response>(
    method: Method<Request, Response>,
    request: Buffer,
    deadline: number,
  ): Promise<Response> {
    return new Promise((resolve, reject) => {
      this.client.makeUnaryRequest(
        method.path,
        asItIs,
        method.decode,
        request,
        this.metadata,
        {deadline},
        (error, answer) => {
          if (error !== null) reject(error);
          else resolve(answer as Response);
        },
      );
    });
  }

  private serverStream<Request, Response>(
    method: Method<Request, Response>,
    request: Buffer,
    deadline: number,
  ): Promise<Response[]> {
    return new Promise((resolve, reject) => {
      const answers: Response[] = [];
      this.client
        .makeServerStreamRequest(
          method.path,
          asItIs,
          method.decode,
          request,
          this.metadata,
          {deadline},
        )
        .on('data', (answer: Response) => answers.push(answer))
        .on('error', reject)
        .on('end', () => {
          resolve(answers);
        });
    });
  }
}
