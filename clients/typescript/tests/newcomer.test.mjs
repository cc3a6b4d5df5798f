// examples/newcomer.mjs: ten lines, 200 turns, against the strict model.
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {copyFileSync, readFileSync, symlinkSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {test} from 'node:test';
import {fileURLToPath} from 'node:url';

import {folder, FOVEAD, ROOT, startModel} from './support.mjs';

test('newcomer', async () => {
  const model = await startModel();
  const program = join(ROOT, 'examples', 'newcomer.mjs');
  assert.equal(readFileSync(program, 'utf8').trim().split('\n').length, 10);
  const home = folder();
  // As in a project of the newcomer's own.
  copyFileSync(program, join(home, 'newcomer.mjs'));
  symlinkSync(join(dirname(fileURLToPath(import.meta.url)), '..', 'node_modules'), join(home, 'node_modules'));
  const child = spawn(process.execPath, [join(home, 'newcomer.mjs')], {
    env: {...process.env, OPENAI_BASE_URL: `${model.url}/v1`, OPENAI_API_KEY: 'none', FOVEAD, XDG_DATA_HOME: home},
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const questions = Array.from({length: 105}, (_, i) => `Question ${i}: ${'tell me all of it again, '.repeat(20)}`);
  child.stdin.end(questions.join('\n'));
  let output = '';
  child.stdout.on('data', (data) => (output += data));
  // It ends by itself: nothing holds a program that does not close.
  const code = await new Promise((resolve) => child.once('exit', resolve));
  assert.equal(code, 0);
  assert.deepEqual(
    output.trim().split('\n'),
    Array.from({length: 105}, (_, i) => `Answer ${i + 1}: done.`),
  );
  const stats = await model.stats();
  assert.deepEqual(stats.refused, []);
  assert.ok(stats.pictures > 0 && stats.recalls_asked >= 9);
  assert.ok(stats.recalls.length === stats.recalls_asked && stats.recalls.every((text) => text === 'Answer 2: done.'));
});
