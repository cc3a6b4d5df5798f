// Which turns of a history that is handed over whole the session does not hold yet.
import {createHash} from 'node:crypto';

import {Turn} from './generated/fovea/v1/turn.js';

/** Of what a turn says. Times and attributes do not count: frameworks add to those afterwards. */
export function digest(turn: Turn): string {
  const said = Turn.encode({...turn, seq: 0, timeUs: 0, attributesJson: ''}).finish();
  return createHash('sha256').update(said).digest('base64');
}

/** How many turns both begin with. */
export function common(held: readonly string[], given: readonly string[]): number {
  const shorter = Math.min(held.length, given.length);
  for (let index = 0; index < shorter; ++index) {
    if (held[index] !== given[index]) return index;
  }
  return shorter;
}
