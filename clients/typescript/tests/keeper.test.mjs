// The server of local() ends with a program that is killed.
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {existsSync, readFileSync} from 'node:fs';
import {test} from 'node:test';
import {setTimeout as sleep} from 'node:timers/promises';

import {Fovea} from 'fovea-memory';

import {folder, FOVEAD} from './support.mjs';

test('the server ends with a program that is killed', async () => {
  const data = folder();
  const options = JSON.stringify({data, binary: FOVEAD});
  const program = `import {Fovea} from 'fovea-memory';
    const fovea = await Fovea.local(${options}); console.log(fovea.server.pid); setTimeout(() => {}, 60_000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    cwd: new URL('..', import.meta.url).pathname,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const pid = Number(await new Promise((resolve) => child.stdout.once('data', resolve)));
  assert.match(readFileSync(`/proc/${pid}/cmdline`, 'utf8'), /fovead/);
  child.kill('SIGKILL');
  for (let waits = 0; waits < 600 && existsSync(`/proc/${pid}`); ++waits) await sleep(50);
  // Its store is free again.
  const fovea = await Fovea.local({data, binary: FOVEAD});
  assert.deepEqual(await fovea.sessions(), []);
  await fovea.close();
});
