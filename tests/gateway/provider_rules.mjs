// What each API refuses, after its documents. Each checker gives a list of faults; empty: the request is valid.
// Shares nothing with the gateway.

const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);

// Dimensions of a PNG in base64; null for other types.
export function pngSize(base64) {
  const head = Buffer.from(base64.slice(0, 64), 'base64');
  if (head.length < 24 || head.readUInt32BE(0) !== 0x89504e47) return null;
  return { width: head.readUInt32BE(16), height: head.readUInt32BE(20) };
}

function checkImages(images, wrong, { many, side, most }) {
  if (images.length > most) wrong.push(`${images.length} images, ${most} at most`);
  for (const data of images) {
    const size = pngSize(data);
    if (!size) continue;
    if (size.width > 8000 || size.height > 8000) wrong.push('an image over 8000 px');
    if (images.length > many && (size.width > side || size.height > side)) wrong.push(`an image over ${side} px among more than ${many}`);
  }
}

function anthropic(body, request) {
  const wrong = [];
  const fault = (text) => wrong.push(text);
  if (!request.headers['anthropic-version']) fault('anthropic-version: header is required');
  if (typeof body.model !== 'string') fault('model: Field required');
  if (!Number.isInteger(body.max_tokens)) fault('max_tokens: Field required');
  if (!Array.isArray(body.messages) || body.messages.length === 0) return [...wrong, 'messages: at least one message is required'];
  const marks = [];
  const images = [];
  const mark = (block, where) => {
    if (!block.cache_control) return;
    if (block.type === 'thinking' || block.type === 'redacted_thinking') fault(`${where}: cache_control on thinking`);
    if (block.type === 'text' && block.text === '') fault(`${where}: cache_control on an empty text`);
    marks.push(block.cache_control.ttl ?? '5m');
  };
  for (const [i, tool] of (body.tools ?? []).entries()) {
    mark(tool, `tools.${i}`);
    if (tool.input_schema === undefined && !tool.type) fault(`tools.${i}.input_schema: Field required`);
  }
  const names = (body.tools ?? []).map((tool) => tool.name);
  if (new Set(names).size !== names.length) fault('tools: Tool names must be unique.');
  if (Array.isArray(body.system)) {
    for (const [i, block] of body.system.entries()) {
      if (block.type !== 'text') fault(`system.${i}: only text`);
      mark(block, `system.${i}`);
    }
  }
  if (body.messages[0].role !== 'user') fault('messages: first message must use the "user" role');
  let open = new Map(); // calls of the message before
  const seen = new Set();
  // Messages of one role in a row are combined.
  const joined = [];
  for (const message of body.messages) {
    const content = typeof message.content === 'string' ? [{ type: 'text', text: message.content }] : message.content;
    if (!['user', 'assistant', 'system'].includes(message.role)) fault(`role ${message.role}`);
    if (!Array.isArray(content)) { fault('content: neither a string nor a list'); continue; }
    const last = joined.at(-1);
    if (last && last.role === message.role && message.role !== 'system') last.content.push(...content);
    else joined.push({ role: message.role, content: [...content] });
  }
  for (const [i, message] of joined.entries()) {
    const where = `messages.${i}`;
    if (message.content.length === 0 && i + 1 < joined.length) fault(`${where}: all messages must have non-empty content`);
    if (message.role === 'system') {
      // Newest models only; where, is for all of them the same.
      if (joined[i - 1]?.role !== 'user') fault(`${where}: role 'system' must follow a 'user' message or an 'assistant' message ending in a server tool result`);
      if (joined[i + 1] && joined[i + 1].role !== 'assistant') fault(`${where}: role 'system' must precede an 'assistant' message or end the array`);
      for (const block of message.content) {
        mark(block, where);
        if (block.type === 'text' && /^\s*$/.test(block.text)) fault(`${where}: text content blocks must be non-empty`);
      }
    } else if (message.role === 'user') {
      const results = new Set();
      let other = false;
      for (const block of message.content) {
        mark(block, where);
        if (block.type === 'tool_result') {
          if (!open.has(block.tool_use_id)) fault(`${where}: unexpected tool_use_id ${block.tool_use_id} in tool_result blocks`);
          if (results.has(block.tool_use_id)) fault(`${where}: two results for ${block.tool_use_id}`);
          if (other) fault(`${where}: tool_result blocks must come first`);
          results.add(block.tool_use_id);
          for (const inner of Array.isArray(block.content) ? block.content : []) if (inner.type === 'image' && inner.source.type === 'base64') images.push(inner.source.data);
        } else if (block.type === 'text') {
          other = true;
          if (block.text === '' || /^\s*$/.test(block.text)) fault(`${where}: text content blocks must be non-empty`);
        } else if (block.type === 'image') {
          other = true;
          if (block.source.type === 'base64') images.push(block.source.data);
        } else if (!['document', 'search_result', 'container_upload'].includes(block.type)) {
          fault(`${where}: ${block.type} in a user message`);
        }
      }
      for (const id of open.keys()) if (!results.has(id)) fault(`${where}: tool_use ids were found without tool_result blocks immediately after: ${id}`);
      open = new Map();
    } else {
      if (open.size) fault(`${where}: calls without results`);
      let textSeen = false;
      for (const block of message.content) {
        mark(block, where);
        if (block.type === 'tool_use') {
          if (seen.has(block.id)) fault(`${where}: tool_use ids must be unique: ${block.id}`);
          seen.add(block.id);
          if (!/^[a-zA-Z0-9_-]+$/.test(block.id)) fault(`${where}: bad id ${block.id}`);
          if (!isObject(block.input)) fault(`${where}: tool_use.input is no object`);
          open.set(block.id, block.name);
          textSeen = true;
        } else if (block.type === 'thinking') {
          if (typeof block.signature !== 'string' || block.signature === '') fault(`${where}: thinking without a signature`);
        } else if (block.type === 'text') {
          textSeen = true;
          if (/^\s*$/.test(block.text)) fault(`${where}: text content blocks must be non-empty`);
        } else if (block.type === 'image') {
          fault(`${where}: 'image' blocks are not permitted within assistant turns`);
        }
      }
      void textSeen;
      // In a tool loop, a turn of a thinking model begins with its thinking.
      const next = joined[i + 1];
      const rest = joined.slice(i + 1).filter((one) => one.role !== 'system');
      const inLoop = rest.length === 1 && next?.content.some((block) => block.type === 'tool_result');
      if (body.thinking?.type === 'enabled' && inLoop && !/^(redacted_)?thinking$/.test(message.content[0]?.type ?? '')) {
        fault(`${where}: Expected thinking or redacted_thinking, but found ${message.content[0]?.type}`);
      }
    }
  }
  if (open.size && joined.at(-1).role === 'assistant') fault('the conversation ends with calls');
  if (marks.length > 4) fault(`A maximum of 4 blocks with cache_control may be provided. Found ${marks.length}.`);
  if (marks.some((ttl, i) => ttl === '1h' && marks.slice(0, i).includes('5m'))) fault('a ttl of 1h behind one of 5m');
  checkImages(images, wrong, { many: 20, side: 2000, most: 100 });
  return wrong;
}

