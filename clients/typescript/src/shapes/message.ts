// What the readers of all shapes share: members of an object, parts, and turns from them. The rules are those of the
// server's transcripts/, and tests/vectors/messages.jsonl holds both to them.
import {MessageShapeError} from '../errors.js';
import {
  AudioPart,
  DocumentPart,
  ImagePart,
  OpaquePart,
  Part,
  Role,
  TextPart,
  ToolCallPart,
  ToolResultPart,
  Turn,
  type SearchResultPart,
  type ToolResultContent,
} from '../generated/fovea/v1/turn.js';

export type Json = Record<string, unknown>;
export type Kind = NonNullable<Part['kind']>;
export type ContentKind = NonNullable<ToolResultContent['kind']>;
/** A part, and what is kept beside it. */
export type ReadPart = [kind: Kind, attributes: Json];

// What a turn of the API may hold.
const MAX_PARTS = 1000;
const IMAGE_TYPES = ['image/png', 'image/jpeg', 'image/webp', 'image/gif'];

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** UTF-8; a lone surrogate, which JSON may hold, keeps its three-byte form. */
export function toBytes(text: string): Buffer {
  if (text.isWellFormed()) return Buffer.from(text, 'utf8');
  const pieces: Buffer[] = [];
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    pieces.push(
      code >= 0xd800 && code <= 0xdfff
        ? Buffer.from([0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f)])
        : Buffer.from(character, 'utf8'),
    );
  }
  return Buffer.concat(pieces);
}

/** JSON on one line without spaces, in the order of the source; halves of surrogate pairs are escaped. */
export function dump(value: unknown): string {
  return JSON.stringify(value);
}

/** A call's arguments: the text of a string exactly, the JSON of any other value, "{}" for none. */
export function argumentsOf(value: unknown): string {
  if (value === undefined || value === null) return '{}';
  return typeof value === 'string' ? value : dump(value);
}

/** The member "type" if it is a string; "" otherwise. */
export function kindOf(value: unknown): string {
  return isObject(value) && typeof value['type'] === 'string' ? value['type'] : '';
}

/** The text of {"type": "text", "text": "..."} if it has nothing else. */
export function plainTextBlock(block: unknown): Buffer | undefined {
  if (!isObject(block) || kindOf(block) !== 'text' || Object.keys(block).length !== 2) return undefined;
  return typeof block['text'] === 'string' ? toBytes(block['text']) : undefined;
}

/**
 * The members of one object, so that what nobody asked for is kept. `path` names the object in messages: "" for the
 * message itself, "content[2]" for a part.
 */
export class Fields {
  readonly value: Json;
  private readonly taken = new Set<string>();

  constructor(
    value: unknown,
    readonly path: string,
  ) {
    if (!isObject(value)) throw new MessageShapeError(`${path || 'message'}: must be an object`);
    this.value = value;
  }

  pathOf(name: string): string {
    return this.path ? `${this.path}.${name}` : name;
  }

  error(name: string, problem: string): MessageShapeError {
    return new MessageShapeError(`${this.pathOf(name)}: ${problem}`);
  }

  has(name: string): boolean {
    return this.value[name] !== undefined && this.value[name] !== null;
  }

  /** The member, which counts as read; undefined if it is missing or null. */
  take(name: string): unknown {
    this.taken.add(name);
    return this.value[name] ?? undefined;
  }

  /** A string; "" if it is missing or null. */
  text(name: string): string {
    const value = this.take(name);
    if (value === undefined) return '';
    if (typeof value !== 'string') throw this.error(name, 'must be a string');
    return value;
  }

  /** A string, and the JSON of anything else: for ids that are numbers in some files. */
  textOrJson(name: string): string {
    const value = this.take(name);
    if (value === undefined) return '';
    return typeof value === 'string' ? value : dump(value);
  }

  /** A boolean. Anything else stays with the rest. */
  boolean(name: string): boolean {
    const value = this.value[name];
    if (typeof value !== 'boolean') return false;
    this.taken.add(name);
    return value;
  }

  /** These members say nothing about the conversation. */
  drop(...names: string[]): void {
    for (const name of names) this.taken.add(name);
  }

  /** What was not read; members that are null are left out. */
  rest(): Json {
    return Object.fromEntries(
      Object.entries(this.value).filter(
        ([name, value]) => !this.taken.has(name) && value !== null && value !== undefined,
      ),
    );
  }
}

/** A turn with nothing in it. */
export function emptyTurn(role: Role): Turn {
  return Turn.create({role});
}

/**
 * Collects the parts of a message into turns. Results of tools go into turns of the tool's, all else into turns of the
 * role's; a run of parts of one kind is one turn.
 */
export class MessageBuilder {
  private readonly turns: {turn: Turn; kept: Json}[] = [];
  private readonly attributes: Json = {};

  constructor(readonly role: Role) {}

