// From samples to the pictures that the network is shown: read it beside genre_lib/spectrogram.py
// and genre_lib.splits.resize. `recipe` is that of the network's training: sample_rate, seconds,
// n_fft, hop_length, n_mels, fmin, fmax and top_db.

// biome-ignore lint/correctness/noUnusedVariables: own_song.js gives it to a worker.
class MelSpectrogram {
  constructor(recipe) {
    const size = recipe.n_fft;
    this.recipe = recipe;
    this.bins = size / 2 + 1; // of a Fourier transform, from 0 Hz to half the sample rate
    this.filters = MelSpectrogram.filters(recipe);
    const turn = (2 * Math.PI) / size;
    this.hann = Float64Array.from({ length: size }, (_, i) => 0.5 - 0.5 * Math.cos(turn * i));
    this.cos = Float64Array.from({ length: size / 2 }, (_, i) => Math.cos(turn * i));
    this.sin = Float64Array.from({ length: size / 2 }, (_, i) => -Math.sin(turn * i));
    this.order = Uint16Array.from({ length: size }, (_, i) => {
      let mirrored = 0; // the bits of i, backwards: the order in which `transform` wants its input
      for (let bit = 1; bit < size; bit *= 2) mirrored = 2 * mirrored + (i & bit ? 1 : 0);
      return mirrored;
    });
  }

  // Slaney's mel scale: linear below 1000 Hz, which are 15 mels, and logarithmic above.
  static STEP = Math.log(6.4) / 27;

  static toMel(hertz) {
    return hertz < 1000 ? (hertz * 3) / 200 : 15 + Math.log(hertz / 1000) / MelSpectrogram.STEP;
  }

  static toHertz(mel) {
    return mel < 15 ? (mel * 200) / 3 : 1000 * Math.exp(MelSpectrogram.STEP * (mel - 15));
  }

  // Middle of a mel band in Hz.
  static centre(band, { n_mels, fmin, fmax }) {
    const [low, high] = [fmin, fmax].map(MelSpectrogram.toMel);
    return MelSpectrogram.toHertz(low + ((high - low) * (band + 1)) / (n_mels + 1));
  }

  // Triangular filters with edges at even steps of the mel scale, as librosa makes them. Each has a first bin and the weights from there.
  static filters(recipe) {
    const { sample_rate, n_fft, n_mels } = recipe;
    return Array.from({ length: n_mels }, (_, band) => {
      const beside = [band - 1, band, band + 1];
      const [left, middle, right] = beside.map((it) => MelSpectrogram.centre(it, recipe));
      const weights = [];
      let first = 0;
      for (let bin = 0; bin <= n_fft / 2; bin++) {
        const hz = (bin * sample_rate) / n_fft;
        const height = Math.min((hz - left) / (middle - left), (right - hz) / (right - middle));
        if (height <= 0) continue;
        if (!weights.length) first = bin;
        weights.push((height * 2) / (right - left)); // every filter has the same area
      }
      return { first, weights: Float64Array.from(weights) };
    });
  }

  // Gray levels of audio: `gray`, lowest band first, (n_mels, frames).
  gray(audio) {
    const { n_mels, top_db } = this.recipe;
    const { power, frames } = this.melPower(audio);
    const loudest = power.reduce((a, b) => Math.max(a, b), 0);
    const gray = new Uint8Array(n_mels * frames);
    for (let i = 0; i < gray.length; i++) {
      const decibels = 10 * Math.log10(Math.max(1e-20, power[i] / loudest)); // 0 is the loudest point
      gray[i] = MelSpectrogram.round(255 * Math.max(0, 1 + decibels / top_db));
    }
    return { gray, frames };
  }