function chat(body) {
  const wrong = [];
  const fault = (text) => wrong.push(text);
  if (typeof body.model !== 'string') fault('model: required');
  if (!Array.isArray(body.messages) || body.messages.length === 0) return [...wrong, 'messages: [] is too short'];
  let open = null;
  for (const [i, message] of body.messages.entries()) {
    const where = `messages[${i}]`;
    if (!['system', 'developer', 'user', 'assistant', 'tool'].includes(message.role)) fault(`${where}.role: ${message.role}`);
    if (message.role === 'tool') {
      if (!open || !open.has(message.tool_call_id)) fault(`${where}: messages with role 'tool' must be a response to a preceding message with 'tool_calls' (${message.tool_call_id})`);
      else open.delete(message.tool_call_id);
    } else {
      if (open?.size) fault(`${where}: tool_call_ids did not have response messages: ${[...open].join(', ')}`);
      open = null;
    }
    const parts = Array.isArray(message.content) ? message.content : [];
    for (const part of parts) {
      if (part.type === 'image_url') {
        if (message.role !== 'user') fault(`${where}: Image URLs are only allowed for messages with role 'user'`);
        if (!/^(data:image\/(png|jpeg|webp|gif);base64,|https?:)/.test(part.image_url?.url ?? '')) fault(`${where}: bad image`);
        if (!['auto', 'low', 'high', undefined].includes(part.image_url.detail)) fault(`${where}: detail ${part.image_url.detail}`);
      } else if (!['text', 'input_audio', 'file', 'refusal'].includes(part.type)) fault(`${where}: part ${part.type}`);
    }
    if (message.role === 'assistant' && message.tool_calls) {
      if (message.tool_calls.length === 0) fault(`${where}.tool_calls: [] is too short`);
      open = new Set();
      for (const call of message.tool_calls) {
        if (open.has(call.id)) fault(`${where}: the id ${call.id} twice`);
        open.add(call.id);
        if (call.type === 'function' && typeof call.function?.arguments !== 'string') fault(`${where}: arguments are no string`);
      }
    } else if (message.role === 'assistant' && (message.content === null || message.content === undefined)) {
      fault(`${where}: content is required`);
    } else if (message.role === 'user' && message.content === undefined) fault(`${where}: content is required`);
  }
  if (open?.size) fault('the conversation ends with calls');
  const names = (body.tools ?? []).map((tool) => tool.function?.name ?? tool.name);
  if (new Set(names).size !== names.length) fault('tools: names twice');
  return wrong;
}

