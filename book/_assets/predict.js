// From a decoded recording to probabilities, window by window: read it beside genre_lib/predict.py.

// Brings mono samples at one rate to another, a part at a time. A windowed sinc (Kaiser) with the
// response of soxr's HQ, which made the network's training data, to within 0.1 dB.
class Resampler {
  constructor(samples, from, to) {
    const divisor = Resampler.commonDivisor(from, to);
    this.samples = samples;
    this.up = to / divisor;
    this.down = from / divisor;
    this.output = from === to ? samples : new Float32Array(Math.ceil((samples.length * to) / from));
    this.filled = from === to ? samples.length : 0;
    const low = Math.min(1, to / from); // what is above the lower rate's half is cut off
    this.reach = Math.ceil(Resampler.CROSSINGS / low);
    this.phases = from === to ? [] : this.filters(low);
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

  // The output, of which at least the samples before `end` are filled in.
  until(end) {
    const { samples, output, reach, up, down } = this;
    const last = Math.min(end, output.length);
    for (; this.filled < last; this.filled++) {
      const place = this.filled * down;
      const centre = Math.floor(place / up);
      const filter = this.phases[place % up];
      const first = Math.max(0, reach - centre);
      const stop = Math.min(filter.length, samples.length + reach - centre);
      let sum = 0;
      for (let i = first; i < stop; i++) sum += filter[i] * samples[centre - reach + i];
      output[this.filled] = sum;
    }
    return output;
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

// `weights` is the content of a safetensors file, and `recipe` as for MelSpectrogram. What never gets
// louder than `silent` is silence.
//
// Yields how much there is to hear, `{seconds, count}`, and then for each window `start` and `end`
// in seconds, its spectrogram, and what the network says. Nothing is said about silence.
//
// A recording that is shorter than a window is repeated: the network has hardly met silence.
// biome-ignore lint/correctness/noUnusedVariables: own_song.js gives it to a worker.
function* predict(samples, rate, { recipe, silent, rest, weights }) {
  const target = recipe.sample_rate;
  const length = Math.round(recipe.seconds * target);
  const resampler = new Resampler(samples, rate, target);
  const firsts = windowsOf(resampler.output.length, length, length / 2, rest);
  yield { seconds: resampler.output.length / target, count: firsts.length };

  const network = new HybridNet(tensorsOf(weights));
  const spectrogram = new MelSpectrogram(recipe);
  for (const first of firsts) {
    const audio = resampler.until(first + length).subarray(first, first + length);
    const window = { start: first / target, end: (first + audio.length) / target };
    if (audio.every((sample) => Math.abs(sample) < silent)) {
      yield window;
      continue;
    }
    const repeated = Float32Array.from({ length }, (_, i) => audio[i % audio.length]);
    const { gray, frames } = spectrogram.gray(repeated);
    const picture = MelSpectrogram.shrink(gray, frames, network.imageSize);
    yield { ...window, gray, frames, ...network.forward(picture) };
  }
}
