// Real agents through `fovea wrap`, against the scripted provider: a task of many turns over real files, over several
// epochs, with a recall, a 529 and a resume. The same task is done without the gateway, and has to leave the same files.
//
//   FOVEA_BIN=build/dev/bin FOVEA_AGENTS=DIR node tests/gateway/agents.mjs [claude] [codex] [pi] [opencode] [gemini] [qwen] [copilot] [codex-compacts] [pi-openai] [pi-google]
//
// Prints a line for each agent; exit code 1 if one of them fails, 77 if none is installed.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Provider } from './provider.mjs';
import { output } from './agent.mjs';
import { binaries, folder, wait } from './harness.mjs';

const installed = process.env.FOVEA_AGENTS ?? join(process.env.HOME, '.cache/fovea/agents');
const steps = Number(process.env.FOVEA_STEPS ?? 26);
const shell = (command) => ({ name: ['Bash', 'bash', 'exec_command', 'shell_command', 'run_shell_command', 'shell'], inputs: { Bash: { command, description: 'x' }, bash: { command, description: 'x' }, run_shell_command: { command, description: 'x', is_background: false }, exec_command: { cmd: command }, shell_command: { command }, shell: { command: ['bash', '-c', command] } } });

// Steps by how often the model was asked in this task; a recall does not count.
function scriptOf(withRecall, overload) {
  let step = 0;
  let recalled = false;
  return (_, body) => {
    const thinking = body.thinking?.type === 'enabled' || body.thinking?.type === 'adaptive' ? 'Let me think.' : undefined;
    const offered = JSON.stringify(body.tools ?? []).includes('"recall"');
    if (withRecall && offered && step === 16 && !recalled) {
      recalled = true;
      return { thinking, text: 'Looking it up.', tools: [{ name: 'recall', input: { seq: 4 } }] };
    }
    if (!(body.tools ?? []).length) return { text: 'A title' };
    step += 1;
    if (step === 8) overload();
    if (step > steps) return { thinking, text: 'All done.' };
    if (step % 4 === 0) return { thinking, text: `Writing ${step}.`, tools: [shell(`echo "note ${step}" >> notes.txt && sha256sum notes.txt`)] };
    return { thinking, text: `Reading ${step}.`, tools: [shell(`cat data/part-${step}.txt | tail -c 6000`)] };
  };
}

