// An agent over each wire for 150 turns and several epochs: nothing refused, prefixes stable, recalls right.
import assert from 'node:assert/strict';
import {before, test} from 'node:test';

import {live, startFovea, startModel, WIRES} from './support.mjs';

let fovea;
let model;
before(async () => {
  fovea = await startFovea();
  model = await startModel();
});

for (const [wire, {reader}] of Object.entries(WIRES)) {
  test(`a life over ${wire}`, async () => {
    await model.reset();
    const session = await fovea.session(`life-${wire}`, {model: reader, budget: 8000});
    const answers = await live(session, model, wire, 16);
    const stats = await model.stats();
    assert.equal(answers.length, 16);
    assert.ok(answers.every(Boolean));
    assert.ok((await session.info()).lastSeq >= 150);
    assert.deepEqual(stats.refused, []);
    assert.ok(session.lastContext.epoch >= 3 && stats.pictures > 0);
    // What came before stays as it was within an epoch: only a new epoch may change it.
    assert.ok(stats.breaks <= session.lastContext.epoch, `${stats.breaks} breaks`);
    assert.ok(stats.recalls_asked >= 4);
    assert.equal(stats.recalls.length, stats.recalls_asked);
    const exact = await session.recall(4);
    assert.ok(exact !== '' && stats.recalls.every((text) => text.includes(exact)));
  });
}
