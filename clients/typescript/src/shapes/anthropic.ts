// Anthropic's Messages: an assistant's message is one turn; a user's one, or more where results of tools are in it.
import {MessageShapeError} from '../errors.js';
import {DocumentPart, Role, SearchResultPart, ToolReferencePart, type Turn} from '../generated/fovea/v1/turn.js';
import * as m from './message.js';

const ROLES = new Map<string, Role>([
  ['user', Role.ROLE_USER],
  ['assistant', Role.ROLE_ASSISTANT],
  ['system', Role.ROLE_SYSTEM],
]);

export function read(message: unknown): Turn[] {
  const fields = new m.Fields(message, '');
  const name = fields.text('role');
  const role = ROLES.get(name);
  if (role === undefined) {
    throw fields.error('role', `is "${name}", not one of ${[...ROLES.keys()].join(', ')}`);
  }
  const builder = new m.MessageBuilder(role);
  const content = fields.take('content');
  if (content !== undefined) readContent(content, builder);
  fields.drop('type');
  builder.keep(fields.rest());
  return builder.finish('content');
}

function readContent(content: unknown, builder: m.MessageBuilder): void {
  if (typeof content === 'string') {
    builder.add(m.text(content));
    return;
  }
  if (!Array.isArray(content)) throw new MessageShapeError('content: must be a string or a list');
  if (content.length === 0) builder.add(m.text(''));
  content.forEach((block, index) => {
    readBlock(new m.Fields(block, `content[${index}]`), builder);
  });
}

function readBlock(block: m.Fields, builder: m.MessageBuilder): void {
  const kind = block.textOrJson('type');
  block.drop('cache_control');
  if (kind === 'text') {
    if (!block.has('text')) throw block.error('text', 'is missing');
    builder.add(m.text(block.text('text')), block.rest());
  } else if (kind === 'tool_use' && builder.role === Role.ROLE_ASSISTANT) {
    const callId = block.textOrJson('id');
    const name = block.text('name');
    builder.add(m.call(callId, name, m.argumentsOf(block.take('input'))), block.rest());
  } else if (kind === 'tool_result') {
    readResult(block, builder);
  } else {
    const part = media(block.value, kind);
    if (part !== undefined) {
      block.drop('source');
      builder.add(part, kind === 'image' ? block.rest() : {});
    } else if (kind === '') {
      throw block.error('type', 'is missing');
    } else {
      const kept = Object.fromEntries(Object.entries(block.value).filter(([name]) => name !== 'cache_control'));
      builder.add(m.whole(`anthropic.${kind}`, kept));
    }
  }
}

function readResult(block: m.Fields, builder: m.MessageBuilder): void {
  const callId = block.textOrJson('tool_use_id');
  const isError = block.boolean('is_error');
  const content = block.take('content');
  const contents: m.ContentKind[] = [];
  const kept: m.Json = {};
  if (typeof content === 'string') {
    contents.push(m.text(content));
  } else if (Array.isArray(content)) {
    content.forEach((item, index) => {
      const [made, rest] = resultItem(item);
      contents.push(made);
      if (Object.keys(rest).length > 0) kept[String(index)] = rest;
    });
  } else if (content !== undefined) {
    throw block.error('content', 'must be a string or a list');
  }
  const beside = Object.keys(kept).length > 0 ? {content: kept} : {};
  builder.add(m.result(callId, contents, isError), {...beside, ...block.rest()});
}

/** An item of a result, and what is kept beside it. */
function resultItem(item: unknown): [m.ContentKind, m.Json] {
  const kind = m.kindOf(item);
  if (m.isObject(item)) {
    const fields = new m.Fields(item, '');
    fields.drop('type', 'cache_control');
    if (kind === 'text' && typeof item['text'] === 'string') return [m.text(fields.text('text')), fields.rest()];
    const content = m.contentOf(media(item, kind));
    if (content !== undefined) return [content, {}];
    if (kind === 'tool_reference') {
      const toolName = fields.textOrJson('tool_name');
      const bytes = Buffer.byteLength(toolName);
      if (bytes > 0 && bytes <= 200) return [{$case: 'toolReference', value: ToolReferencePart.create({toolName})}, fields.rest()];
    }
  }
  return [m.text(m.dump(item)), {}];
}

/** A picture, a document or a search result; undefined if it is to be kept whole. */
export function media(block: m.Json, kind: string): m.Kind | undefined {
  const source = block['source'];
  if (kind === 'image' && m.isObject(source) && source['type'] === 'base64') {
    return m.image(source['media_type'], source['data']);
  }
  if (kind === 'document') {
    const value = readDocument(block);
    return value && {$case: 'document', value};
  }
  if (kind === 'search_result') {
    const value = searchResult(block);
    return value && {$case: 'searchResult', value};
  }
  return undefined;
}

function readDocument(block: m.Json): DocumentPart | undefined {
  if (!m.isObject(block['source'])) return undefined;
  const source = new m.Fields(block['source'], '');
  const kind = source.textOrJson('type');
  const document = DocumentPart.create();
  document.mediaType = source.textOrJson('media_type');
  if (kind === 'base64') document.data = m.decode(source.textOrJson('data')) ?? document.data;
  else if (kind === 'text') document.data = m.toBytes(source.textOrJson('data'));
  else if (kind === 'url') document.uri = source.textOrJson('url');
  else if (kind === 'file') document.uri = source.textOrJson('file_id');
  if (document.data.length === 0 && document.uri === '') return undefined;
  if (Object.keys(source.rest()).length > 0) return undefined;
  const fields = new m.Fields(block, '');
  fields.drop('type', 'source', 'cache_control');
  document.name = fields.textOrJson('title');
  document.context = m.toBytes(fields.textOrJson('context'));
  const rest = fields.rest();
  if (Object.keys(rest).length > 0) document.attributesJson = m.dump(rest);
  return m.fits(document) ? document : undefined;
}

function searchResult(block: m.Json): SearchResultPart | undefined {
  const fields = new m.Fields(block, '');
  fields.drop('type', 'cache_control');
  const source = fields.textOrJson('source');
  const title = fields.textOrJson('title');
  const content = fields.take('content');
  if (!Array.isArray(content)) return undefined;
  const found = SearchResultPart.create({source, title});
  for (const item of content) {
    const bytes = m.plainTextBlock(item);
    if (bytes === undefined) return undefined;
    found.text.push(bytes);
  }
  const rest = fields.rest();
  if (Object.keys(rest).length > 0) found.attributesJson = m.dump(rest);
  return m.fits(found) ? found : undefined;
}
