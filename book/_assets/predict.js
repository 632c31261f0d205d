// From a decoded recording to probabilities, window by window: read it beside genre_lib/predict.py.

// Brings mono samples at one rate to another. A windowed sinc (Kaiser) with the response of soxr's
// HQ, which made the network's training data, to within 0.1 dB.
class Resampler {
  constructor(samples, from, to) {
    const divisor = Resampler.commonDivisor(from, to);
    this.samples = samples;
    this.up = to / divisor;
    this.down = from / divisor;
    const low = Math.min(1, to / from); // what is above the lower rate's half is cut off
    this.reach = Math.ceil(Resampler.CROSSINGS / low);
    this.phases = this.filters(low);
  }

  static CROSSINGS = 101.75; // of zero, to each side of the sinc
  static CUT = 0.9568; // of half the lower rate
  static BETA = 13.62; // of the Kaiser window

  static commonDivisor(a, b) {
    return b ? Resampler.commonDivisor(b, a % b) : a;
  }

  // Modified Bessel function of the first kind and order 0, by its series.
  static bessel(x) {
    let sum = 1;
    let term = 1;
    for (let k = 1; term > 1e-12 * sum; k++) {
      term *= (x / 2 / k) ** 2;
      sum += term;
    }
    return sum;
  }

  // A filter for each place that an output sample can have between two input samples.
  filters(low) {
    const { CROSSINGS, CUT, BETA } = Resampler;
    const weight = (distance) => {
      const share = distance / CROSSINGS;
      if (Math.abs(share) > 1) return 0;
      const angle = Math.PI * CUT * distance;
      const sinc = angle ? Math.sin(angle) / angle : 1;
      const kaiser = Resampler.bessel(BETA * Math.sqrt(1 - share ** 2)) / Resampler.bessel(BETA);
      return CUT * low * sinc * kaiser;
    };
    const length = 2 * this.reach + 1;
    return Array.from({ length: this.up }, (_, phase) =>
      Float64Array.from({ length }, (_, i) => weight((i - this.reach - phase / this.up) * low)),
    );
  }

  // Four outputs that have one filter, and are `up` apart, are summed at a time, because a sum by
  // itself waits for each of its products.
  resampled() {
    const { samples, reach, up, down } = this;
    if (up === down) return samples.slice();
    const output = new Float32Array(Math.ceil((samples.length * up) / down));
    for (let group = 0; group < output.length; group += 4 * up)
      for (let n = group; n < Math.min(group + up, output.length); n++) {
        const filter = this.phases[(n * down) % up];
        const start = Math.floor((n * down) / up) - reach;
        if (start < 0 || start + 3 * down + filter.length > samples.length) {
          for (let i = n; i < Math.min(n + 4 * up, output.length); i += up)
            output[i] = this.atTheEnds(i);
          continue;
        }
        let [one, two, three, four] = [0, 0, 0, 0];
        for (let i = 0; i < filter.length; i++) {
          const weight = filter[i];
          const at = start + i;
          one += weight * samples[at];
          two += weight * samples[at + down];
          three += weight * samples[at + 2 * down];
          four += weight * samples[at + 3 * down];
        }
        output[n] = one;
        output[n + up] = two;
        output[n + 2 * up] = three;
        output[n + 3 * up] = four;
      }
    return output;
  }

  // One output, also where the filter reaches beyond the samples, which is silence.
  atTheEnds(n) {
    const { samples, reach, up, down } = this;
    const filter = this.phases[(n * down) % up];
    const start = Math.floor((n * down) / up) - reach;
    let sum = 0;
    for (let i = 0; i < filter.length; i++) sum += filter[i] * (samples[start + i] ?? 0);
    return sum;
  }
}

