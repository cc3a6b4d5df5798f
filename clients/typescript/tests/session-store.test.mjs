// Claude Agent SDK's SessionStore: the contracts that its documentation states.
import assert from 'node:assert/strict';
import {test} from 'node:test';

import {FoveaStore} from 'fovea-memory/claude-agent-sdk';

import {startFovea} from './support.mjs';

const KEY = {projectKey: 'proj', sessionId: 'sess'};
const entry = (fields) => ({type: 'x', ...fields});

test('entries come back as they were, in order, once, and apart', async () => {
  const store = new FoveaStore(await startFovea());
  assert.equal(await store.load(KEY), null);
  await store.append(KEY, []);
  assert.equal(await store.load(KEY), null);
  const odd = entry({uuid: 'z', text: 'lone \ud800 half', n: 1.5, deep: {a: [null, true]}});
  const first = [entry({uuid: 'b', n: 1}), entry({uuid: 'a', n: 2}), odd];
  // Called side by side, and kept in the order of the calls.
  await Promise.all([store.append(KEY, first), store.append(KEY, [entry({n: 3}), entry({n: 3})])]);
  await store.append(KEY, [entry({uuid: 'b', n: 1}), entry({uuid: 'a', n: 'other'})]);
  const all = [...first, entry({n: 3}), entry({n: 3})];
  assert.deepEqual(await store.load(KEY), all);
  const sub = {...KEY, subpath: 'subagents/agent-1'};
  assert.equal(await store.load(sub), null);
  await store.append(sub, [entry({n: 4})]);
  await store.append({...KEY, projectKey: 'other'}, [entry({n: 5})]);
  assert.deepEqual(await store.load(sub), [entry({n: 4})]);
  assert.deepEqual(await store.load(KEY), all);
  assert.deepEqual(await store.load({...KEY, projectKey: 'other'}), [entry({n: 5})]);
});

test('lists, subkeys and deletion', async () => {
  const fovea = await startFovea();
  const store = new FoveaStore(fovea);
  const sub = (name) => ({...KEY, subpath: `subagents/${name}`});
  await store.delete({projectKey: 'proj', sessionId: 'never-written'});
  for (const key of [KEY, sub('1'), sub('2'), {...KEY, sessionId: 'b'}, {...KEY, projectKey: 'other'}]) {
    await store.append(key, [entry({n: 1})]);
  }
  const listed = await store.listSessions('proj');
  assert.deepEqual(listed.map(({sessionId}) => sessionId).sort(), ['b', 'sess']);
  assert.ok(listed.every(({mtime}) => Number.isInteger(mtime) && mtime > 1e12));
  assert.deepEqual(await store.listSessions('none'), []);
  assert.deepEqual((await store.listSubkeys(KEY)).sort(), ['subagents/1', 'subagents/2']);
  await store.delete(sub('1'));
  assert.deepEqual(await store.listSubkeys(KEY), ['subagents/2']);
  assert.equal((await store.load(KEY)).length, 1);
  await store.delete(KEY);
  assert.equal(await store.load(KEY), null);
  assert.equal(await store.load(sub('2')), null);
  assert.deepEqual(await store.listSubkeys(KEY), []);
  assert.equal((await store.load({...KEY, sessionId: 'b'})).length, 1);
  assert.equal((await store.load({...KEY, projectKey: 'other'})).length, 1);
});

test('what was said is a memory', async () => {
  const fovea = await startFovea();
  const store = new FoveaStore(fovea);
  const said = {role: 'user', content: 'the needle'};
  const entries = [
    entry({uuid: 'u1', timestamp: '2026-01-01T00:00:00.000Z', message: said}),
    entry({uuid: 'u2', message: {role: 'assistant', content: 5}}),
    entry({uuid: 'u3', isSidechain: true, message: said}),
  ];
  await store.append(KEY, entries);
  await store.append(KEY, entries);
  const memory = await fovea.session(KEY.sessionId);
  assert.deepEqual((await memory.turns()).map(({timeUs}) => timeUs), [1767225600000000]);
  assert.deepEqual((await memory.search('needle')).map(({seq}) => seq), [1]);
  await store.delete(KEY);
  assert.deepEqual(await fovea.sessions(), []);
});
