// Where a long file can be cut, so that the browser decodes a piece of it at a time: decoding as a
// whole takes three times the memory of the sound. A cut is {byte, sample}: how many samples a
// decoder has given when it has read the bytes before it.
//
// Each function gives {head, cuts, end}, or null for a file that it cannot cut: what every piece
// needs before its own bytes, the cuts from the first byte to the last one, and the last sample.
// Whoever decodes pieces compares where they overlap, so a mistake here costs memory and no sound.

// biome-ignore lint/correctness/noUnusedVariables: decode.js calls it.
function cutsOf(view, kind) {
  const cut = { MP3: cutsOfMp3, WAV: cutsOfWav, FLAC: cutsOfFlac, Ogg: cutsOfOgg }[kind];
  return cut ? cut(view, new Uint8Array(view.buffer)) : null;
}

// Between two frames, each of which says how long it is. A frame needs some of those before it.
function cutsOfMp3(view, bytes) {
  const start = firstMp3Frame(view);
  const cuts = [];
  let sample = 0;
  let at = start;
  let frame;
  for (; at + 4 <= bytes.length; at += frame.length) {
    frame = mp3Frame(view, at);
    if (!frame) break;
    cuts.push({ byte: cuts.length ? at : 0, sample });
    sample += frame.samples;
  }
  if (bytes.length - at > 1e5) return null; // more than tags
  cuts.push({ byte: bytes.length, sample });
  // The first frame may say how many samples the encoder added at the end; decoders add 529 to all.
  const text = textOf(bytes, start, 200);
  const tag = start + Math.max(text.indexOf("Xing"), text.indexOf("Info")) + 120;
  const added = tag >= start + 120 ? view.getUint16(tag + 22) & 4095 : 0;
  return { head: bytes.slice(0, 0), cuts, end: sample - Math.max(0, added - 529) };
}

// Every 4096 samples of the chunk "data".
function cutsOfWav(view, bytes) {
  let size = 0; // of the samples of all channels at one time
  let at = 12;
  while (at + 24 <= bytes.length && textOf(bytes, at, 4) !== "data") {
    const plain = [1, 3, 0xfffe].includes(view.getUint16(at + 8, true)); // PCM or floats
    if (textOf(bytes, at, 4) === "fmt " && plain) size = view.getUint16(at + 20, true);
    const length = view.getUint32(at + 4, true);
    at += 8 + length + (length % 2);
  }
  if (!size || at + 8 > bytes.length) return null;
  const first = at + 8;
  const end = Math.floor(Math.min(bytes.length - first, view.getUint32(at + 4, true)) / size);
  const cuts = [];
  for (let sample = 0; sample < end; sample += 4096)
    cuts.push({ byte: first + sample * size, sample });
  cuts.push({ byte: first + end * size, sample: end });
  return { head: bytes.slice(0, first), cuts, end };
}

// Between two frames of a stream whose frames are all of one length: each begins with the same
// three bytes, channels apart, and its number.
function cutsOfFlac(view, bytes) {
  const length = view.getUint16(8); // of a frame, in samples
  const end = (view.getUint8(21) & 15) * 2 ** 32 + view.getUint32(22);
  if (textOf(bytes, 0, 4) !== "fLaC" || length !== view.getUint16(10) || !end) return null;
  let at = 4;
  for (let last = false; !last && at + 4 < bytes.length; ) {
    last = bytes[at] >= 128;
    at += 4 + (view.getUint32(at) & 0xffffff); // one block of metadata after the other
  }
  const kind = bytes[at + 2];
  const cuts = [];
  const encoder = new TextEncoder(); // a number is written as UTF-8 writes a character
  let number = encoder.encode("\0");
  for (; at + 16 < bytes.length; at++) {
    if (bytes[at] !== 0xff || bytes[at + 1] !== 0xf8 || bytes[at + 2] !== kind) continue;
    if (!number.every((byte, i) => byte === bytes[at + 4 + i])) continue;
    cuts.push({ byte: at, sample: cuts.length * length });
    number = encoder.encode(String.fromCodePoint(cuts.length));
  }
  cuts.push({ byte: bytes.length, sample: end });
  const head = bytes.slice(0, 42);
  head[4] |= 128; // no other metadata follow
  return { head, cuts, end };
}

// Between two pages, each of which says how many samples there are up to its end.
function cutsOfOgg(view, bytes) {
  const cuts = [];
  const stream = view.getUint32(14);
  let sample = 0;
  let head = 0;
  for (let at = 0; at + 27 <= bytes.length; ) {
    if (textOf(bytes, at, 4) !== "OggS" || view.getUint32(at + 14) !== stream) return null;
    const passed = Number(view.getBigInt64(at + 6, true));
    if (passed > 0 && !cuts.length) head = at; // before it are the pages about the stream
    if (passed > 0) {
      cuts.push({ byte: at, sample });
      sample = passed;
    }
    const segments = bytes.subarray(at + 27, at + 27 + bytes[at + 26]);
    at += segments.reduce((sum, length) => sum + length, 27 + segments.length);
  }
  cuts.push({ byte: bytes.length, sample });
  return { head: bytes.slice(0, head), cuts, end: sample };
}

function textOf(bytes, start, length) {
  return String.fromCharCode(...bytes.subarray(start, start + length));
}