const agents = {
  claude: {
    program: 'claude',
    args: (text, resume) => ['-p', text, '--model', 'claude-sonnet-4-5', '--permission-mode', 'bypassPermissions', ...(resume ? ['--continue'] : [])],
    env: { ANTHROPIC_API_KEY: 'sk-ant-test', CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1', DISABLE_AUTOUPDATER: '1', IS_SANDBOX: '1' },
    direct: (url) => ({ env: { ANTHROPIC_BASE_URL: url }, args: [] }),
  },
  codex: {
    program: 'codex',
    args: (text, resume) => ['exec', ...(resume ? ['resume', '--last'] : []), '--skip-git-repo-check', '--dangerously-bypass-approvals-and-sandbox', '-m', 'gpt-5.6', text],
    env: { OPENAI_API_KEY: 'sk-test' },
    direct: (url) => ({ env: {}, args: ['-c', 'model_provider="x"', '-c', 'model_providers.x.name="x"', '-c', `model_providers.x.base_url="${url}/v1"`, '-c', 'model_providers.x.wire_api="responses"', '-c', 'model_providers.x.env_key="OPENAI_API_KEY"'] }),
  },
  pi: {
    program: 'pi',
    args: (text, resume) => ['-p', '--provider', 'anthropic', '--model', 'claude-opus-4-7', ...(resume ? ['--continue'] : []), text],
    env: { ANTHROPIC_API_KEY: 'sk-ant-test' },
    direct: (url, home) => {
      mkdirSync(join(home, '.pi/agent'), { recursive: true });
      writeFileSync(join(home, '.pi/agent/models.json'), JSON.stringify({ providers: { anthropic: { baseUrl: url } } }));
      return { env: {}, args: [] };
    },
  },
  opencode: {
    program: 'opencode',
    args: (text, resume) => ['run', '--model', 'anthropic/claude-opus-4-7', ...(resume ? ['--continue'] : []), text],
    env: { ANTHROPIC_API_KEY: 'sk-ant-test', OPENCODE_DISABLE_AUTOUPDATE: '1', OPENCODE_PERMISSION: '{"*":"allow"}' },
    direct: (url) => ({ env: { OPENCODE_CONFIG_CONTENT: JSON.stringify({ provider: { anthropic: { options: { baseURL: `${url}/v1` } } } }) }, args: [] }),
  },
  gemini: {
    program: 'gemini',
    args: (text, resume) => ['--yolo', '--skip-trust', '-m', 'gemini-3-pro-preview', ...(resume ? ['--resume', 'latest'] : []), '-p', text],
    prepare: (home) => { mkdirSync(join(home, '.gemini')); writeFileSync(join(home, '.gemini/settings.json'), JSON.stringify({ security: { auth: { selectedType: 'gemini-api-key' } } })); },
    env: { GEMINI_API_KEY: 'k', GEMINI_CLI_TRUST_WORKSPACE: 'true' },
    direct: (url) => ({ env: { GOOGLE_GEMINI_BASE_URL: url }, args: [] }),
  },
  qwen: {
    program: 'qwen',
    args: (text, resume) => ['--yolo', '--auth-type', 'openai', '-m', 'qwen3-coder', ...(resume ? ['--continue'] : []), '-p', text],
    env: { OPENAI_API_KEY: 'sk-test', OPENAI_MODEL: 'qwen3-coder' },
    direct: (url) => ({ env: { OPENAI_BASE_URL: `${url}/v1` }, args: [] }),
  },
  copilot: {
    program: 'copilot',
    args: (text, resume) => ['--allow-all-tools', '--no-color', ...(resume ? ['--continue'] : []), '-p', text],
    env: { COPILOT_PROVIDER_API_KEY: 'sk-test', COPILOT_PROVIDER_TYPE: 'openai', COPILOT_MODEL: 'gpt-5.6', COPILOT_OFFLINE: 'true' },
    direct: (url) => ({ env: { COPILOT_PROVIDER_BASE_URL: `${url}/v1` }, args: [] }),
  },
};

// Codex that has its history compacted again and again, by the gateway.
agents['codex-compacts'] = {
  ...agents.codex,
  as: 'codex',
  args: (text, resume) => agents.codex.args(text, resume).toSpliced(-1, 0, '-c', 'model_auto_compact_token_limit=11500'),
  proof: /compaction: a handle stands for the conversation/,
};

// pi speaks the wire of each vendor.
for (const [vendor, model, key] of [['openai', 'gpt-5.1', 'OPENAI_API_KEY'], ['google', 'gemini-2.5-pro', 'GEMINI_API_KEY']]) {
  agents[`pi-${vendor}`] = {
    ...agents.pi,
    as: 'pi',
    args: (text, resume) => ['-p', '--provider', vendor, '--model', model, ...(resume ? ['--continue'] : []), text],
    env: { [key]: 'sk-test' },
    direct: (url, home) => {
      mkdirSync(join(home, '.pi/agent'), { recursive: true });
      writeFileSync(join(home, '.pi/agent/models.json'), JSON.stringify({ providers: { [vendor]: { baseUrl: `${url}/${vendor === 'google' ? 'v1beta' : 'v1'}` } } }));
      return { env: {}, args: [] };
    },
  };
}

function workplace(place, name, agent) {
  const home = join(place.path, `${name}-home`);
  const work = join(place.path, `${name}-work`);
  mkdirSync(join(work, 'data'), { recursive: true });
  mkdirSync(home, { recursive: true });
  agent.prepare?.(home);
  for (let i = 0; i <= steps; i += 1) writeFileSync(join(work, 'data', `part-${i}.txt`), output('part', i, 6000));
  return { home, work };
}

function run(command, args, { cwd, env, seconds = 240 }) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    const timer = setTimeout(() => child.kill('SIGKILL'), seconds * 1000);
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => { out += bytes; });
    child.on('exit', (code) => { clearTimeout(timer); resolve({ code, out }); });
    child.on('error', (error) => { clearTimeout(timer); resolve({ code: 127, out: error.message }); });
  });
}

// Files that the agent wrote for itself and that hold a tool of Fovea's: its transcripts must not.
function filesWithOurTools(home) {
  const found = [];
  for (const entry of readdirSync(home, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath ?? entry.path, entry.name);
    if (!entry.isFile() || path.startsWith(join(home, 'share', 'fovea'))) continue;
    const text = readFileSync(path, 'latin1');
    if (/"name": ?"(recall|search)"|\\"name\\": ?\\"(recall|search)\\"/.test(text)) found.push(path.slice(home.length + 1));
  }
  return found;
}

// How many files the agent wrote that hold what the model said in its own steps: else the search for tools would prove nothing.
const transcriptsOf = (home) => readdirSync(home, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath ?? entry.path, entry.name)).filter((path) => !path.startsWith(join(home, 'share', 'fovea')) && readFileSync(path, 'latin1').includes('Reading 5.')).length;

const filesOf = (work) => readdirSync(work, { recursive: true }).filter((name) => !name.startsWith('.')).sort().map((name) => { try { return [name, readFileSync(join(work, name), 'utf8')]; } catch { return [name, null]; } });

