// Pages that the client holds, and how they get into a payload.
import type {Format} from './formats.js';

const REFERENCE = 'fovea:page/';
const DATA_URL = 'data:image/png;base64,';

/** A page in base64, and as a data URL. */
export interface HeldPage {
  data: string;
  url: string;
}

/** Pages in base64, so that the bytes of a page travel and are encoded once. Page ids are digests of what is drawn. */
export class PageCache {
  private readonly pages = new Map<string, HeldPage>(); // the least recently used first
  private bytes = 0;

  constructor(private readonly maxBytes: number) {}

  get(pageId: string): HeldPage | undefined {
    const page = this.pages.get(pageId);
    if (page !== undefined) {
      this.pages.delete(pageId);
      this.pages.set(pageId, page);
    }
    return page;
  }

  put(pageId: string, data: string): void {
    if (this.pages.has(pageId)) return;
    this.pages.set(pageId, {data, url: DATA_URL + data});
    this.bytes += 2 * data.length;
    for (const [oldest, page] of this.pages) {
      // The newest stays, however large it is.
      if (this.bytes <= this.maxBytes || oldest === pageId) break;
      this.pages.delete(oldest);
      this.bytes -= 2 * page.data.length;
    }
  }

  /** Those of `pageIds` that are here. What it gives stays valid, whatever leaves the cache later. */
  held(pageIds: Iterable<string>): Map<string, HeldPage> {
    const found = new Map<string, HeldPage>();
    for (const pageId of pageIds) {
      const page = this.get(pageId);
      if (page !== undefined) found.set(pageId, page);
    }
    return found;
  }
}

/** An image in a payload: a reference, or base64 in place. */
interface Picture {
  pageId?: string;
  data?: string;
  isPng?: boolean;
  fill?: (page: HeldPage) => void;
}

function fromUrl(url: string, fill: (page: HeldPage) => void): Picture {
  if (url.startsWith(REFERENCE)) return {pageId: url.slice(REFERENCE.length), fill};
  const comma = url.indexOf(',');
  return {data: url.slice(comma + 1), isPng: url.slice(0, comma) === 'data:image/png;base64'};
}

/** A part of a message in any of the formats: what can hold an image of it. */
interface Block {
  type?: string;
  image_url?: string | {url: string};
  content?: string | Block[];
  source?: {type: string; url?: string; data?: string; media_type?: string};
  inlineData?: {mimeType: string; data: string};
  fileData?: {mimeType: string; fileUri: string};
}

/** A payload of any of the formats. */
interface Payload {
  messages?: {content?: string | Block[]}[];
  input?: {content?: string | Block[]; output?: string | Block[]}[];
  contents?: {parts: Block[]}[];
}

/** Images of OpenAI's two APIs. */
function openai(blocks: string | Block[] | undefined, found: Picture[]): void {
  if (!Array.isArray(blocks)) return;
  for (const block of blocks) {
    const image = block.image_url;
    if (typeof image === 'string') {
      found.push(
        fromUrl(image, (page) => {
          block.image_url = page.url;
        }),
      );
    } else if (image !== undefined) {
      found.push(
        fromUrl(image.url, (page) => {
          image.url = page.url;
        }),
      );
    }
  }
}

function anthropic(blocks: string | Block[] | undefined, found: Picture[]): void {
  if (!Array.isArray(blocks)) return;
  for (const block of blocks) {
    const {source} = block;
    if (block.type === 'tool_result') {
      anthropic(block.content, found);
    } else if (block.type === 'image' && source?.type === 'base64') {
      found.push({data: source.data, isPng: source.media_type === 'image/png'});
    } else if (block.type === 'image' && source?.url?.startsWith(REFERENCE) === true) {
      found.push({
        pageId: source.url.slice(REFERENCE.length),
        fill: (page) => {
          block.source = {type: 'base64', media_type: 'image/png', data: page.data};
        },
      });
    }
  }
}

function gemini(parts: Block[], found: Picture[]): void {
  for (const [index, part] of parts.entries()) {
    const {inlineData, fileData, ...rest} = part;
    if (inlineData !== undefined) {
      found.push({data: inlineData.data, isPng: inlineData.mimeType === 'image/png'});
    } else if (fileData?.fileUri.startsWith(REFERENCE) === true) {
      found.push({
        pageId: fileData.fileUri.slice(REFERENCE.length),
        fill: (page) => {
          parts[index] = {inlineData: {mimeType: fileData.mimeType, data: page.data}, ...rest};
        },
      });
    }
  }
}

function pictures(payload: Payload, format: Format): Picture[] {
  const found: Picture[] = [];
  const read = format === 'anthropic' ? anthropic : openai;
  for (const message of payload.messages ?? []) read(message.content, found);
  for (const item of payload.input ?? []) openai(item.content ?? item.output, found);
  for (const content of payload.contents ?? []) gemini(content.parts, found);
  return found;
}

/** A page as the summary of a context lists it. */
export interface ServedPage {
  pageId: string;
  width: number;
  height: number;
}

function isPngOf(data: string, page: ServedPage): boolean {
  const head = Buffer.from(data.slice(0, 32), 'base64');
  return (
    head.length >= 24 &&
    head.toString('latin1', 1, 4) === 'PNG' &&
    head.readUInt32BE(16) === page.width &&
    head.readUInt32BE(20) === page.height
  );
}

/**
 * Puts held pages in the place of their references, and takes new pages into the cache. Gives the ids of new pages that
 * could not be told from other pictures in the payload, so that they must be fetched by id to be held.
 */
export function fillReferences(
  payload: Payload,
  format: Format,
  held: Map<string, HeldPage>,
  served: readonly ServedPage[],
  cache: PageCache,
): string[] {
  const inPlace: string[] = [];
  for (const picture of pictures(payload, format)) {
    if (picture.pageId !== undefined) {
      // What refers to no page that is held is a URL of the conversation's own.
      const page = held.get(picture.pageId);
      if (page !== undefined) picture.fill?.(page);
    } else if (picture.isPng === true && picture.data !== undefined) {
      inPlace.push(picture.data);
    }
  }
  const added = served.filter((page) => !held.has(page.pageId));
  // The payload does not name the pages that it has, but has them in the summary's order. Only where every PNG is a page
  // of the very size that is expected in its place is that certain.
  const certain =
    added.length === inPlace.length && added.every((page, index) => isPngOf(inPlace[index] ?? '', page));
  if (!certain) return added.map((page) => page.pageId);
  added.forEach((page, index) => {
    cache.put(page.pageId, inPlace[index] ?? '');
  });
  return [];
}