// The tensors of a safetensors file by their names, as Float32Arrays: eight bytes with the length of
// a JSON header, the header, and the values one tensor after the other.
function tensorsOf(buffer) {
  const length = Number(new DataView(buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  const tensors = {};
  for (const [name, { dtype, data_offsets: offsets }] of Object.entries(header)) {
    if (dtype !== "F32") continue; // counters of the training
    const [start, end] = offsets.map((offset) => 8 + length + offset);
    tensors[name] = new Float32Array(buffer.slice(start, end));
  }
  return tensors;
}

// The first samples of the windows: one every `hop` samples, and the last one ends where the audio
// ends, unless less than `rest` of a window would be left out otherwise.
function windowsOf(samples, length, hop, rest) {
  const firsts = [];
  for (let first = 0; first + length <= samples; first += hop) firsts.push(first);
  if (!firsts.length) return [0];
  const heard = firsts.at(-1) + length;
  if (samples - heard > rest * length) firsts.push(samples - length);
  return firsts;
}

// How far samples get away from their mean; 0 for a constant offset.
function level(samples) {
  let sum = 0;
  for (let i = 0; i < samples.length; i++) sum += samples[i];
  const mean = sum / samples.length;
  let most = 0;
  for (let i = 0; i < samples.length; i++) most = Math.max(most, Math.abs(samples[i] - mean));
  return most;
}

// The samples from the first sound to the last one; silent pieces between become zeros. Also how
// many samples of silence are before and after them.
function soundOf(samples, piece, silent) {
  let [before, end] = [samples.length, 0];
  for (let first = 0; first < samples.length; first += piece) {
    const part = samples.subarray(first, first + piece);
    if (level(part) < silent) {
      part.fill(0);
      continue;
    }
    before = Math.min(before, first);
    end = first + part.length;
  }
  end = Math.max(end, before);
  return { sound: samples.subarray(before, end), before, after: samples.length - end };
}

// The share of the pieces of a window that are not silent.
function shareOf(samples, piece, silent) {
  let [pieces, loud] = [0, 0];
  for (let first = 0; first < samples.length; first += piece, pieces++)
    if (level(samples.subarray(first, first + piece)) >= silent) loud++;
  return pieces && loud / pieces;
}

// `weights` is the content of a safetensors file, `recipe` and `bands` are as for MelSpectrogram.
// What never gets louder than `silent` for a `piece` (in seconds) is silence.
//
// Yields how much there is to hear, `{seconds, before, after, count}`, and then for each window
// `start` and `end` in seconds, the share of its `sound`, its spectrogram and its `top` band, and
// what the network says. Nothing is said about silence, and what begins or ends with it is skipped.
//
// A recording that is shorter than a window is repeated: the network has hardly met silence.
// biome-ignore lint/correctness/noUnusedVariables: own_song.js gives it to a worker.
function* predict(samples, rate, { recipe, silent, piece, rest, bands, weights }) {
  const target = recipe.sample_rate;
  const length = Math.round(recipe.seconds * target);
  const size = Math.round(piece * target);
  const output = new Resampler(samples, rate, target).resampled();
  const { sound, before, after } = soundOf(output, size, silent);
  const firsts = windowsOf(sound.length, length, length / 2, rest);
  const [seconds, ...silence] = [output.length, before, after].map((count) => count / target);
  yield { seconds, before: silence[0], after: silence[1], count: firsts.length };

  const network = new HybridNet(tensorsOf(weights));
  const spectrogram = new MelSpectrogram(recipe);
  for (const first of firsts) {
    const audio = sound.subarray(first, first + length);
    const start = (before + first) / target;
    const window = { start, end: start + audio.length / target };
    window.sound = shareOf(audio, size, silent);
    if (!window.sound) {
      yield window;
      continue;
    }
    const repeat = () => Float32Array.from({ length }, (_, i) => audio[i % audio.length]);
    const repeated = audio.length < length ? repeat() : audio;
    const { gray, frames } = spectrogram.gray(repeated);
    const top = MelSpectrogram.highestBand(gray, frames, bands);
    if (top < bands.usual) MelSpectrogram.fillBands(gray, frames, top, bands);
    const picture = MelSpectrogram.shrink(gray, frames, network.imageSize);
    yield { ...window, top, gray, frames, ...network.forward(picture) };
  }
}

// The answer about a recording: the mean over its windows, by their sound, the most probable genre
// first; none if all is silent.
// biome-ignore lint/correctness/noUnusedVariables: own_song.js calls it.
function rankedOf(windows, genres) {
  const sound = windows.reduce((sum, window) => sum + window.sound, 0);
  const shares = genres.map((genre, number) => {
    const sum = (total, { sound, probabilities }) => total + sound * (probabilities?.[number] ?? 0);
    return { genre, probability: windows.reduce(sum, 0) / sound, number };
  });
  return sound ? shares.sort((a, b) => b.probability - a.probability) : [];
}

// What was done to a recording, and what makes an answer about it weak. `alone` is for how many
// seconds only one of its channels was heard.
// biome-ignore lint/correctness/noUnusedVariables: own_song.js calls it.
function notesOf({ seconds, before, after, windows }, alone, { recipe, rest, short, bands }) {
  const notes = [];
  const tenths = (x) => (MelSpectrogram.round(10 * x) / 10).toFixed(1);
  const sound = seconds - before - after;
  const most = rest * recipe.seconds;
  if (sound < recipe.seconds - most) {
    const weak = short * recipe.seconds;
    const end = sound < weak ? `; with less than ${weak} s an answer is weak.` : ".";
    const repeated = `repeated to fill a window of ${recipe.seconds} s`;
    notes.push(`Only ${tenths(sound)} s of sound, ${repeated}${end}`);
  }
  if (Math.max(before, after) > most) {
    const parts = `${tenths(before)} s at the beginning, ${tenths(after)} s at the end`;
    notes.push(`Silence that is skipped: ${parts}.`);
  }
  const silent = windows.filter((window) => !window.sound).length;
  if (silent) notes.push(`Windows of silence, which the answer leaves out: ${silent}.`);
  const partly = windows.filter((window) => window.sound && window.sound < 1 - rest).length;
  if (partly) notes.push(`Windows that are partly silent, and count by their sound: ${partly}.`);
  if (alone)
    notes.push(
      `For ${tenths(alone)} s the channels cancel each other when mixed, so one is heard alone.`,
    );
  const tops = windows.filter((window) => window.sound).map((window) => window.top);
  const missing = tops.filter((top) => top < bands.usual);
  if (missing.length) {
    const highest = tenths(MelSpectrogram.centre(Math.max(...missing), recipe) / 1000);
    notes.push(
      `Nothing is heard above ${highest} kHz in ${missing.length} of ${tops.length} windows. ` +
        "The bands that are missing are filled in; still the network is right less often, as " +
        "its model card says.",
    );
  }
  return notes;
}