async function task(name, agent, place, wrapped) {
  const { home, work } = workplace(place, `${name}-${wrapped ? 'wrapped' : 'direct'}`, agent);
  const provider = await new Provider({ script: scriptOf(wrapped, () => provider.failing.push({ status: 529, times: 1, headers: { 'retry-after': '1' } })), pieces: 113 }).listen();
  const base = { PATH: `${join(installed, 'node_modules/.bin')}:${process.env.PATH}`, HOME: home, TERM: 'dumb', LANG: 'C.UTF-8', ...agent.env };
  const actions = () => provider.requests.filter((r) => r.wire);
  const once = (text, resume) => {
    if (!wrapped) {
      const direct = agent.direct(provider.url, home);
      const args = agent.args(text, resume);
      return run(agent.program, agent.program === 'codex' ? [...direct.args, ...args] : args, { cwd: work, env: { ...base, ...direct.env } });
    }
    return run(join(binaries, 'fovea-gateway'), ['wrap', '--force', '--budget', '12000', '--reader', 'claude', '--anthropic-upstream', provider.url, '--openai-upstream', provider.url, '--gemini-upstream', provider.url, agent.as ?? name, ...agent.args(text, resume)],
      { cwd: work, env: { ...base, XDG_RUNTIME_DIR: home, XDG_DATA_HOME: join(home, 'share') } });
  };
  const first = await once('Please keep notes on the data.', false);
  provider.script = [{ text: 'Resumed.' }];
  const second = await once('Are you still there?', true);
  const calls = actions();
  const result = { first, second, files: filesOf(work), refused: provider.refused, calls: calls.length, overloaded: calls.filter((r) => r.status === 529).length, offered: calls.filter((r) => JSON.stringify(r.body?.tools ?? []).includes('"recall"')).length, recalls: calls.filter((r) => r.answer?.tools?.some((t) => t.name === 'recall')).length, home };
  if (wrapped) {
    result.ours = filesWithOurTools(home);
    result.transcripts = transcriptsOf(home);
    await wait(200);
    const books = await run(join(binaries, 'fovea-gateway'), ['savings', '--json', '--by', 'reason'], { cwd: work, env: { ...base, XDG_RUNTIME_DIR: home, XDG_DATA_HOME: join(home, 'share') } });
    try { result.rows = JSON.parse(books.out).rows; } catch { result.rows = []; }
  }
  await provider.close();
  return result;
}

let failed = 0;
let tried = 0;
const chosen = process.argv.slice(2).length ? process.argv.slice(2) : Object.keys(agents);
for (const name of chosen) {
  const agent = agents[name];
  if (!existsSync(join(installed, 'node_modules/.bin', agent.program))) { console.log(`${name}: skipped, not in ${installed}`); continue; }
  tried += 1;
  const place = folder();
  const direct = await task(name, agent, place, false);
  const wrapped = await task(name, agent, place, true);
  const same = JSON.stringify(direct.files) === JSON.stringify(wrapped.files);
  const compressed = wrapped.rows.reduce((sum, row) => sum + row.compressed, 0);
  const notes = wrapped.files.find(([file]) => file === 'notes.txt')?.[1].split('\n').length ?? 0;
  const epochs = new Set(wrapped.rows.map((row) => /epoch \d+/.exec(row.key)?.[0]).filter(Boolean)).size;
  const fine = same && wrapped.ours.length === 0 && notes > 5 && epochs > 2 && wrapped.recalls === 1 && wrapped.overloaded === 1 && wrapped.refused.length === 0 && wrapped.first.code === 0 && wrapped.second.code === 0 && compressed > 0 && (!agent.proof || wrapped.rows.some((row) => agent.proof.test(row.key)));
  console.log(`${name}: ${fine ? 'fine' : 'FAILED'}: ${direct.calls} calls directly, ${wrapped.calls} wrapped, ${compressed} compressed over ${epochs} epochs, ${wrapped.overloaded} answered 529, ${wrapped.recalls} recalls inside, ${wrapped.refused.length} refused, ${same ? 'the same files' : 'OTHER FILES'}, Fovea's tools in ${wrapped.ours.length} of ${wrapped.transcripts} transcripts, exit codes ${wrapped.first.code} and ${wrapped.second.code}`);
  if (!fine || process.env.FOVEA_VERBOSE) console.log(JSON.stringify({ rows: wrapped.rows.map((r) => [r.key, r.requests]), refused: wrapped.refused.slice(0, 3), ours: wrapped.ours, direct: direct.first.out.slice(-600), first: wrapped.first.out.slice(-1500), second: wrapped.second.out.slice(-500) }, null, 1));
  if (!fine) failed += 1;
  place.remove();
}
process.exit(failed ? 1 : tried ? 0 : 77);
