import {Fovea} from 'fovea-memory'; import OpenAI from 'openai'; import {createInterface} from 'node:readline';
const fovea = await Fovea.local(), model = new OpenAI();
const session = await fovea.session('newcomer', {model: 'gpt-4o', budget: 8_000});
for await (const line of createInterface({input: process.stdin})) {
  for (let next = line, reply; next.length > 0; next = await session.answer(reply)) {
    await session.append(next);
    const [{messages}, tools] = [await session.context(), await session.tools()];
    await session.append(reply = await model.chat.completions.create({model: 'gpt-4o', messages, tools}));
    if (reply.choices[0].message.content) console.log(reply.choices[0].message.content);
  }}