  // Power in each mel band and frame, (n_mels, frames). Frame i is centred on sample i x hop_length;
  // beyond the ends of the audio there is silence.
  melPower(audio) {
    const { n_fft: size, hop_length: hop, n_mels } = this.recipe;
    const frames = 1 + Math.floor(audio.length / hop);
    if (this.power?.length !== n_mels * frames) this.power = new Float64Array(n_mels * frames);
    const { power } = this; // of each window in its turn, so that memory does not pile up
    const real = new Float64Array(size);
    const imaginary = new Float64Array(size);
    const bins = [new Float64Array(this.bins), new Float64Array(this.bins)];
    const { hann, order } = this;
    for (let frame = 0; frame < frames; frame += 2) {
      // Samples are real numbers, so one complex transform does for two frames.
      const first = frame * hop - size / 2;
      for (let i = 0; i < size; i++) {
        real[order[i]] = hann[i] * (audio[first + i] ?? 0);
        imaginary[order[i]] = hann[i] * (audio[first + i + hop] ?? 0);
      }
      this.transform(real, imaginary);
      this.separate(real, imaginary, bins);
      for (let band = 0; band < n_mels; band++) {
        const { first: bin, weights } = this.filters[band];
        for (let n = 0; n < 2 && frame + n < frames; n++) {
          let sum = 0;
          for (let i = 0; i < weights.length; i++) sum += weights[i] * bins[n][bin + i];
          power[band * frames + frame + n] = sum;
        }
      }
    }
    return { power, frames };
  }

  // Fast Fourier transform in place, radix 2, of values in bit-reversed order.
  transform(real, imaginary) {
    const size = real.length;
    const { cos: cosines, sin: sines } = this;
    for (let half = 1; half < size; half *= 2) {
      const stride = size / 2 / half;
      for (let start = 0; start < size; start += 2 * half)
        for (let i = 0; i < half; i++) {
          const a = start + i;
          const b = a + half;
          const cos = cosines[i * stride];
          const sin = sines[i * stride];
          const x = real[b] * cos - imaginary[b] * sin;
          const y = real[b] * sin + imaginary[b] * cos;
          real[b] = real[a] - x;
          imaginary[b] = imaginary[a] - y;
          real[a] += x;
          imaginary[a] += y;
        }
    }
  }

  // The power of the two frames that were the real and the imaginary part of one transform.
  separate(real, imaginary, [one, two]) {
    const size = real.length;
    for (let bin = 0; bin < this.bins; bin++) {
      const mirror = (size - bin) % size;
      one[bin] = ((real[bin] + real[mirror]) ** 2 + (imaginary[bin] - imaginary[mirror]) ** 2) / 4;
      two[bin] = ((imaginary[bin] + imaginary[mirror]) ** 2 + (real[mirror] - real[bin]) ** 2) / 4;
    }
  }

  // The highest mel band with energy, in at least the share `heard` of all frames.
  static highestBand(gray, frames, { heard }) {
    for (let band = gray.length / frames - 1; band >= 0; band--) {
      const row = gray.subarray(band * frames, (band + 1) * frames);
      if (row.filter((level) => level > 0).length / frames >= heard) return band;
    }
    return -1;
  }

  // Continue the bands below the `edge` of the highest one in those above: the mean of some that
  // they are `like`, a gray level softer from band to band.
  static fillBands(gray, frames, top, { edge, like }) {
    const first = Math.max(like, top + 1 - edge);
    for (let frame = 0; frame < frames; frame++) {
      let mean = 0;
      for (let band = first - like; band < first; band++)
        mean += gray[band * frames + frame] / like;
      for (let band = first; band < gray.length / frames; band++) {
        const softer = band - first + (like + 1) / 2;
        gray[band * frames + frame] = MelSpectrogram.round(Math.max(0, mean - softer));
      }
    }
  }

  // Average (rows, columns) gray levels to (rows, width), as OpenCV's INTER_AREA does.
  static shrink(gray, columns, width) {
    const rows = gray.length / columns;
    const scale = columns / width; // columns for one
    const picture = new Uint8Array(rows * width);
    for (let x = 0; x < width; x++) {
      const from = x * scale;
      const to = Math.min(columns, from + scale);
      for (let row = 0; row < rows; row++) {
        let sum = 0;
        for (let i = Math.floor(from + 1e-9); i < to - 1e-9; i++)
          sum += gray[row * columns + i] * (Math.min(to, i + 1) - Math.max(from, i));
        picture[row * width + x] = MelSpectrogram.round(sum / scale);
      }
    }
    return picture;
  }

  // To the nearest whole number, halves to even ones, as NumPy and OpenCV round.
  static round(x) {
    const rounded = Math.round(x);
    return rounded - x === 0.5 && rounded % 2 ? rounded - 1 : rounded;
  }
}
