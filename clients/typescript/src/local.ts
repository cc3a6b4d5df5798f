// A fovead of one's own, started and stopped with the program that uses it.
import {spawn, type ChildProcess} from 'node:child_process';
import {accessSync, closeSync, constants, mkdtempSync, openSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {delimiter, join} from 'node:path';

import {FailedPreconditionError, NotFoundError} from './errors.js';

const START_MS = 20_000;
// fovead finishes calls in progress for up to 20 seconds.
const STOP_MS = 25_000;

const IN_USE = '; connect() to the server that uses it, or give local() another folder for its data';

// Ends the server when standard input ends, which it does however the program that uses it ends. Prints the server's
// process id first.
const KEEPER = `
exec 3<&0
"$@" </dev/null 3<&- &
pid=$!
echo $pid
{ read -r line <&3; kill -TERM $pid; } >/dev/null 2>&1 &
exec 3<&-
wait $pid
`;

export interface LocalOptions {
  /** The folder of its store, which stays; left out: fovead's own default. */
  data?: string;
  /** The program; left out: FOVEAD in the environment, or `fovead` on the PATH. */
  binary?: string;
}

function onPath(name: string): string | undefined {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const file = join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // not here
    }
  }
  return undefined;
}

/** A running fovead. */
export class LocalServer {
  private readonly atExit = (): void => {
    rmSync(this.folder, {recursive: true, force: true});
  };

  private constructor(
    private readonly child: ChildProcess,
    private readonly folder: string,
    /** Where it listens. */
    readonly address: string,
    /** The server's process id. */
    readonly pid: number,
  ) {
    process.once('exit', this.atExit);
  }

  /** Starts it and waits until it serves. */
  static async start(options: LocalOptions = {}): Promise<LocalServer> {
    const program = options.binary ?? process.env['FOVEAD'] ?? onPath('fovead');
    if (program === undefined) {
      throw new NotFoundError(
        "there is no fovead on the PATH; install it (scripts/install.sh in Fovea's sources), or name it with binary or FOVEAD",
        'NOT_FOUND',
      );
    }
    const folder = mkdtempSync(join(tmpdir(), 'fovea-'));
    const address = `unix:${folder}/fovead.sock`;
    const log = join(folder, 'log');
    const words = openSync(log, 'w');
    const data = options.data === undefined ? [] : ['--data', options.data];
    const child = spawn('/bin/sh', ['-c', KEEPER, 'sh', program, '--listen', address, ...data], {
      stdio: ['pipe', 'pipe', words],
      // A Ctrl-C at the terminal is for the program that uses it, which stops it.
      detached: true,
    });
    closeSync(words);
    let pid: number;
    try {
      pid = await serves(child);
    } catch (problem) {
      killGroup(child);
      const said = readFileSync(log, 'utf8').trim().slice(-2000);
      rmSync(folder, {recursive: true, force: true});
      throw new FailedPreconditionError(
        `${program} did not start: ${said || (problem as Error).message}${said.includes('is in use by another') ? IN_USE : ''}`,
        'FAILED_PRECONDITION',
      );
    }
    // The program may end without close(); then atExit stops the server.
    child.unref();
    for (const pipe of [child.stdin, child.stdout]) (pipe as unknown as {unref?: () => void} | null)?.unref?.();
    return new LocalServer(child, folder, address, pid);
  }

  /** Stops it; what was appended is on disk. Does nothing the second time. */
  async stop(): Promise<void> {
    process.off('exit', this.atExit);
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const ended = new Promise((resolve) => this.child.once('exit', resolve));
      this.child.ref();
      this.child.stdin?.destroy();
      const timer = setTimeout(() => {
        killGroup(this.child);
      }, STOP_MS);
      await ended;
      clearTimeout(timer);
    }
    rmSync(this.folder, {recursive: true, force: true});
  }
}

/** The server and its keeper. */
function killGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // it has ended
  }
}

/** Resolves to the server's process id when it prints its line, which it does when it serves. */
function serves(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error('it did not serve in time'));
    }, START_MS);
    let said = '';
    child.once('error', reject);
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`it ended with ${String(code)}`));
    });
    child.stdout?.on('data', (bytes: Buffer) => {
      said += bytes.toString();
      if (said.split('\n').length <= 2) return;
      clearTimeout(timer);
      resolve(parseInt(said, 10));
    });
  });
}
