// Content parts of OpenAI's two APIs, which agents mix.
import {MessageShapeError} from '../errors.js';
import {DocumentPart, RefusalPart, Role} from '../generated/fovea/v1/turn.js';
import * as m from './message.js';

const TEXTS = ['text', 'input_text', 'output_text', 'summary_text', 'reasoning_text'];

/** Adds a message's content, a string or a list of parts. `phase`: of its texts. */
export function readContent(content: unknown, path: string, phase: string, builder: m.MessageBuilder): void {
  if (typeof content === 'string') {
    builder.add(m.text(content, phase));
    return;
  }
  if (!Array.isArray(content)) throw new MessageShapeError(`${path}: must be a string or a list`);
  if (content.length === 0) builder.add(m.text('', phase));
  content.forEach((item, index) => {
    builder.add(...read(item, `${path}[${index}]`, builder.role === Role.ROLE_ASSISTANT, phase));
  });
}

/** A tool's output, a string or a list of parts, and what is kept beside it; any other value is its JSON. */
export function readOutput(output: unknown, path: string): [m.ContentKind[], m.Json] {
  if (!Array.isArray(output)) return [[m.text(typeof output === 'string' ? output : m.dump(output))], {}];
  const kept: m.Json = {};
  const contents = output.map((item: unknown, index) => {
    const [kind, attributes] = read(item, `${path}[${index}]`, false, '');
    if (Object.keys(attributes).length > 0) kept[String(index)] = attributes;
    return m.contentOf(kind) ?? m.text(m.dump(item));
  });
  return [contents, Object.keys(kept).length > 0 ? {content: kept} : {}];
}

function read(item: unknown, path: string, assistant: boolean, phase: string): m.ReadPart {
  if (typeof item === 'string') return [m.text(item, phase), {}];
  const fields = new m.Fields(item, path);
  const kind = fields.textOrJson('type');
  fields.drop('prompt_cache_breakpoint', 'cache_control');
  if (kind === '') throw fields.error('type', 'is missing');
  if (TEXTS.includes(kind)) {
    if (!fields.has('text')) throw fields.error('text', 'is missing');
    const part = m.text(fields.text('text'), phase);
    // Every text that the API writes has the two lists, nearly always empty.
    for (const name of ['annotations', 'logprobs']) {
      const list = fields.value[name];
      if (Array.isArray(list) && list.length === 0) fields.drop(name);
    }
    return [part, fields.rest()];
  }
  if (kind === 'refusal' && assistant) {
    return [{$case: 'refusal', value: RefusalPart.create({text: m.toBytes(fields.text('refusal'))})}, fields.rest()];
  }
  return media(fields, kind) ?? [m.whole(`openai.${kind}`, item), {}];
}

/** A picture, a file or a sound; undefined if it is to be kept whole. */
function media(fields: m.Fields, kind: string): m.ReadPart | undefined {
  const {value} = fields;
  if (kind === 'image_url' || kind === 'input_image') {
    const found = picture(value['image_url']);
    if (found === undefined) return undefined;
    fields.drop('image_url');
    return [found[0], {...found[1], ...fields.rest()}];
  }
  if (kind === 'file' && m.isObject(value['file'])) {
    const document = file(value['file']);
    if (document === undefined) return undefined;
    fields.drop('file');
    return [{$case: 'document', value: document}, fields.rest()];
  }
  if (kind === 'input_file') {
    const document = file(value);
    return document && [{$case: 'document', value: document}, {}];
  }
  if (kind === 'input_audio' && m.isObject(value['input_audio'])) {
    const audio = new m.Fields(value['input_audio'], '');
    const format = audio.textOrJson('format');
    const found = m.sound(format === '' ? '' : `audio/${format}`, audio.value['data']);
    if (found === undefined) return undefined;
    fields.drop('input_audio');
    return [found, fields.rest()];
  }
  return undefined;
}

/** The picture of {"url": "data:..."} or "data:...". */
function picture(url: unknown): m.ReadPart | undefined {
  if (typeof url === 'string') {
    const found = m.imageUrl(url);
    return found && [found, {}];
  }
  if (!m.isObject(url) || typeof url['url'] !== 'string') return undefined;
  const found = m.imageUrl(url['url']);
  return found && [found, Object.fromEntries(Object.entries(url).filter(([name]) => name !== 'url'))];
}

/** A file by its data, a URL or the provider's id. */
function file(value: m.Json): DocumentPart | undefined {
  const fields = new m.Fields(value, '');
  fields.drop('type', 'prompt_cache_breakpoint');
  const name = fields.textOrJson('filename');
  const data = fields.textOrJson('file_data');
  let uri = fields.textOrJson('file_url');
  if (uri === '') uri = fields.textOrJson('file_id');
  const document = DocumentPart.create({name});
  if (data !== '') {
    if (uri !== '') return undefined;
    const split = m.splitDataUrl(data);
    const decoded = m.decode(split === undefined ? data : split[1]);
    if (decoded === undefined) return undefined;
    document.mediaType = split?.[0] ?? '';
    document.data = decoded;
  } else if (uri !== '') {
    document.uri = uri;
  } else {
    return undefined;
  }
  const rest = fields.rest();
  if (Object.keys(rest).length > 0) document.attributesJson = m.dump(rest);
  return m.fits(document) ? document : undefined;
}
