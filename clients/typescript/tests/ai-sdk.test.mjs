// An agent of the AI SDK lives through its adapter against the strict model, and does what it does without it.
import assert from 'node:assert/strict';
import {test} from 'node:test';

import {createOpenAI} from '@ai-sdk/openai';
import {jsonSchema, stepCountIs, streamText, tool, wrapLanguageModel} from 'ai';
import {foveaMiddleware, foveaTools} from 'fovea-memory/ai-sdk';

import {lookUp, startFovea, startModel} from './support.mjs';

const QUESTIONS = 16;

async function life(strict, session) {
  const chat = createOpenAI({baseURL: `${strict.url}/v1`, apiKey: 'none'}).chat('gpt-4o');
  const model = session ? wrapLanguageModel({model: chat, middleware: foveaMiddleware(session)}) : chat;
  const inputSchema = jsonSchema({type: 'object', properties: {query: {type: 'string'}}, required: ['query']});
  const own = {look_up: tool({description: 'Looks up.', inputSchema, execute: ({query}) => lookUp(query)})};
  const tools = session ? {...own, ...(await foveaTools(session))} : own;
  const messages = [];
  for (let number = 0; number < QUESTIONS; ++number) {
    messages.push({role: 'user', content: `Question ${number}?`});
    const result = streamText({
      model,
      tools,
      messages,
      system: 'Be good.',
      stopWhen: stepCountIs(50),
      maxRetries: 0,
      onError: ({error}) => {
        throw error;
      },
    });
    assert.ok((await result.text).trim());
    messages.push(...(await result.steps).flatMap((step) => step.response.messages));
  }
}

test('an agent of the AI SDK', async () => {
  const fovea = await startFovea();
  const strict = await startModel();
  const session = await fovea.session('ai-sdk', {model: 'gpt-4o', budget: 6000});
  await life(strict, session);
  const served = await strict.stats();
  assert.deepEqual(served.refused, []);
  assert.ok(session.lastContext.epoch >= 3 && served.pictures > 0);
  assert.ok(served.breaks <= session.lastContext.epoch, `${served.breaks} breaks in ${session.lastContext.epoch} epochs`);
  assert.ok((await session.info()).lastSeq >= 120);
  const exact = await session.recall(4);
  assert.ok(served.recalls_asked > 0 && served.recalls.length === served.recalls_asked);
  assert.ok(served.recalls.every((text) => text.includes(exact)));
  assert.equal(session.id, 'ai-sdk'); // never forked: the history was seen to grow only
  assert.ok(served.streamed > 0 && served.calls.some((calls) => calls.length === 2));
  // The same agent without Fovea makes the same calls.
  await strict.reset();
  await life(strict, undefined);
  const plain = await strict.stats();
  assert.deepEqual(plain.refused, []);
  assert.deepEqual(plain.calls, served.calls);
});
