import fovea, openai
model = openai.OpenAI()
session = fovea.Fovea.local().session("newcomer", model="gpt-4o", budget=8_000)
for message in open(0):
    while message:
        session.append(message)
        reply = model.chat.completions.create(model="gpt-4o", messages=session.context().messages, tools=session.tools())
        session.append(reply)
        message = session.answer(reply)
    print(reply.choices[0].message.content)