function responses(body) {
  const wrong = [];
  const fault = (text) => wrong.push(text);
  if (typeof body.model !== 'string') fault('model: required');
  if (typeof body.input === 'string') return wrong;
  if (!Array.isArray(body.input) || body.input.length === 0) return [...wrong, 'input: required'];
  const open = new Set();
  const ids = new Set();
  for (const [i, item] of body.input.entries()) {
    const where = `input[${i}]`;
    const type = item.type ?? 'message';
    if (item.id !== undefined && item.id !== null) {
      if (ids.has(item.id)) fault(`${where}: duplicate item found with id ${item.id}`);
      if (item.id.length > 64) fault(`${where}.id: over 64`);
      ids.add(item.id);
    }
    if (type === 'message') {
      if (!['user', 'assistant', 'system', 'developer'].includes(item.role)) fault(`${where}.role: ${item.role}`);
      for (const part of Array.isArray(item.content) ? item.content : []) {
        const allowed = item.role === 'assistant' ? ['output_text', 'refusal'] : ['input_text', 'input_image', 'input_file', 'input_audio'];
        if (!allowed.includes(part.type)) fault(`${where}: ${part.type} in a message of ${item.role}`);
        if (part.type === 'input_image' && !['auto', 'low', 'high', 'original', undefined].includes(part.detail)) fault(`${where}: detail`);
      }
    } else if (type === 'reasoning') {
      const next = body.input[i + 1];
      const led = next && ((next.type ?? 'message') === 'message' ? next.role === 'assistant' : /_call$|^reasoning$/.test(next.type));
      if (!led) fault(`${where}: item of type 'reasoning' was provided without its required following item`);
    } else if (type === 'function_call' || type === 'custom_tool_call') {
      if (open.has(item.call_id)) fault(`${where}: call_id ${item.call_id} twice`);
      open.add(item.call_id);
    } else if (type === 'function_call_output' || type === 'custom_tool_call_output') {
      if (!open.delete(item.call_id)) fault(`${where}: No tool call found for function call output with call_id ${item.call_id}`);
    } else if (!['web_search_call', 'local_shell_call', 'local_shell_call_output', 'compaction', 'compaction_trigger', 'item_reference', 'file_search_call', 'mcp_call'].includes(type)) {
      fault(`${where}.type: ${type}`);
    }
  }
  if (open.size) fault(`No tool output found for function call ${[...open].join(', ')}`);
  const names = (body.tools ?? []).filter((tool) => tool.name).map((tool) => tool.name);
  if (new Set(names).size !== names.length) fault('tools: names twice');
  return wrong;
}

function gemini(body) {
  const wrong = [];
  const fault = (text) => wrong.push(text);
  if (!Array.isArray(body.contents) || body.contents.length === 0) return ['contents: at least one is required'];
  if (body.contents[0].role !== undefined && body.contents[0].role !== 'user') fault('contents must begin with the user');
  // Contents of one role in a row count as one.
  const joined = [];
  for (const content of body.contents) {
    if (!Array.isArray(content.parts) || content.parts.length === 0) { fault('parts: must not be empty'); continue; }
    const role = content.role ?? 'user';
    if (!['user', 'model', 'function'].includes(role)) fault(`role ${role}`);
    const last = joined.at(-1);
    if (last && last.role === role) last.parts.push(...content.parts);
    else joined.push({ role, parts: [...content.parts] });
  }
  for (const [i, content] of joined.entries()) {
    const calls = content.parts.filter((part) => part.functionCall).length;
    const before = joined[i - 1]?.parts.filter((part) => part.functionCall).length ?? 0;
    const answers = content.parts.filter((part) => part.functionResponse).length;
    if (calls && content.role !== 'model') fault(`contents[${i}]: a call of the user's`);
    if (answers !== (content.role === 'model' ? 0 : before)) {
      fault(`contents[${i}]: the number of function response parts (${answers}) is not that of the function call parts of the turn before (${before})`);
    }
    for (const part of content.parts) {
      const data = part.inlineData ?? part.inline_data;
      if (data && !/^image\/(png|jpeg|webp|heic|heif)$|^audio|^application|^text|^video/.test(data.mimeType ?? data.mime_type)) fault(`contents[${i}]: mimeType`);
    }
  }
  if (joined.at(-1)?.parts.some((part) => part.functionCall)) fault('the conversation ends with calls');
  return wrong;
}

export const checkers = { anthropic, chat, responses, gemini };
