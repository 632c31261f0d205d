// Judges recordings with the page's scripts, outside a page: what a worker would do.
// node own_song.cjs ASSETS NETWORK REQUESTS: a JSON list of {file, rate}, mono float32 samples.
const fs = require("node:fs");
const path = require("node:path");
const vm = require("node:vm");

const [assets, network, requests] = process.argv.slice(2);
const scripts = ["network.js", "spectrogram.js", "predict.js"].map((name) => path.join(assets, name));
const run = (text) => vm.runInThisContext(text);
globalThis.ownSong = { parts: [] };
const weights = fs.readdirSync(network).map((name) => path.join(network, name));
for (const file of [...scripts, ...weights]) run(fs.readFileSync(file, "utf-8"));

const bytes = Buffer.concat(ownSong.parts.map((part) => Buffer.from(part, "base64")));
const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
const answers = JSON.parse(fs.readFileSync(requests, "utf-8")).map(({ file, rate }) => {
  const raw = fs.readFileSync(file);
  const samples = new Float32Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.length));
  const [length, ...windows] = run("predict")(samples, rate, { ...ownSong.about, weights: buffer });
  return {
    ...length,
    windows: windows.map(({ start, end, probabilities = null, moments = null }) => {
      return { start, end, probabilities, moments };
    }),
  };
});
process.stdout.write(JSON.stringify(answers));