  add(kind: Kind, attributes: Json = {}): void {
    const result = kind.$case === 'toolResult';
    const role = result && this.role !== Role.ROLE_ASSISTANT ? Role.ROLE_TOOL : this.role;
    let building = this.turns.at(-1);
    if (building?.turn.role !== role || building.turn.parts.length >= MAX_PARTS) {
      building = {turn: emptyTurn(role), kept: {}};
      this.turns.push(building);
    }
    if (Object.keys(attributes).length > 0) building.kept[String(building.turn.parts.length)] = attributes;
    building.turn.parts.push(Part.create({kind}));
  }

  keep(attributes: Json): void {
    Object.assign(this.attributes, attributes);
  }

  /** The turns. Nothing is ever made blank: `content` names the key that should have held parts. */
  finish(content: string): Turn[] {
    if (this.turns.length === 0) throw new MessageShapeError(`${content}: it holds nothing`);
    return this.turns.map(({turn, kept}, index) => {
      const attributes: Json = index === 0 ? {...this.attributes} : {};
      if (Object.keys(kept).length > 0) attributes['part_attributes'] = kept;
      if (Object.keys(attributes).length > 0) turn.attributesJson = dump(attributes);
      return turn;
    });
  }
}

export function text(value: string, phase = ''): Kind & {$case: 'text'} {
  return {$case: 'text', value: TextPart.create({text: toBytes(value), phase})};
}

/** A block that is kept whole, as JSON on one line. */
export function whole(kind: string, block: unknown): Kind {
  return opaque(kind, toBytes(dump(block)));
}

export function opaque(kind: string, data: Buffer): Kind {
  return {$case: 'opaque', value: OpaquePart.create({kind, data})};
}

export function call(callId: string, name: string, written: string, custom = false): Kind {
  return {$case: 'toolCall', value: ToolCallPart.create({callId, name, argumentsJson: toBytes(written), custom})};
}

export function result(callId: string, contents: ContentKind[], isError = false): Kind {
  return {$case: 'toolResult', value: ToolResultPart.create({callId, content: contents.map((kind) => ({kind})), isError})};
}

/** The part as a result has it; undefined if results do not hold such parts. */
export function contentOf(kind: Kind | undefined): ContentKind | undefined {
  switch (kind?.$case) {
    case 'text':
    case 'image':
    case 'document':
    case 'searchResult':
      return kind;
    default:
      return undefined;
  }
}

const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/;

/** Bytes from base64; undefined if it is none, or empty. */
export function decode(data: unknown): Buffer | undefined {
  if (data instanceof Uint8Array) return data.length > 0 ? Buffer.from(data) : undefined;
  if (typeof data !== 'string' || data === '' || !BASE64.test(data)) return undefined;
  const digits = data.replace(/=+$/, '').length;
  if (digits % 4 === 1) return undefined;
  const decoded = Buffer.from(data, 'base64');
  return decoded.length > 0 ? decoded : undefined;
}

/** The media type and the base64 of "data:TYPE;base64,..."; undefined if it is another URL. */
export function splitDataUrl(url: string): [mediaType: string, data: string] | undefined {
  const comma = url.indexOf(',');
  const head = url.slice(0, comma);
  if (comma < 0 || !head.startsWith('data:') || !head.endsWith(';base64')) return undefined;
  return [head.slice('data:'.length, -';base64'.length), url.slice(comma + 1)];
}

/** A picture; undefined if its type is not one that the API takes or the text is not base64. */
export function image(mediaType: unknown, data: unknown): Kind | undefined {
  if (typeof mediaType !== 'string' || !IMAGE_TYPES.includes(mediaType)) return undefined;
  const decoded = decode(data);
  return decoded && {$case: 'image', value: ImagePart.create({mediaType, data: decoded})};
}

export function imageUrl(url: string): Kind | undefined {
  const split = splitDataUrl(url);
  return split && image(...split);
}

export function sound(mediaType: string, data: unknown): Kind | undefined {
  const decoded = decode(data);
  const value = decoded && AudioPart.create({mediaType, data: decoded});
  return value && fits(value) ? {$case: 'audio', value} : undefined;
}

// What the API takes (proto/fovea/v1/turn.proto), in bytes.
const LIMITS: Json = {mediaType: 200, name: 1000, id: 1000, uri: 8192, source: 8192, title: 8192, attributesJson: 65_536};
const MAX_TEXTS = 1000;

/** Whether the part is within the limits of the API's; else it must be kept whole. */
export function fits(part: DocumentPart | SearchResultPart | AudioPart): boolean {
  if ('text' in part && part.text.length > MAX_TEXTS) return false;
  return Object.entries(part).every(
    ([name, value]) =>
      typeof value !== 'string' || Buffer.byteLength(value) <= ((LIMITS[name] as number | undefined) ?? Infinity),
  );
}
