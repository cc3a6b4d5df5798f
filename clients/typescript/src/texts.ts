// Bytes of turns as text for people and models.

const STRICT = new TextDecoder('utf-8', {fatal: true, ignoreBOM: true});

/** UTF-8; where it is none, each ill-formed byte as \xNN. */
export function decodeText(bytes: Uint8Array): string {
  try {
    return STRICT.decode(bytes);
  } catch {
    // as below
  }
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const length = [1, 2, 3, 4].find((size) => isCharacter(bytes.subarray(at, at + size)));
    if (length === undefined) {
      text += `\\x${(bytes[at] ?? 0).toString(16).padStart(2, '0')}`;
      at += 1;
    } else {
      text += STRICT.decode(bytes.subarray(at, at + length));
      at += length;
    }
  }
  return text;
}

function isCharacter(bytes: Uint8Array): boolean {
  try {
    return STRICT.decode(bytes) !== '';
  } catch {
    return false;
  }
}

/** The text of at most `most` bytes that does not end within a character, and how many bytes it is of. */
export function wholeCharacters(bytes: Uint8Array, most: number): [text: string, end: number] {
  const follows = (at: number): boolean => ((bytes[at] ?? 0) & 0xc0) === 0x80;
  let end = Math.min(bytes.length, most);
  if (end < bytes.length) {
    let back = end;
    while (back > 0 && end - back < 3 && follows(back)) back -= 1;
    // Not a beginning: the bytes are no UTF-8, or the first character is larger than what is asked for.
    if (back > 0 && !follows(back)) end = back;
  }
  return [decodeText(bytes.subarray(0, end)), end];
}
