#!/usr/bin/env node
// Calibrates EstimateTokens (core/tokens/token_estimate.cc) against o200k_base and records true counts for
// its data test. docs/token-estimate.md explains the method.
//
//   node scripts/calibrate-token-estimate.mjs DATA
//
// DATA holds trajectories/*.jsonl.gz and multilingual/*.jsonl.gz. Installs npm's gpt-tokenizer into a
// temporary folder and writes core/tokens/token_weights.cc and tests/core/tokens/o200k_counts.txt.
import {execFileSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {gunzipSync} from 'node:zlib';

const TOKENIZER = 'gpt-tokenizer@4.0.0';
const FILES = [
  'trajectories/deepswe', 'trajectories/pi', 'trajectories/swe-smith', 'trajectories/swe-agent',
  'trajectories/tau-airline', 'trajectories/aider', 'multilingual/xquad'
];
const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

// ---- The tokenizer ----

function loadTokenizer() {
  const folder = mkdtempSync(join(tmpdir(), 'o200k-'));
  writeFileSync(join(folder, 'package.json'), '{}');
  execFileSync('npm', ['install', '--silent', '--no-audit', '--no-fund', TOKENIZER],
               {cwd: folder, stdio: ['ignore', 'ignore', 'inherit']});
  const loaded = createRequire(join(folder, 'x.js'))('gpt-tokenizer/encoding/o200k_base');
  rmSync(folder, {recursive: true});
  return loaded;
}
const tokenizer = loadTokenizer();
const plain = {disallowedSpecial: new Set()};
const known = new Map();
function count(piece) {
  let tokens = known.get(piece);
  if (tokens === undefined) {
    tokens = tokenizer.encode(piece, plain).length;
    known.set(piece, tokens);
  }
  return tokens;
}

// o200k_base first cuts text into these pieces, and no token crosses a cut.
const SUFFIX = String.raw`(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])?`;
const UPPER = String.raw`[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`;
const LOWER = String.raw`[\p{Ll}\p{Lm}\p{Lo}\p{M}]`;
const LEAD = String.raw`[^\r\n\p{L}\p{N}]?`;
const PIECE = new RegExp(
    [
      LEAD + UPPER + '*' + LOWER + '+' + SUFFIX, LEAD + UPPER + '+' + LOWER + '*' + SUFFIX,
      String.raw`\p{N}{1,3}`, String.raw` ?[^\s\p{L}\p{N}]+[\r\n/]*`, String.raw`\s*[\r\n]+`,
      String.raw`\s+(?!\S)`, String.raw`\s+`
    ].join('|'), 'gu');

// ---- The texts ----

function* sessions(data) {
  for (const file of FILES) {
    const lines = gunzipSync(readFileSync(join(data, file + '.jsonl.gz'))).toString().split('\n');
    for (const line of lines) {
      if (!line) continue;
      const turns = JSON.parse(line).turns.map(
          turn => [turn.text ?? '', ...(turn.tool_calls ?? []).flatMap(call => [call.name, call.args])]
                      .filter(text => text));
      yield {file, turns};
    }
  }
}

// Strings that histories hold too few of: the same ones on every run.
function* synthetic() {
  let state = 20261122;
  const next = n => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 4294967296 * n);
  };
  const from = (alphabet, length) =>
      Array.from({length}, () => alphabet[next(alphabet.length)]).join('');
  const lower = 'abcdefghijklmnopqrstuvwxyz';
  const upper = lower.toUpperCase();
  const digits = '0123456789';
  for (let i = 0; i < 1500; ++i) {
    yield from(lower + upper + digits + '+/', 76);
    yield ' ' + from(digits + 'abcdef', 40);
    yield '"' + from(digits + 'ABCDEF', 32) + '"';
    yield from(lower + upper + digits + '-_', 22);
    yield ' ' + from(lower, 4 + next(12)) + '-' + from(upper, 2 + next(8));
  }
}

// ---- The features: core/tokens/token_estimate.cc has the same ----

