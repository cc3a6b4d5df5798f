// The server is killed while it takes appends: each is acknowledged once, none is there twice, nothing hangs.
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {createConnection, createServer} from 'node:net';
import {test} from 'node:test';

import {DeadlineExceededError, Fovea, UnavailableError} from 'fovea-memory';

import {atEnd, folder, FOVEAD} from './support.mjs';

const APPENDS = 1000;
const KILLS = 4;
const DEADLINE = 20;

test('killed during 1,000 appends', async () => {
  const home = folder();
  const address = `unix:${home}/s`;
  let server;
  const start = async () => {
    const child = spawn(FOVEAD, ['--listen', address, '--data', `${home}/data`], {stdio: ['ignore', 'pipe', 'ignore']});
    server = child;
    await once(child.stdout, 'data');
  };
  const kill = async () => {
    const ended = once(server, 'exit');
    server.kill('SIGKILL');
    await ended;
  };
  atEnd(kill);
  await start();
  const fovea = Fovea.connect({address, deadline: DEADLINE});
  const session = await fovea.session('s');
  const acknowledged = [];
  let kills = 0;
  const haunt = (async () => {
    for (; kills < KILLS; ++kills) {
      while (acknowledged.length < ((kills + 1) * APPENDS) / (KILLS + 1)) {
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      await kill();
      await start();
    }
  })();
  for (let number = 0; number < APPENDS; ++number) {
    const began = Date.now();
    const {first} = await session.append({role: 'user', content: `message ${number}`});
    assert.ok(Date.now() - began < 1000 * (DEADLINE + 1));
    acknowledged.push(first);
  }
  await haunt;
  const texts = (await session.turns()).map((turn) => turn.parts[0].kind.value.text.toString());
  await fovea.close();
  assert.equal(kills, KILLS);
  assert.deepEqual(
    acknowledged,
    Array.from({length: APPENDS}, (_, index) => index + 1),
  );
  assert.deepEqual(
    texts,
    Array.from({length: APPENDS}, (_, index) => `message ${index}`),
  );
});

test('a server that is slow to greet is waited for', async () => {
  // A busy machine is as slow as that: a connection that is given up early is never made.
  const home = folder();
  const server = spawn(FOVEAD, ['--listen', `unix:${home}/s`, '--data', `${home}/data`], {stdio: ['ignore', 'pipe', 'ignore']});
  atEnd(() => server.kill('SIGKILL'));
  await once(server.stdout, 'data');
  const slow = createServer((client) => {
    client.pause();
    setTimeout(() => {
      const behind = createConnection(`${home}/s`);
      for (const socket of [client, behind]) socket.on('error', () => {});
      client.pipe(behind).pipe(client);
    }, 1500);
  }).listen(`${home}/slow`);
  atEnd(() => slow.close());
  const fovea = Fovea.connect({address: `unix:${home}/slow`, deadline: DEADLINE});
  const began = Date.now();
  await (await fovea.session('s')).append('hello');
  assert.ok(Date.now() - began < 10_000);
  await fovea.close();
});

test('no server is an error within the deadline', async () => {
  const fovea = Fovea.connect({address: `unix:${folder()}/none`, deadline: 1});
  const began = Date.now();
  await assert.rejects(
    fovea.session('s'),
    (error) => error instanceof UnavailableError || error instanceof DeadlineExceededError,
  );
  assert.ok(Date.now() - began < 2500);
  await fovea.close();
});

test('a server that does not start says why', async () => {
  const data = folder();
  const fovea = await Fovea.local({data, binary: FOVEAD});
  await assert.rejects(Fovea.local({data, binary: FOVEAD}), /did not start: .*[a-z]/s);
  await assert.rejects(Fovea.local({data, binary: '/none'}), /did not start/);
  const {pid} = fovea.server;
  await fovea.close();
  assert.throws(() => process.kill(pid, 0));
});
