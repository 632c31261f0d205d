// Changes to a recording that leave its genre as it is: does the network's answer stay, too?

// Samples with all changes, in the order in which they happen to a recording:
// shift    milliseconds that are left out at its beginning
// lowpass  Hz, above which nothing is left; 0 for no change
// noise    white noise, in dB against the recording's own power; null for none
// gain     dB; what is louder than full scale is clipped
// biome-ignore lint/correctness/noUnusedVariables: own_song.js gives it to a worker.
function shaken(samples, rate, { shift, lowpass, noise, gain }) {
  const changed = samples.slice(Math.min(Math.round((shift / 1000) * rate), samples.length - 1));
  if (lowpass) filterBelow(changed, rate, lowpass);
  if (noise !== null) addNoise(changed, noise);
  const factor = 10 ** (gain / 20);
  for (let i = 0; gain && i < changed.length; i++)
    changed[i] = Math.min(1, Math.max(-1, factor * changed[i]));
  return changed;
}

// Butterworth filter of order 4: two second-order sections, one after the other.
function filterBelow(samples, rate, hertz) {
  const angle = (2 * Math.PI * Math.min(hertz, 0.49 * rate)) / rate;
  const cos = Math.cos(angle);
  for (const quality of [0.5412, 1.3066]) {
    const alpha = Math.sin(angle) / (2 * quality);
    const scale = 1 / (1 + alpha);
    const b = ((1 - cos) / 2) * scale;
    const [a1, a2] = [-2 * cos * scale, (1 - alpha) * scale];
    let [x1, x2, y1, y2] = [0, 0, 0, 0];
    for (let i = 0; i < samples.length; i++) {
      const y = b * (samples[i] + 2 * x1 + x2) - a1 * y1 - a2 * y2;
      [x2, x1, y2, y1] = [x1, samples[i], y1, y];
      samples[i] = y;
    }
  }
}

// Gaussian noise, the same each time: the sum of uniform numbers, of which 12 have a variance of 1.
function addNoise(samples, decibels) {
  const power = samples.reduce((sum, sample) => sum + sample ** 2, 0) / samples.length;
  const level = Math.sqrt(power) * 10 ** (decibels / 20);
  let state = 1;
  for (let i = 0; i < samples.length; i++) {
    let sum = -6;
    for (let n = 0; n < 12; n++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0; // a linear congruential generator
      sum += state / 2 ** 32;
    }
    samples[i] += level * sum;
  }
}
