// A channel, deadlines and retries.
import {setTimeout as sleep} from 'node:timers/promises';

import {Client, credentials, Metadata, status, type ServiceError} from '@grpc/grpc-js';

import {fromStatus} from './errors.js';
import type {DeepPartial} from './generated/fovea/v1/session.js';
import type {Method} from './methods.js';

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 500;

/** FOVEA_SERVER, or the socket that fovead listens on if it is told nothing. */
export function defaultAddress(): string {
  const folder = process.env['XDG_RUNTIME_DIR'] ?? '/tmp';
  return process.env['FOVEA_SERVER'] ?? `unix:${folder}/fovea-${process.getuid?.() ?? 0}.sock`;
}

export class Transport {
  private readonly client: Client;
  private readonly metadata = new Metadata();

  constructor(
    private readonly address: string,
    token: string | undefined,
    private readonly deadline: number | undefined,
  ) {
    // A context with its pages can be larger than gRPC's 4 MiB, and so can an append. A channel must find a server that
    // was started again within the deadline of a call.
    this.client = new Client(address, credentials.createInsecure(), {
      'grpc.max_receive_message_length': -1,
      'grpc.max_send_message_length': -1,
      'grpc.initial_reconnect_backoff_ms': 50,
      'grpc.max_reconnect_backoff_ms': 500,
    });
    if (token !== undefined && token !== '') this.metadata.set('authorization', `Bearer ${token}`);
  }

  /** Makes a call; tries again while no server answers. */
  async call<Request, Response>(method: Method<Request, Response>, request: DeepPartial<Request>): Promise<Response> {
    return this.attempt(method, (deadline) => this.unary(method, request, deadline));
  }

  /** The messages of a stream. */
  async stream<Request, Response>(
    method: Method<Request, Response>,
    request: DeepPartial<Request>,
  ): Promise<Response[]> {
    return this.attempt(method, (deadline) => this.serverStream(method, request, deadline));
  }

  close(): void {
    this.client.close();
  }

  private async attempt<Response>(
    {retry, seconds}: {retry: boolean; seconds: number},
    once: (deadline: number) => Promise<Response>,
  ): Promise<Response> {
    const deadline = Date.now() + 1000 * (this.deadline ?? seconds);
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      try {
        return await once(deadline);
      } catch (failure) {
        const error = failure as ServiceError;
        const wait = pause * (0.5 + Math.random() / 2);
        const again = retry && error.code === status.UNAVAILABLE;
        if (!again || Date.now() + wait >= deadline) throw fromStatus(error, this.address);
        await sleep(wait);
      }
    }
  }

  private unary<Request, Response>(
    method: Method<Request, Response>,
    request: DeepPartial<Request>,
    deadline: number,
  ): Promise<Response> {
    return new Promise((resolve, reject) => {
      this.client.makeUnaryRequest(
        method.path,
        method.encode,
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
    request: DeepPartial<Request>,
    deadline: number,
  ): Promise<Response[]> {
    return new Promise((resolve, reject) => {
      const answers: Response[] = [];
      this.client
        .makeServerStreamRequest(
          method.path,
          method.encode,
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
