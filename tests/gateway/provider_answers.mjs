// A scripted answer in each wire's form, streamed or whole.

const event = (name, data) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
const halves = (text) => { const at = Math.floor(text.length / 2); return at ? [text.slice(0, at), text.slice(at)] : [text]; };

function anthropic({ answer, body, usage, stream, number }) {
  const content = [];
  if (answer.thinking) content.push({ type: 'thinking', thinking: answer.thinking, signature: Buffer.from(`signature-${number}`).toString('base64') });
  if (answer.text) content.push({ type: 'text', text: answer.text });
  for (const tool of answer.tools) content.push({ type: 'tool_use', id: `toolu_${number}_${tool.id}`, name: tool.name, input: tool.input ?? {} });
  const stop = answer.tools.length ? 'tool_use' : 'end_turn';
  const counts = { input_tokens: usage.input, cache_creation_input_tokens: usage.written, cache_read_input_tokens: usage.cached, output_tokens: usage.output_tokens };
  const message = { id: `msg_${number}`, type: 'message', role: 'assistant', model: body.model, content, stop_reason: stop, stop_sequence: null, usage: counts };
  if (!stream) return { type: 'application/json', bytes: Buffer.from(JSON.stringify(message)) };
  let out = event('message_start', { type: 'message_start', message: { ...message, content: [], stop_reason: null, usage: { ...counts, output_tokens: 1 } } });
  out += event('ping', { type: 'ping' });
  content.forEach((part, index) => {
    const start = part.type === 'text' ? { type: 'text', text: '' } : part.type === 'thinking' ? { type: 'thinking', thinking: '', signature: '' } : { ...part, input: {} };
    out += event('content_block_start', { type: 'content_block_start', index, content_block: start });
    const deltas = part.type === 'text' ? halves(part.text).map((text) => ({ type: 'text_delta', text }))
      : part.type === 'thinking' ? [...halves(part.thinking).map((thinking) => ({ type: 'thinking_delta', thinking })), { type: 'signature_delta', signature: part.signature }]
        : halves(JSON.stringify(part.input)).map((partial_json) => ({ type: 'input_json_delta', partial_json }));
    for (const delta of deltas) out += event('content_block_delta', { type: 'content_block_delta', index, delta });
    out += event('content_block_stop', { type: 'content_block_stop', index });
  });
  out += event('message_delta', { type: 'message_delta', delta: { stop_reason: stop, stop_sequence: null }, usage: { output_tokens: counts.output_tokens } });
  out += event('message_stop', { type: 'message_stop' });
  return { type: 'text/event-stream; charset=utf-8', bytes: Buffer.from(out) };
}

