// From a file that a reader chose to mono samples at the file's own rate: the browser decodes, for
// its decoders know more formats than a page could, and long files in pieces (pieces.js). What cannot
// be decoded is a Refusal.

// A sentence for the reader; "*" stands for the name of the file.
class Refusal extends Error {}

const MOST_BYTES = 300e6;
const MOST_SECONDS = 15 * 60; // what cannot be cut takes about 50 MB a minute in stereo
const LOUDEST = 1e9; // a sample beyond it is no sound
const BLOCK = 2 ** 14; // samples that are mixed at a time
const PIECE = 30; // seconds of a long file that are decoded at a time
const LEAD = BLOCK; // samples before a piece
const SAME = 1000; // samples that two pieces must have in common, to each side of where they meet
const COMMAND = "Try `genre-book predict` on the command line.";

// What begins a file of each kind. Browsers do not know all of them.
const BEGINNINGS = [
  ["WAV", "RIFF"],
  ["WAV", "RF64"],
  ["FLAC", "fLaC"],
  ["Ogg", "OggS"],
  ["AIFF", "FORM"],
  ["Sun audio", ".snd"],
  ["Core Audio", "caff"],
  ["AMR", "#!AMR"],
  ["MIDI", "MThd"],
  ["WebM or Matroska", "\x1a\x45\xdf\xa3"],
  ["Windows Media", "\x30\x26\xb2\x75"],
  ["AAC", "\xff\xf1"],
  ["AAC", "\xff\xf9"],
];

// biome-ignore lint/correctness/noUnusedVariables: own_song.js calls it.
async function decode(file, about) {
  if (file.size === 0) throw new Refusal("* is an empty file.");
  const { seconds, pictures } = await probe(file);
  if (file.size > MOST_BYTES || seconds > MOST_SECONDS) throw tooLong(seconds);
  let bytes = await read(file);
  const { kind, rate } = kindOf(new DataView(bytes));
  // At another rate than its own the browser would resample it, and not well.
  const context = new OfflineAudioContext(1, 1, rate >= 8000 && rate <= 96000 ? rate : 44100);
  const parts = seconds > 2 * PIECE ? cutsOf(new DataView(bytes), kind) : null;
  if (parts) {
    letGo([new Uint8Array(bytes)]);
    const pieced = await inPieces(file, parts, context, about).catch(() => null);
    if (pieced) return pieced;
    bytes = await read(file);
  }
  let decoded;
  try {
    decoded = await context.decodeAudioData(bytes);
  } catch {
    if (pictures) throw new Refusal("* is a video without a sound that this browser can decode.");
    if (!kind) throw new Refusal("* is no audio file that this browser knows.");
    throw new Refusal(
      `This browser cannot decode *: it looks like ${kind}, and is damaged, protected or ` +
        `of a kind that this browser lacks. ${COMMAND}`,
    );
  }
  if (decoded.duration > MOST_SECONDS) throw tooLong(decoded.duration);
  const { samples, alone } = mono(channelsOf(decoded), about);
  return { samples, rate: decoded.sampleRate, alone: alone / decoded.sampleRate };
}

function read(file) {
  return file.arrayBuffer().catch(() => {
    throw new Refusal("* cannot be read; it may be a folder, or have been moved.");
  });
}

function channelsOf(decoded) {
  return Array.from({ length: decoded.numberOfChannels }, (_, n) => decoded.getChannelData(n));
}

