// An agent of the AI SDK lives through its adapter against the strict model, and does what it does without it.
import assert from 'node:assert/strict';
import {test} from 'node:test';

import {createOpenAI} from '@ai-sdk/openai';
import {jsonSchema, stepCountIs, streamText, tool, wrapLanguageModel} from 'ai';
import {foveaMiddleware, foveaTools} from 'fovea-memory/ai-sdk';

import {checkLife, lookUp, startFovea, startModel, watch} from './support.mjs';

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
  const epochs = watch(session);
  await life(strict, session);
  const served = await strict.stats();
  await checkLife('ai-sdk', session, epochs, served);
  assert.equal(session.id, 'ai-sdk'); // never forked: the history was seen to grow only
  assert.ok(served.streamed > 0);
  // The same agent without Fovea makes the same calls.
  await strict.reset();
  await life(strict, undefined);
  const plain = await strict.stats();
  assert.deepEqual(plain.refused, []);
  assert.deepEqual(plain.calls, served.calls);
});
