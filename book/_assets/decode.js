// From a file that a reader chose to mono samples at the file's own rate: the browser decodes, for
// its decoders know more formats than a page could. What cannot be decoded is a Refusal.

// A sentence for the reader; "*" stands for the name of the file.
class Refusal extends Error {}

const MOST_BYTES = 300e6;
const MOST_SECONDS = 15 * 60; // browsers decode a file as a whole; about 50 MB a minute in stereo
const LOUDEST = 1e9; // a sample beyond it is no sound
const BLOCK = 2 ** 14; // samples that are mixed at a time
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
async function decode(file, { silent, cancelled }) {
  if (file.size === 0) throw new Refusal("* is an empty file.");
  const { seconds, pictures } = await probe(file);
  if (file.size > MOST_BYTES || seconds > MOST_SECONDS) throw tooLong(seconds);
  const bytes = await file.arrayBuffer().catch(() => {
    throw new Refusal("* cannot be read; it may be a folder, or have been moved.");
  });
  const { kind, rate } = kindOf(new DataView(bytes));
  // At another rate than its own the browser would resample it, and not well.
  const context = new OfflineAudioContext(1, 1, rate >= 8000 && rate <= 96000 ? rate : 44100);
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
  const channels = Array.from({ length: decoded.numberOfChannels }, (_, channel) =>
    decoded.getChannelData(channel),
  );
  const { samples, alone } = mono(channels, { silent, cancelled });
  return { samples, rate: decoded.sampleRate, alone: alone / decoded.sampleRate };
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
function mono(channels, { silent, cancelled }) {
  const [{ length }] = channels;
  if (!length) throw new Refusal("* holds no audio samples.");
  for (const channel of channels)
    if (!channel.every((sample) => Math.abs(sample) < LOUDEST))
      throw new Refusal("* holds samples that are no sound (NaN or too large).");
  const samples = new Float32Array(length);
  let alone = 0;
  for (let first = 0; first < length; first += BLOCK) {
    const block = samples.subarray(first, first + BLOCK);
    const parts = channels.map((channel) => channel.subarray(first, first + BLOCK));
    for (const part of parts)
      for (let i = 0; i < block.length; i++) block[i] += part[i] / parts.length;
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
  return { samples, alone };
}

// What a file is by its content, "" if that is unknown, and its sample rate, 0 if that is.
function kindOf(view) {
  const text = (from, length) => {
    const most = Math.max(0, Math.min(length, view.byteLength - from));
    return String.fromCharCode(...new Uint8Array(view.buffer, from, most));
  };
  let start = 0;
  if (text(0, 3) === "ID3" && view.byteLength > 10)
    start = 10 + [6, 7, 8, 9].reduce((size, at) => size * 128 + view.getUint8(at), 0);
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
    rate = rateOfMp3(view, start);
    if (rate) kind = "MP3";
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

// Of the first frame that another one follows.
function rateOfMp3(view, start) {
  const stop = Math.min(view.byteLength - 4, start + 1e6);
  for (let at = start; at < stop; at++) {
    const frame = mp3Frame(view, at);
    if (frame && at + frame.length < stop && mp3Frame(view, at + frame.length)) return frame.rate;
  }
  return 0;
}

// Sample rate, and length in bytes, of the MPEG layer III frame that begins at a byte, if one does.
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
  const bytes = ((version === 3 ? 144 : 72) * kilobits[bitrate - 1] * 1000) / rate;
  return { rate, length: Math.floor(bytes) + ((header >> 9) & 1) };
}