// The same, piece by piece; null if the pieces do not fit together. Decoders need a lead to get into
// their stride, and may leave out samples at its beginning, so a piece is placed by where it ends.
async function inPieces(file, { head, cuts, end }, context, about) {
  const rate = context.sampleRate;
  const samples = new Float32Array(end);
  let [filled, alone] = [0, 0];
  let before; // {first, channels} of the piece before
  let skipped; // samples that the decoder left out at the beginning of the file
  for (let to = 0; to < cuts.length - 1; ) {
    const from = cuts.findLastIndex(({ sample }) => sample <= Math.max(0, filled - LEAD));
    const next = cuts.findIndex(({ sample }) => sample >= filled + PIECE * rate);
    to = next > to ? next : cuts.length - 1;
    const piece = [head, file.slice(cuts[from].byte, cuts[to].byte)];
    const decoded = await context.decodeAudioData(await new Blob(piece).arrayBuffer());
    const channels = channelsOf(decoded);
    skipped ??= cuts[to].sample - decoded.length;
    const first = cuts[to].sample - skipped - decoded.length;
    if (before && !fit(before, { first, channels }, filled)) return null;
    let stop = cuts[to].sample - skipped;
    if (to < cuts.length - 1) stop -= stop % BLOCK;
    else stop = Math.min(stop, end - skipped);
    const parts = channels.map((channel) => channel.subarray(filled - first, stop - first));
    alone += mix(parts, samples.subarray(filled, stop), about);
    filled = stop;
    if (before) letGo(before.channels);
    before = { first, channels };
  }
  letGo(before.channels);
  return { samples: samples.subarray(0, filled), rate, alone: alone / rate };
}

// Free the memory of arrays at once: they are sent to nobody, and collecting them could take long.
function letGo(arrays) {
  const { port1, port2 } = new MessageChannel();
  port2.close();
  for (const { buffer } of arrays) port1.postMessage(null, [buffer]);
  port1.close();
}

// Whether two pieces are the same around a sample that both have.
function fit(one, other, sample) {
  return one.channels.every((channel, n) => {
    const [a, b] = [channel, other.channels[n]];
    const most = Math.min(SAME, one.first + channel.length - sample);
    for (let i = sample - SAME; i < sample + most; i++)
      if (!(Math.abs(a[i - one.first] - b[i - other.first]) < 1e-3)) return false;
    return true;
  });
}

function tooLong(seconds) {
  const length = seconds ? `${Math.ceil(seconds / 60)} minutes long` : "very large";
  return new Refusal(
    `* is ${length}; in a page, no more than ${MOST_SECONDS / 60} minutes fit. ${COMMAND}`,
  );
}

// How long a file says it is, 0 if it does not, and whether it has pictures: without reading it.
function probe(file) {
  const video = document.createElement("video");
  const address = URL.createObjectURL(file);
  return new Promise((resolve) => {
    const found = () => {
      const seconds = Number.isFinite(video.duration) ? video.duration : 0;
      resolve({ seconds, pictures: video.videoWidth > 0 });
      video.removeAttribute("src");
      URL.revokeObjectURL(address);
    };
    video.onloadedmetadata = found;
    video.onerror = found;
    setTimeout(found, 5000);
    video.preload = "metadata";
    video.src = address;
  });
}

// The mean of all channels, a block at a time as genre_lib.corpus.audio has it; where they cancel
// each other, the first one of them that is about as loud as any. `alone` samples are of one channel.
function mono(channels, about) {
  const samples = new Float32Array(channels[0].length);
  if (!samples.length) throw new Refusal("* holds no audio samples.");
  return { samples, alone: mix(channels, samples, about) };
}

function mix(channels, samples, { silent, cancelled }) {
  let alone = 0;
  for (let first = 0; first < samples.length; first += BLOCK) {
    const block = samples.subarray(first, first + BLOCK);
    const parts = channels.map((channel) => channel.subarray(first, first + BLOCK));
    for (const part of parts)
      for (let i = 0; i < block.length; i++) {
        if (!(Math.abs(part[i]) < LOUDEST))
          throw new Refusal("* holds samples that are no sound (NaN or too large).");
        block[i] += part[i] / parts.length;
      }
    const levels = parts.map(level);
    const loudest = Math.max(...levels);
    if (loudest < silent) {
      const offset = block.reduce((sum, sample) => sum + sample, 0) / block.length;
      for (let i = 0; i < block.length; i++) block[i] -= offset;
    } else if (level(block) < cancelled * loudest) {
      block.set(parts[levels.findIndex((it) => it > loudest / 2)]);
      alone += block.length;
    }
  }
  return alone;
}

