// Starts programs for tests, in folders of their own, and ends them.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import http from 'node:http';
import net from 'node:net';
import { createInterface } from 'node:readline';

export const binaries = process.env.FOVEA_BIN;
if (!binaries) throw new Error('FOVEA_BIN: the folder of fovead and fovea-gateway is wanted');

export function folder() {
  const path = mkdtempSync(join(tmpdir(), 'fovea-gateway-test-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

// Resolves when a line of standard output fits; keeps what it wrote to standard error.
export function start(program, args, { until, env = {} }) {
  const child = spawn(join(binaries, program), args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const running = { child, log: '', ended: new Promise((resolve) => child.on('exit', (code, signal) => resolve({ code, signal }))) };
  child.stderr.on('data', (bytes) => { running.log += bytes; });
  running.stop = async (signal = 'SIGTERM') => { if (child.exitCode === null && child.signalCode === null) child.kill(signal); return running.ended; };
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const found = until.exec(line);
      if (found) resolve(Object.assign(running, { found }));
    });
    child.on('exit', (code) => reject(new Error(`${program} ended with ${code}: ${running.log}`)));
  });
}

export async function startFovead(place) {
  const socket = `unix:${place.path}/fovead.sock`;
  const fovead = await start('fovead', ['--data', join(place.path, 'data'), '--listen', socket, '--threads', '1', '--log-level', 'warning'], { until: /listening/ });
  return Object.assign(fovead, { address: socket });
}

export async function startGateway(place, upstream, args = [], env = {}) {
  const gateway = await start('fovea-gateway', ['serve', '--listen', '127.0.0.1:0', '--anthropic-upstream', upstream, '--openai-upstream', upstream, '--gemini-upstream', upstream,
    ...(args.includes('--database') ? [] : ['--database', join(place.path, 'gateway.db')]), '--server', `unix:${place.path}/fovead.sock`, ...args], { until: /listening on port (\d+)/, env });
  gateway.port = Number(gateway.found[1]);
  gateway.url = `http://127.0.0.1:${gateway.port}`;
  return gateway;
}

// One request, with the bytes of the answer as they came: {status, headers, rawHeaders, body, pieces, complete}.
export function ask(port, { method = 'POST', path = '/', headers = {}, body = '', agent, signal } = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request({ host: '127.0.0.1', port, method, path, headers, agent, signal, setHost: !('host' in headers) });
    request.on('error', reject);
    request.on('response', (response) => {
      const pieces = [];
      response.on('data', (bytes) => pieces.push({ at: performance.now(), bytes }));
      const done = () => resolve({ status: response.statusCode, headers: response.headers, rawHeaders: response.rawHeaders, body: Buffer.concat(pieces.map((p) => p.bytes)), pieces, complete: response.complete });
      response.on('end', done);
      response.on('error', done);
    });
    request.end(body);
  });
}

// Sends bytes as they are, and gives all that comes until the other side closes or is silent for `patience` ms.
export function raw(port, bytes, patience = 1000) {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () => socket.write(bytes));
    const got = [];
    socket.setTimeout(patience, () => socket.destroy());
    socket.on('data', (data) => got.push(data));
    socket.on('error', () => {});
    socket.on('close', () => resolve(Buffer.concat(got).toString('latin1')));
  });
}

export const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export async function eventually(check, patience = 5000) {
  const end = performance.now() + patience;
  for (;;) {
    const value = await check();
    if (value) return value;
    if (performance.now() > end) throw new Error('it never came true');
    await wait(10);
  }
}
