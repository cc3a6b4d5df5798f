// Gemini's contents: a model's content is one turn; a user's one, or more where responses of functions are in it.
import {MessageShapeError} from '../errors.js';
import {DocumentPart, Role, type Turn} from '../generated/fovea/v1/turn.js';
import * as m from './message.js';

const ROLES = new Map<string, Role>([
  ['', Role.ROLE_USER],
  ['user', Role.ROLE_USER],
  ['function', Role.ROLE_USER],
  ['model', Role.ROLE_ASSISTANT],
  ['system', Role.ROLE_SYSTEM],
]);

/**
 * Reads a conversation content by content, because Gemini's calls often have no ids. They get "call-1", "call-2", ... in
 * their order (also those that have an id count, so that the same history always gives the same ids), and a response
 * without an id answers the oldest unanswered call of its name.
 */
export class GeminiReader {
  private calls = 0;
  private open: [name: string, callId: string][] = [];

  read(content: unknown): Turn[] {
    // What is not read to its end counts as not read.
    const before = {calls: this.calls, open: [...this.open]};
    try {
      return this.readContent(content);
    } catch (error) {
      Object.assign(this, before);
      throw error;
    }
  }

  private readContent(content: unknown): Turn[] {
    const fields = new m.Fields(content, '');
    const name = fields.text('role');
    const role = ROLES.get(name);
    if (role === undefined) throw fields.error('role', `is "${name}", not user, model or function`);
    const builder = new m.MessageBuilder(role);
    const parts = fields.take('parts');
    if (parts !== undefined) {
      if (!Array.isArray(parts)) throw fields.error('parts', 'must be a list');
      if (parts.length === 0) builder.add(m.text(''));
      parts.forEach((part, index) => {
        this.readPart(part, `parts[${index}]`, builder);
      });
    }
    builder.keep(fields.rest());
    return builder.finish('parts');
  }

  private readPart(value: unknown, path: string, builder: m.MessageBuilder): void {
    if (typeof value === 'string') {
      builder.add(m.text(value));
      return;
    }
    const fields = new m.Fields(value, path);
    if (fields.boolean('thought')) {
      builder.add(keepWhole(fields));
      return;
    }
    const signature = fields.take('thoughtSignature');
    let made: m.ReadPart | undefined;
    if (fields.has('functionCall') && builder.role === Role.ROLE_ASSISTANT) {
      made = this.readCall(fields);
    } else if (fields.has('functionResponse')) {
      made = this.readResponse(fields);
    } else if (fields.has('text')) {
      const said = fields.text('text');
      // A signature that came after the last text stands on a text without characters.
      if (said !== '' || signature === undefined) made = [m.text(said), fields.rest()];
    } else {
      made = readData(fields);
      const alone = signature !== undefined && Object.keys(fields.value).length === 1;
      if (made === undefined && !alone) {
        builder.add(keepWhole(fields));
        return;
      }
    }
    if (signature !== undefined) builder.add(m.whole('gemini.thought_signature', {thoughtSignature: signature}));
    if (made !== undefined) builder.add(...made);
  }

  private readCall(part: m.Fields): m.ReadPart {
    const call = new m.Fields(part.take('functionCall'), part.pathOf('functionCall'));
    let callId = call.textOrJson('id');
    const name = call.text('name');
    const written = m.argumentsOf(call.take('args'));
    this.calls += 1;
    if (callId === '') {
      callId = `call-${this.calls}`;
      this.open.push([name, callId]);
    }
    return [m.call(callId, name, written), {...part.rest(), ...call.rest()}];
  }

  private readResponse(part: m.Fields): m.ReadPart {
    const response = new m.Fields(part.take('functionResponse'), part.pathOf('functionResponse'));
    let callId = response.textOrJson('id');
    const name = response.textOrJson('name');
    const rest = part.rest();
    if (name !== '') rest['name'] = name;
    if (callId === '') callId = this.answered(name);
    const contents: m.ContentKind[] = [];
    let isError = false;
    const value = response.take('response');
    if (value !== undefined) {
      const [said, key] = readValue(value);
      contents.push(m.text(said));
      isError = key === 'error';
      if (key === 'result') rest['response'] = 'result';
    }
    const parts = response.take('parts');
    if (parts !== undefined) {
      if (!Array.isArray(parts)) throw response.error('parts', 'must be a list');
      contents.push(...parts.map(responsePart));
    }
    return [m.result(callId, contents, isError), {...rest, ...response.rest()}];
  }

  private answered(name: string): string {
    const index = this.open.findIndex(([called]) => called === name);
    return index < 0 ? '' : (this.open.splice(index, 1)[0]?.[1] ?? '');
  }
}

function keepWhole(fields: m.Fields): m.Kind {
  if (Object.keys(fields.value).length === 0) throw new MessageShapeError(`${fields.path}: it holds nothing`);
  return m.whole('gemini.part', fields.value);
}

/** A response's text, and the key that it was under, "" if it is the JSON of all. */
function readValue(value: unknown): [text: string, key: string] {
  if (m.isObject(value) && Object.keys(value).length === 1) {
    for (const key of ['output', 'result', 'error']) {
      const said = value[key];
      if (typeof said === 'string') return [said, key];
    }
  }
  return [m.dump(value), ''];
}

function responsePart(item: unknown): m.ContentKind {
  if (m.isObject(item) && Object.keys(item).length === 1 && 'inlineData' in item) {
    const content = m.contentOf(readInline(item['inlineData']));
    if (content !== undefined) return content;
  }
  return m.text(m.dump(item));
}

function readData(fields: m.Fields): m.ReadPart | undefined {
  let part: m.Kind | undefined;
  if (fields.has('inlineData')) part = readInline(fields.take('inlineData'));
  else if (fields.has('fileData')) part = readFile(fields.take('fileData'));
  return part && [part, fields.rest()];
}

/** The part of {"mimeType", "data"}; undefined for what is kept whole (films, pictures of other types). */
function readInline(value: unknown): m.Kind | undefined {
  if (!m.isObject(value)) return undefined;
  const fields = new m.Fields(value, '');
  const mediaType = fields.textOrJson('mimeType');
  const data = fields.take('data');
  const name = fields.textOrJson('displayName');
  if (Object.keys(fields.rest()).length > 0) return undefined;
  const picture = name === '' ? m.image(mediaType, data) : undefined;
  if (picture !== undefined) return picture;
  if (mediaType.startsWith('audio/')) return name === '' ? m.sound(mediaType, data) : undefined;
  if (mediaType.startsWith('video/') || mediaType.startsWith('image/')) return undefined;
  const decoded = m.decode(data);
  if (decoded === undefined) return undefined;
  const document = DocumentPart.create({mediaType, name, data: decoded});
  return m.fits(document) ? {$case: 'document', value: document} : undefined;
}

function readFile(value: unknown): m.Kind | undefined {
  if (!m.isObject(value)) return undefined;
  const fields = new m.Fields(value, '');
  const document = DocumentPart.create();
  document.mediaType = fields.textOrJson('mimeType');
  document.name = fields.textOrJson('displayName');
  document.uri = fields.textOrJson('fileUri');
  const media = /^(video|image|audio)\//.test(document.mediaType);
  if (Object.keys(fields.rest()).length > 0 || document.uri === '' || media || !m.fits(document)) return undefined;
  return {$case: 'document', value: document};
}