// What a file is by its content, "" if that is unknown, and its sample rate, 0 if that is.
function kindOf(view) {
  const text = (from, length) => {
    const most = Math.max(0, Math.min(length, view.byteLength - from));
    return String.fromCharCode(...new Uint8Array(view.buffer, from, most));
  };
  const start = tagEnd(view);
  let kind = BEGINNINGS.find(([, bytes]) => text(start, bytes.length) === bytes)?.[0] ?? "";
  let rate = 0;
  if (kind === "WAV") {
    const format = text(start, 4096).indexOf("fmt ");
    if (format >= 0 && start + format + 16 <= view.byteLength)
      rate = view.getUint32(start + format + 12, true);
  } else if (kind === "FLAC" || kind === "Ogg") {
    const head = text(start, 300);
    const flac = head.indexOf("fLaC");
    const vorbis = head.indexOf("\x01vorbis");
    rate = 48000; // Opus
    if (flac >= 0 && start + flac + 22 <= view.byteLength)
      rate = view.getUint32(start + flac + 18) >>> 12;
    else if (vorbis >= 0 && start + vorbis + 16 <= view.byteLength)
      rate = view.getUint32(start + vorbis + 12, true);
  } else if (kind === "WebM or Matroska") {
    rate = 48000; // nearly always Opus
  } else if (text(4, 4) === "ftyp") {
    kind = "MP4";
    rate = rateOfMp4(view);
  } else if (!kind) {
    const first = firstMp3Frame(view);
    if (first >= 0) {
      kind = "MP3";
      rate = mp3Frame(view, first).rate;
    }
  }
  return { kind: kind || (start ? "MP3" : ""), rate };
}

// In the box "mp4a" that describes the sound.
function rateOfMp4(view) {
  for (let at = 0; at + 36 < view.byteLength; at++)
    if (view.getUint32(at) === 0x6d703461 && view.getUint32(at + 4) === 0)
      return view.getUint16(at + 28);
  return 0;
}

// Where the ID3 tag at the beginning of a file ends, 0 if it has none.
function tagEnd(view) {
  if (view.byteLength <= 10 || view.getUint32(0) >>> 8 !== 0x494433) return 0;
  return 10 + [6, 7, 8, 9].reduce((size, at) => size * 128 + view.getUint8(at), 0);
}

// Where the first frame begins that another one follows, -1 if none does.
function firstMp3Frame(view) {
  const start = tagEnd(view);
  const stop = Math.min(view.byteLength - 4, start + 1e6);
  for (let at = start; at < stop; at++) {
    const frame = mp3Frame(view, at);
    if (frame && at + frame.length < stop && mp3Frame(view, at + frame.length)) return at;
  }
  return -1;
}

// Sample rate, samples and length in bytes of the MPEG layer III frame that begins at a byte, if any.
function mp3Frame(view, at) {
  const header = view.getUint32(at);
  const version = (header >> 19) & 3; // 3 is MPEG 1, 2 is MPEG 2, 0 is MPEG 2.5
  const layer = (header >> 17) & 3;
  const bitrate = (header >> 12) & 15;
  const rate = [44100, 48000, 32000][(header >> 10) & 3] / [4, 0, 2, 1][version];
  if (header >>> 21 !== 2047 || version === 1 || layer !== 1 || !rate) return null;
  if (bitrate === 0 || bitrate === 15) return null;
  const kilobits =
    version === 3
      ? [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320]
      : [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
  const samples = version === 3 ? 1152 : 576;
  const bytes = ((samples / 8) * kilobits[bitrate - 1] * 1000) / rate;
  return { rate, samples, length: Math.floor(bytes) + ((header >> 9) & 1) };
}