const MAX_LENGTH = 15;
const BUCKETS = 8;
const MAX_MARKS = 16;
// What may stand before the letters in their piece: nothing, one of these, or something else.
const LEAD_MARKS = ' ._/-(';
const LEADS = 2 + LEAD_MARKS.length;
const CASES = 4;
// A word with a letter beyond ASCII, and this many words after it, may be of another language than
// English: they have a table of their own. Letters from U+0100 on (Romanian, Turkish, Vietnamese) have
// another than those below (Spanish, German).
const FOREIGN_WORDS = 24;
// On top of what is fitted for them, for languages that the histories do not hold.
const FOREIGN_MARGIN = 1.12;
const SCRIPTS = [
  ['greek', /[\u0370-\u03ff]/], ['cyrillic', /[\u0400-\u052f]/], ['hebrew', /[\u0590-\u05ff]/],
  ['arabic', /[\u0600-\u07ff]/], ['devanagari', /[\u0900-\u097f]/], ['indic', /[\u0980-\u0dff]/],
  ['thai', /[\u0e00-\u0eff]/], ['kana', /[\u3040-\u30ff]/], ['han', /[\u3400-\u9fff]/],
  ['hangul', /[\uac00-\ud7af]/]
];
const symbolOf = letter => {
  const code = letter.toLowerCase().charCodeAt(0) - 97;
  return code >= 0 && code < 26 ? code : 26;
};
const isLatinWord = piece => /^[^\r\n\p{L}\p{N}]?(?:[a-zA-Z']|(?=[\u00aa-\u024f\u1e00-\u1eff\u0300-\u036f])[\p{L}\p{M}])+$/u.test(piece) && /\p{L}/u.test(piece);

function splitLead(piece) {
  const letters = piece.replace(/^[^\p{L}\p{M}]/u, '');
  if (letters === piece) return [0, letters];
  const mark = LEAD_MARKS.indexOf(piece[0]);
  return [mark < 0 ? LEADS - 1 : 1 + mark, letters];
}
function caseOf(letters) {
  const capitals = (letters.match(/[A-Z]/g) ?? []).length;
  if (capitals === 0) return 0;
  if (capitals === 1 && letters.length > 1) return 1;
  return capitals === letters.length ? 2 : 3;
}
// How many cuts a word of these letters has on average, in 1/64.
function cutsOf(letters, cuts) {
  let sum = 0;
  for (let i = 1; i < letters.length; ++i) {
    sum += cuts[symbolOf(letters[i - 1]) * 27 + symbolOf(letters[i])];
  }
  return sum;
}
const bucketOf = (sum, limits) => limits.filter(limit => sum >= limit).length;

// ---- Fitting ----

// Pieces with how often they count (every file's weight is the square root of its share), and 1 or 2 if
// they may be western or eastern.
function gather(data) {
  const pieces = new Map();
  const perFile = new Map();
  const add = (file, text) => {
    if (!perFile.has(file)) perFile.set(file, {tokens: 0, pieces: new Map()});
    const entry = perFile.get(file);
    let western = 0, eastern = 0;
    for (const [piece] of text.matchAll(PIECE)) {
      entry.tokens += count(piece);
      if (isLatinWord(piece)) {
        const [, letters] = splitLead(piece);
        western = /[\x80-\xff]/.test(letters) ? FOREIGN_WORDS : Math.max(0, western - 1);
        eastern = /[^\x00-\xff]/.test(letters) ? FOREIGN_WORDS : Math.max(0, eastern - 1);
      }
      const key = (eastern > 0 ? 2 : western > 0 ? 1 : 0) + piece;
      entry.pieces.set(key, (entry.pieces.get(key) ?? 0) + 1);
    }
  };
  for (const {file, turns} of sessions(data)) for (const turn of turns) for (const text of turn) add(file, text);
  for (const text of synthetic()) add('synthetic', text);
  for (const {tokens, pieces: own} of perFile.values()) {
    for (const [key, times] of own) {
      pieces.set(key, (pieces.get(key) ?? 0) + times / Math.sqrt(tokens));
    }
  }
  return [...pieces].map(([key, weight]) => [key.slice(1), weight, Number(key[0])]);
}

// How often a token ends between two letters, in 1/64.
function fitCuts(pieces) {
  const cut = new Float64Array(27 * 27).fill(0.003);
  const all = new Float64Array(27 * 27).fill(0.01);
  for (const [piece, weight] of pieces) {
    if (!isLatinWord(piece)) continue;
    const [, letters] = splitLead(piece);
    const ends = new Set();
    let end = letters.length - piece.length;
    // A token may end within a character: it then decodes to more or fewer characters.
    for (const token of tokenizer.encode(piece, plain)) ends.add(end += tokenizer.decode([token]).length);
    for (let i = 1; i < letters.length; ++i) {
      const pair = symbolOf(letters[i - 1]) * 27 + symbolOf(letters[i]);
      all[pair] += weight;
      if (ends.has(i)) cut[pair] += weight;
    }
  }
  return [...all].map((times, pair) => Math.round(64 * cut[pair] / times));
}

// Limits that leave a half, a quarter, an eighth, ... of the words above them.
function fitLimits(pieces, cuts) {
  const sums = [];
  for (const [piece, weight] of pieces) {
    if (!isLatinWord(piece)) continue;
    const [, letters] = splitLead(piece);
    if (letters.length > 1) sums.push([cutsOf(letters, cuts), weight]);
  }
  sums.sort((a, b) => a[0] - b[0]);
  const total = sums.reduce((sum, [, weight]) => sum + weight, 0);
  const limits = [];
  let below = 0;
  for (const [sum, weight] of sums) {
    below += weight;
    while (limits.length < BUCKETS - 1 && below > total * (1 - 0.5 ** (limits.length + 1))) limits.push(sum);
  }
  return limits;
}

class Mean {
  weight = 0;
  sum = 0;
  add(weight, value) {
    this.weight += weight;
    this.sum += weight * value;
  }
  // Drawn towards `prior` where little is known.
  value(prior, strength) {
    return (this.sum + prior * strength) / (this.weight + strength);
  }
}

const grid = (...sizes) => Array.from({length: sizes.reduce((a, b) => a * b)}, () => new Mean());

function fitWords(pieces, cuts, limits) {
  const cells = grid(LEADS, CASES, MAX_LENGTH, BUCKETS);
  const byBucket = grid(CASES, MAX_LENGTH, BUCKETS);
  const byLength = grid(MAX_LENGTH, BUCKETS);
  const beyond = grid(BUCKETS);
  const foreignCells = grid(2, LEADS, MAX_LENGTH, BUCKETS);
  const foreignByLength = grid(2, MAX_LENGTH, BUCKETS);
  for (const [piece, weight, foreign] of pieces) {
    if (!isLatinWord(piece)) continue;
    const [lead, letters] = splitLead(piece);
    const bucket = bucketOf(cutsOf(letters, cuts), limits);
    const tokens = count(piece);
    if (foreign && letters.length <= MAX_LENGTH) {
      const cell = (letters.length - 1) * BUCKETS + bucket;
      foreignCells[((foreign - 1) * LEADS + lead) * MAX_LENGTH * BUCKETS + cell].add(weight, tokens);
      foreignByLength[(foreign - 1) * MAX_LENGTH * BUCKETS + cell].add(weight, tokens);
      continue;
    }
    if (letters.length > MAX_LENGTH) {
      beyond[bucket].add(weight * letters.length, tokens / letters.length);
      continue;
    }
    const length = letters.length - 1;
    const kind = caseOf(letters);
    cells[((lead * CASES + kind) * MAX_LENGTH + length) * BUCKETS + bucket].add(weight, tokens);
    byBucket[(kind * MAX_LENGTH + length) * BUCKETS + bucket].add(weight, tokens);
    byLength[length * BUCKETS + bucket].add(weight, tokens);
  }
  const strength = 0.05;
  const words = cells.map((cell, i) => {
    const bucket = i % BUCKETS;
    const length = Math.floor(i / BUCKETS) % MAX_LENGTH;
    const kind = Math.floor(i / BUCKETS / MAX_LENGTH) % CASES;
    const guess = 1 + length * 0.05 * bucket;
    const coarse = byLength[length * BUCKETS + bucket].value(guess, strength);
    const finer = byBucket[(kind * MAX_LENGTH + length) * BUCKETS + bucket].value(coarse, strength);
    return Math.max(1, cell.value(finer, strength));
  });
  const foreign = foreignCells.map((cell, i) => {
    const length = Math.floor(i / BUCKETS) % MAX_LENGTH;
    const kind = Math.floor(i / BUCKETS / MAX_LENGTH / LEADS);
    const coarse = foreignByLength[kind * MAX_LENGTH * BUCKETS + i % (MAX_LENGTH * BUCKETS)];
    const guess = 1 + length * (0.1 + 0.04 * (i % BUCKETS));
    return Math.max(1, FOREIGN_MARGIN * cell.value(coarse.value(guess, strength / 10), strength / 10));
  });
  return {words, foreign, beyond: beyond.map((mean, bucket) => mean.value(0.2 + 0.04 * bucket, strength))};
}

// Runs of ASCII marks by length: alike ("-----") and mixed.
function fitMarks(pieces) {
  const cells = grid(2, MAX_MARKS);
  const beyond = grid(2);
  for (const [piece, weight] of pieces) {
    const marks = piece.replace(/^ /, '').replace(/[\r\n]+$/, '');
    if (!/^[!-/:-@[-`{-~]+$/.test(marks)) continue;
    const alike = [...marks].every(mark => mark === marks[0]) ? 0 : 1;
    if (marks.length > MAX_MARKS) {
      beyond[alike].add(weight * marks.length, count(piece) / marks.length);
    } else {
      cells[alike * MAX_MARKS + marks.length - 1].add(weight, count(piece));
    }
  }
  const marks = cells.map((cell, i) => {
    const length = i % MAX_MARKS;
    return Math.max(1, cell.value(i < MAX_MARKS ? 1 + length / 8 : 1 + length * 0.45, 0.02));
  });
  return {marks, beyond: [beyond[0].value(0.1, 0.02), beyond[1].value(0.5, 0.02)]};
}

// Tokens of a run of a script's letters: a first part, and a part for each character.
function fitScripts(pieces) {
  return SCRIPTS.map(([, pattern]) => {
    let n = 0, x = 0, y = 0, xx = 0, xy = 0;
    for (const [piece, weight] of pieces) {
      const letters = piece.replace(/^[^\p{L}\p{M}]/u, '');
      const length = [...letters].length;
      if (length === 0 || ![...letters].every(letter => pattern.test(letter))) continue;
      // A mark before the letters is counted on its own.
      const tokens = count(piece) - (letters === piece || piece[0] === ' ' ? 0 : 1);
      n += weight, x += weight * length, y += weight * tokens;
      xx += weight * length * length, xy += weight * length * tokens;
    }
    if (n < 0.05) return null;
    const slope = (n * xy - x * y) / (n * xx - x * x);
    return [Math.max(0, (y - slope * x) / n), slope];
  });
}

// ---- Writing ----

const fixed = value => Math.ceil(value * 256);
function rows(values, perRow) {
  const lines = [];
  for (let i = 0; i < values.length; i += perRow) lines.push('    ' + values.slice(i, i + perRow).join(', ') + ',');
  return lines.join('\n');
}

function writeWeights(cuts, limits, words, marks) {
  writeFileSync(join(ROOT, 'core/tokens/token_weights.cc'), `// Written by scripts/calibrate-token-estimate.mjs; docs/token-estimate.md explains the figures.
#include "core/tokens/token_weights.h"

namespace fovea {

// clang-format off
const uint8_t kLetterCuts[28 * 27] = {
${rows([...cuts, ...Array(27).fill(0)], 27)}
};

const uint16_t kCutLimits[${BUCKETS - 1}] = {
${rows(limits, BUCKETS)}
};

const uint16_t kWordTokens[${words.words.length}] = {
${rows(words.words.map(fixed), 4 * BUCKETS)}
};

const uint16_t kForeignWordTokens[${words.foreign.length}] = {
${rows(words.foreign.map(fixed), 4 * BUCKETS)}
};

const uint16_t kLongWordTokens[${BUCKETS}] = {
${rows(words.beyond.map(fixed), BUCKETS)}
};

const uint16_t kMarkTokens[${2 * MAX_MARKS}] = {
${rows(marks.marks.map(fixed), MAX_MARKS)}
};

const uint16_t kLongMarkTokens[2] = {
${rows(marks.beyond.map(fixed), 2)}
};
// clang-format on

}  // namespace fovea
`);
}

// One line a session: its file, then the tokens of each turn.
function writeCounts(data) {
  const lines = ['# True o200k_base tokens of the shared histories, turn by turn (texts, call names and arguments).'];
  let total = 0;
  for (const {file, turns} of sessions(data)) {
    const tokens = turns.map(turn => turn.reduce((sum, text) => sum + tokenizer.encode(text, plain).length, 0));
    total += tokens.reduce((a, b) => a + b, 0);
    lines.push([file, ...tokens].join(' '));
  }
  writeFileSync(join(ROOT, 'tests/core/tokens/o200k_counts.txt'), lines.join('\n') + '\n');
  return total;
}

const data = process.argv[2];
if (!data) {
  console.error('usage: node scripts/calibrate-token-estimate.mjs DATA');
  process.exit(2);
}
const pieces = gather(data);
const cuts = fitCuts(pieces);
const limits = fitLimits(pieces, cuts);
writeWeights(cuts, limits, fitWords(pieces, cuts, limits), fitMarks(pieces));
console.log(`${pieces.length} distinct pieces, ${writeCounts(data)} tokens`);
const scripts = fitScripts(pieces);
SCRIPTS.forEach(([name], i) => console.log(name, scripts[i] ? scripts[i].map(x => x.toFixed(3)).join(' + n · ') : 'too few'));
