// An agent over each wire for 150 turns and several epochs: nothing refused, prefixes stable, recalls right.
import assert from 'node:assert/strict';
import {before, test} from 'node:test';

import {checkLife, live, startFovea, startModel, watch, WIRES} from './support.mjs';

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
    const epochs = watch(session);
    const answers = await live(session, model, wire, 16);
    assert.equal(answers.length, 16);
    assert.ok(answers.every(Boolean));
    await checkLife(wire, session, epochs, await model.stats());
  });
}
