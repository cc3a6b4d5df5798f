// Runs `fovea wrap` and its sisters in a folder of the test's own.
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { binaries, folder } from './harness.mjs';

const body = JSON.stringify({ model: 'claude-opus-4-8', max_tokens: 5, messages: [{ role: 'user', content: 'hi' }], tools: [{ name: 'x', input_schema: {} }] });
// For an agent's text: `await call()` is one request.
export const call = `const call = (base = process.env.ANTHROPIC_BASE_URL) => fetch(base + '/v1/messages', { method: 'POST', headers: { 'anthropic-version': '1', 'content-type': 'application/json' }, body: ${JSON.stringify(body)} });`;
// For a pi's: `bases`, what the extensions on its command line set.
export const extension = `const args = process.argv.slice(2); const bases = {}; args.forEach((arg, i) => { if (arg === '-e') require(args[i + 1])({ registerProvider: (name, { baseUrl }) => { bases[name] = baseUrl; } }); });`;

export class Workplace {
  constructor() {
    this.folder = folder();
    this.children = [];
    this.path = this.folder.path;
    this.home = join(this.path, 'home');
    this.data = join(this.path, 'data');
    this.runtime = join(this.path, 'run');
    mkdirSync(this.runtime, { mode: 0o700 });
    mkdirSync(this.home);
    mkdirSync(join(this.path, 'bin'));
  }

  // Ends what a failed test has left; what wrap started ends with it.
  remove() { for (const child of this.children) child.kill('SIGKILL'); this.folder.remove(); }

  // A program of this name for the agent's, first in PATH.
  program(name, text) { writeFileSync(join(this.path, 'bin', name), `#!${process.execPath}\n(async () => {${text}})();\n`, { mode: 0o755 }); }

  agent(text) { const path = join(this.path, `agent-${Math.random()}.mjs`); writeFileSync(path, text); return path; }

  environment(extra = {}) {
    const env = { HOME: this.home, PATH: `${this.path}/bin:${process.env.PATH}`, XDG_RUNTIME_DIR: this.runtime, XDG_DATA_HOME: this.data, ...extra };
    for (const [name, value] of Object.entries(env)) if (value === undefined) delete env[name];
    return env;
  }

  // `{out, err, ended}` of fovea-gateway, or of another program.
  run(args, { env = {}, program = join(binaries, 'fovea-gateway'), input } = {}) {
    const child = spawn(program, args, { cwd: this.path, env: this.environment(env), stdio: ['pipe', 'pipe', 'pipe'] });
    this.children.push(child);
    const run = { child, out: '', err: '' };
    child.stdout.on('data', (bytes) => { run.out += bytes; });
    child.stderr.on('data', (bytes) => { run.err += bytes; });
    child.stdin.end(input);
    run.ended = new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal, out: run.out, err: run.err })));
    return run;
  }

  wrap(args, options) { return this.run(['wrap', ...args], options); }

  // An agent of this text on Anthropic's wire.
  wrapAgent(text, options = {}) { return this.wrap([...(options.flags ?? []), '--wire', 'anthropic', '--', process.execPath, this.agent(text)], options); }

  // Programs of this place whose command line has `name`.
  alive(name) {
    return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid)).filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(name) && readFileSync(`/proc/${pid}/environ`, 'latin1').includes(this.path);
      } catch { return false; }
    }).map(Number);
  }

  commandLines(name) { return this.alive(name).map((pid) => { try { return readFileSync(`/proc/${pid}/cmdline`, 'latin1'); } catch { return ''; } }); }
}