function chat({ answer, body, usage, stream, number }) {
  const calls = answer.tools.map((tool) => ({ id: `call_${number}_${tool.id}`, type: 'function', function: { name: tool.name, arguments: JSON.stringify(tool.input ?? {}) } }));
  const counts = { prompt_tokens: usage.total, completion_tokens: usage.output_tokens, total_tokens: usage.total + usage.output_tokens, prompt_tokens_details: { cached_tokens: usage.cached } };
  const base = { id: `chatcmpl-${number}`, created: 1700000000, model: body.model };
  const finish = calls.length ? 'tool_calls' : 'stop';
  if (!stream) {
    const message = { role: 'assistant', content: answer.text ?? null, ...(calls.length ? { tool_calls: calls } : {}) };
    return { type: 'application/json', bytes: Buffer.from(JSON.stringify({ ...base, object: 'chat.completion', choices: [{ index: 0, message, finish_reason: finish }], usage: counts })) };
  }
  const chunk = (delta, finish_reason = null) => `data: ${JSON.stringify({ ...base, object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
  let out = chunk({ role: 'assistant', content: '' });
  for (const text of halves(answer.text ?? '')) if (text) out += chunk({ content: text });
  calls.forEach((call, index) => {
    out += chunk({ tool_calls: [{ index, id: call.id, type: 'function', function: { name: call.function.name, arguments: '' } }] });
    for (const text of halves(call.function.arguments)) out += chunk({ tool_calls: [{ index, function: { arguments: text } }] });
  });
  out += chunk({}, finish);
  if (body.stream_options?.include_usage) out += `data: ${JSON.stringify({ ...base, object: 'chat.completion.chunk', choices: [], usage: counts })}\n\n`;
  return { type: 'text/event-stream', bytes: Buffer.from(`${out}data: [DONE]\n\n`) };
}

function responses({ answer, body, usage, stream, number }) {
  const output = [];
  if (answer.thinking) output.push({ type: 'reasoning', id: `rs_${number}`, summary: [{ type: 'summary_text', text: answer.thinking }], encrypted_content: Buffer.from(`encrypted-${number}`).toString('base64') });
  if (answer.text) output.push({ type: 'message', id: `msg_${number}`, status: 'completed', role: 'assistant', content: [{ type: 'output_text', text: answer.text, annotations: [] }] });
  for (const tool of answer.tools) output.push({ type: 'function_call', id: `fc_${number}_${tool.id}`, call_id: `call_${number}_${tool.id}`, status: 'completed', name: tool.name, ...(tool.namespace ? { namespace: tool.namespace } : {}), arguments: JSON.stringify(tool.input ?? {}) });
  const counts = { input_tokens: usage.total, input_tokens_details: { cached_tokens: usage.cached }, output_tokens: usage.output_tokens, output_tokens_details: { reasoning_tokens: 0 }, total_tokens: usage.total + usage.output_tokens };
  const response = (status) => ({ id: `resp_${number}`, object: 'response', created_at: 1700000000, status, model: body.model, output: status === 'completed' ? output : [], parallel_tool_calls: true, tools: [], usage: status === 'completed' ? counts : null });
  if (!stream) return { type: 'application/json', bytes: Buffer.from(JSON.stringify(response('completed'))) };
  let sequence_number = 0;
  const send = (type, data) => event(type, { type, sequence_number: sequence_number++, ...data });
  let out = send('response.created', { response: response('in_progress') }) + send('response.in_progress', { response: response('in_progress') });
  output.forEach((item, output_index) => {
    const begun = item.type === 'message' ? { ...item, status: 'in_progress', content: [] } : item.type === 'function_call' ? { ...item, status: 'in_progress', arguments: '' } : { ...item, summary: [] };
    out += send('response.output_item.added', { output_index, item: begun });
    if (item.type === 'message') {
      const place = { item_id: item.id, output_index, content_index: 0 };
      out += send('response.content_part.added', { ...place, part: { type: 'output_text', text: '', annotations: [] } });
      for (const delta of halves(item.content[0].text)) out += send('response.output_text.delta', { ...place, delta });
      out += send('response.output_text.done', { ...place, text: item.content[0].text });
      out += send('response.content_part.done', { ...place, part: item.content[0] });
    } else if (item.type === 'function_call') {
      for (const delta of halves(item.arguments)) out += send('response.function_call_arguments.delta', { item_id: item.id, output_index, delta });
      out += send('response.function_call_arguments.done', { item_id: item.id, output_index, arguments: item.arguments });
    }
    out += send('response.output_item.done', { output_index, item });
  });
  out += send('response.completed', { response: response('completed') });
  return { type: 'text/event-stream', bytes: Buffer.from(out) };
}

function gemini({ answer, usage, stream, number }) {
  const parts = [];
  if (answer.text) parts.push({ text: answer.text });
  answer.tools.forEach((tool, i) => parts.push({ functionCall: { name: tool.name, args: tool.input ?? {} }, ...(i === 0 ? { thoughtSignature: Buffer.from(`thought-${number}`).toString('base64') } : {}) }));
  const counts = { promptTokenCount: usage.total, cachedContentTokenCount: usage.cached, candidatesTokenCount: usage.output_tokens, totalTokenCount: usage.total + usage.output_tokens };
  const chunk = (some, finishReason) => ({ candidates: [{ content: { role: 'model', parts: some }, index: 0, ...(finishReason ? { finishReason } : {}) }], usageMetadata: counts, modelVersion: 'scripted', responseId: `r${number}` });
  if (!stream) return { type: 'application/json', bytes: Buffer.from(JSON.stringify(chunk(parts, 'STOP'))) };
  const out = parts.map((part, i) => `data: ${JSON.stringify(chunk([part], i + 1 === parts.length ? 'STOP' : undefined))}\r\n\r\n`).join('');
  return { type: 'text/event-stream', bytes: Buffer.from(out) };
}

export const writers = { anthropic, chat, responses, gemini };
