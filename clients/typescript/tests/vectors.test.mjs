// tests/vectors/messages.jsonl: messages of all shapes, and the turns that they must become.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';

import {MessageReader, MessageShapeError} from 'fovea-memory';

import {ROOT} from './support.mjs';

const ROLES = ['', 'system', 'user', 'assistant', 'tool'];
const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const strict = new TextDecoder('utf-8', {fatal: true, ignoreBOM: true});

function decoded(bytes) {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Text, where half of a surrogate pair may stand as its three bytes; else base64. */
function bytesJson(bytes) {
  let text = decoded(bytes);
  if (text !== undefined) return text;
  text = '';
  for (let at = 0; at < bytes.length; ) {
    const size = [1, 2, 3, 4].find((length) => decoded(bytes.subarray(at, at + length)));
    const [a, b, c] = bytes.subarray(at, at + 3);
    if (size !== undefined) {
      text += strict.decode(bytes.subarray(at, at + size));
      at += size;
    } else if (a === 0xed && b >= 0xa0 && (c & 0xc0) === 0x80) {
      text += String.fromCharCode(0xd000 | ((b & 0x3f) << 6) | (c & 0x3f));
      at += 3;
    } else {
      return {base64: Buffer.from(bytes).toString('base64')};
    }
  }
  return text;
}

function json(value) {
  if (value instanceof Uint8Array) return bytesJson(value);
  if (Array.isArray(value)) return value.map(json);
  if (typeof value !== 'object') return value;
  if (value.kind?.$case !== undefined) return {[snake(value.kind.$case)]: json(value.kind.value)};
  const made = {};
  for (const [name, member] of Object.entries(value)) {
    if (name === 'attributesJson') {
      if (member !== '') made.attributes = JSON.parse(member);
    } else if (member !== '' && member !== 0 && member !== false && !(member?.length === 0 && name !== 'parts')) {
      made[snake(name)] = json(member);
    }
  }
  return made;
}

const lines = readFileSync(join(ROOT, 'tests', 'vectors', 'messages.jsonl'), 'utf8').trim().split('\n');
lines.forEach((line, index) => {
  test(`vector on line ${index + 1}`, () => {
    const vector = JSON.parse(line);
    const reader = new MessageReader();
    for (const message of vector.before ?? []) reader.read(message, vector.shape);
    if (vector.error !== undefined) {
      assert.throws(
        () => reader.read(vector.message, vector.shape),
        (error) => error instanceof MessageShapeError && error.message.startsWith(vector.error),
      );
      return;
    }
    const turns = reader.read(vector.message, vector.shape).map((turn) => ({...json(turn), role: ROLES[turn.role]}));
    assert.deepEqual(turns, vector.turns);
  });
});
