#!/usr/bin/env node
// Prints the seconds of processor time that npm's gpt-tokenizer takes to count texts, a JSON string a line, in
// its second pass over them, and the tokens that it counts.
//
//   node gpt_tokenizer_speed.mjs ENCODING < texts
//
// It is looked for in $FOVEA_REFERENCE_TOKENIZERS, or ~/.cache/fovea/reference-tokenizers, where
// tests/core/tokens/reference_counts.mjs installs it.
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {homedir} from 'node:os';
import {join} from 'node:path';

const folder = process.env.FOVEA_REFERENCE_TOKENIZERS ?? join(homedir(), '.cache/fovea/reference-tokenizers');
const {countTokens} = createRequire(join(folder, 'x.js'))(`gpt-tokenizer/encoding/${process.argv[2]}`);
const texts = readFileSync(0, 'utf8').trimEnd().split('\n').map(line => JSON.parse(line));
const plain = {disallowedSpecial: new Set()};

function pass() {
  const start = process.cpuUsage();
  let tokens = 0;
  for (const text of texts) tokens += countTokens(text, plain);
  const {user, system} = process.cpuUsage(start);
  return [(user + system) / 1e6, tokens];
}

pass();
console.log(pass().join(' '));
