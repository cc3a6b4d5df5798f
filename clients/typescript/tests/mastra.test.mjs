// An agent of Mastra's lives with a model of the AI SDK that the adapter wraps, and does what it does without it.
import assert from 'node:assert/strict';
import {test} from 'node:test';

import {createOpenAI} from '@ai-sdk/openai';
import {jsonSchema, tool, wrapLanguageModel} from 'ai';
import {foveaMiddleware, foveaTools} from 'fovea-memory/ai-sdk';

import {checkLife, lookUp, startFovea, startModel, watch} from './support.mjs';

const QUESTIONS = 20;
// It is large, and not among what CI installs: scripts/test-adapters.sh mastra.
const mastra = await import('@mastra/core/agent').catch(() => undefined);

async function life(strict, session) {
  const chat = createOpenAI({baseURL: `${strict.url}/v1`, apiKey: 'none'}).chat('gpt-4o');
  const model = session ? wrapLanguageModel({model: chat, middleware: foveaMiddleware(session)}) : chat;
  const inputSchema = jsonSchema({type: 'object', properties: {query: {type: 'string'}}, required: ['query']});
  const own = {look_up: tool({description: 'Looks up.', inputSchema, execute: ({query}) => lookUp(query)})};
  const tools = session ? {...own, ...(await foveaTools(session))} : own;
  const agent = new mastra.Agent({id: 'a', name: 'a', instructions: 'Be good.', model, tools});
  const messages = [];
  for (let number = 0; number < QUESTIONS; ++number) {
    messages.push({role: 'user', content: `Question ${number}?`});
    const result = await agent.stream(messages, {maxSteps: 50, modelSettings: {maxRetries: 0}});
    for await (const chunk of result.fullStream) if (chunk.type === 'error') throw chunk.payload.error;
    assert.ok((await result.text).trim());
    messages.push(...(await result.response).messages);
  }
}

test('an agent of Mastra', {skip: mastra ? false : '@mastra/core is not installed'}, async () => {
  const fovea = await startFovea();
  const strict = await startModel();
  const session = await fovea.session('mastra', {model: 'gpt-4o', budget: 6000});
  const epochs = watch(session);
  await life(strict, session);
  const served = await strict.stats();
  // Of messages that are handed back, Mastra joins a step without text to the one before: the session goes on in a fork.
  await checkLife('mastra', session, epochs, served);
  assert.ok(served.streamed > 0);
  // The same agent without Fovea makes the same calls.
  await strict.reset();
  await life(strict, undefined);
  const plain = await strict.stats();
  assert.deepEqual(plain.refused, []);
  assert.deepEqual(plain.calls, served.calls);
});
