#!/usr/bin/env node
// Counts tokens with the tokenizers' own implementations, for the test of BpeCounter.
//
//   node reference_counts.mjs install                           installs the packages below
//   node reference_counts.mjs ENGINE VOCABULARY < texts > counts
//
// A text is a line with a JSON string, a count a line with a number. ENGINE is
//   tiktoken        OpenAI's, compiled from Rust to WebAssembly
//   gpt-tokenizer   in JavaScript
//   tokenizers      Hugging Face's native library, or where there is none for the platform theirs in JavaScript
// and VOCABULARY a path whose last part scripts/install-vocabularies.sh names. The packages are installed into
// $FOVEA_REFERENCE_TOKENIZERS, or ~/.cache/fovea/reference-tokenizers if that is not set.
import {execFileSync} from 'node:child_process';
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {homedir} from 'node:os';
import {basename, join} from 'node:path';
import {createInterface} from 'node:readline';
import {pathToFileURL} from 'node:url';

const PACKAGES = [
  'tiktoken@1.0.22', 'gpt-tokenizer@4.0.0', '@anush008/tokenizers@0.6.0', '@huggingface/tokenizers@0.2.0'
];
const FOLDER = process.env.FOVEA_REFERENCE_TOKENIZERS ?? join(homedir(), '.cache/fovea/reference-tokenizers');
const require = createRequire(join(FOLDER, 'x.js'));

// Mistral's pattern, as its files have it; tiktoken knows the others by name.
const TEKKEN = String.raw`[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|` +
    String.raw`[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}|` +
    String.raw` ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`;

function install() {
  mkdirSync(FOLDER, {recursive: true});
  writeFileSync(join(FOLDER, 'package.json'), '{"private": true}');
  execFileSync('npm', ['install', '--silent', '--no-audit', '--no-fund', ...PACKAGES],
               {cwd: FOLDER, stdio: ['ignore', 'ignore', 'inherit']});
}

// A tokenizer.json that takes text as it is: names of special tokens are plain text.
function plainTokenizer(path) {
  const tokenizer = JSON.parse(readFileSync(path, 'utf8'));
  tokenizer.added_tokens = [];
  tokenizer.post_processor = null;
  return tokenizer;
}

async function huggingFace(path) {
  const tokenizer = plainTokenizer(path);
  try {
    const native = require('@anush008/tokenizers').Tokenizer.fromString(JSON.stringify(tokenizer));
    return async text => (await native.encode(text, null, {addSpecialTokens: false})).getLength();
  } catch (error) {
    console.error(`${error.message}; counting in JavaScript`);
  }
  const {Tokenizer} = await import(pathToFileURL(require.resolve('@huggingface/tokenizers')).href);
  const own = new Tokenizer(tokenizer, {});
  return text => own.encode(text, {add_special_tokens: false}).ids.length;
}

function tiktoken(path) {
  const {Tiktoken, get_encoding} = require('tiktoken');
  const name = basename(path, '.tiktoken');
  let encoding;
  if (name === 'tekken') {
    const tokens = readFileSync(path, 'utf8').trim().split('\n').map(line => line.split(' ')[0]);
    encoding = new Tiktoken('! 0 ' + tokens.join(' '), {}, TEKKEN);
  } else {
    encoding = get_encoding(name);
  }
  return text => encoding.encode_ordinary(text).length;
}

function gptTokenizer(path) {
  const {encode} = require(`gpt-tokenizer/encoding/${basename(path, '.tiktoken')}`);
  const plain = {disallowedSpecial: new Set()};
  return text => encode(text, plain).length;
}

const ENGINES = {tiktoken, 'gpt-tokenizer': gptTokenizer, tokenizers: huggingFace};
const [engine, vocabulary] = process.argv.slice(2);
if (engine === 'install') {
  install();
} else if (ENGINES[engine] && vocabulary) {
  const count = await ENGINES[engine](vocabulary);
  const counts = [];
  for await (const line of createInterface({input: process.stdin})) counts.push(await count(JSON.parse(line)));
  console.log(counts.join('\n'));
} else {
  console.error('usage: node reference_counts.mjs install | ENGINE VOCABULARY');
  process.exit(2);
}
