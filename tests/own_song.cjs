// Judges recordings with the page's scripts, outside a page: what a worker would do.
// node own_song.cjs ASSETS NETWORK REQUESTS: a JSON list of {file, rate, channels}, float32 samples,
// one channel after the other.
const fs = require("node:fs");
const path = require("node:path");
const vm = require("node:vm");

const [assets, network, requests] = process.argv.slice(2);
const names = ["network.js", "spectrogram.js", "predict.js", "decode.js"];
const scripts = names.map((name) => path.join(assets, name));
const run = (text) => vm.runInThisContext(text);
globalThis.ownSong = { parts: [] };
const weights = fs.readdirSync(network).map((name) => path.join(network, name));
for (const file of [...scripts, ...weights]) run(fs.readFileSync(file, "utf-8"));

const bytes = Buffer.concat(ownSong.parts.map((part) => Buffer.from(part, "base64")));
const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
const answers = JSON.parse(fs.readFileSync(requests, "utf-8")).map(({ file, rate, channels }) => {
  const about = { ...ownSong.about, weights: buffer };
  const raw = fs.readFileSync(file);
  const all = new Float32Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.length));
  const size = all.length / channels;
  const parts = Array.from({ length: channels }, (_, n) => all.subarray(n * size, (n + 1) * size));
  const { samples, alone } = run("mono")(parts, about);
  const [length, ...windows] = run("predict")(samples, rate, about);
  return {
    ...length,
    ranked: run("rankedOf")(windows, about.genres),
    notes: run("notesOf")({ ...length, windows }, alone / rate, about),
    windows: windows.map(({ start, end, sound, probabilities = null, moments = null }) => {
      return { start, end, sound, probabilities, moments };
    }),
  };
});
process.stdout.write(JSON.stringify(answers));
