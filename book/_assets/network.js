// The network of Table I with trained weights: read it beside genre_lib/model.py. It answers about
// one picture; dropout and batches are for training only. Arrays are flat, and a comment such as
// (32, 1024) says how many rows and columns they hold, one row after the other.
// biome-ignore lint/correctness/noUnusedVariables: own_song.js gives it to a worker.
class HybridNet {
  // tensors: Float32Arrays by the names that PyTorch gives them, such as "block1.0.weight".
  constructor(tensors) {
    this.tensors = tensors;
    this.imageSize = 128;
    this.steps = this.imageSize / 4; // of the sequence: two blocks halve the width twice
    this.hiddenSize = tensors["lstm.weight_hh_l0"].length ** 0.5 / 2; // (4 gates x 64, 64)
    this.width = 2 * this.hiddenSize; // forward and backward
    this.heads = 4;
  }

  // Map a picture of gray levels 0 to 255, (128, 128), to the probability of each genre: as the
  // network answers, and for each step of the sequence as if that step alone were pooled.
  forward(image) {
    let x = Float32Array.from(image, (gray) => gray / 255); // (1, 128, 128)
    x = this.convBlock("block1", x, 128); // (16, 64, 64)
    x = this.convBlock("block2", x, 64); // (32, 32, 32): channel, band, time
    x = HybridNet.transpose(x, this.steps); // (32, 1024): time, channel x band
    x = this.lstm(x); // (32, 128)
    x = this.attention(x); // (32, 128)
    x = this.norm(x); // (32, 128)
    const whole = this.classify(HybridNet.meanOverTime(x, this.width));
    const moments = [];
    for (let step = 0; step < this.steps; step++)
      moments.push(this.classify(x.subarray(step * this.width, (step + 1) * this.width)));
    return { probabilities: whole, moments };
  }

  // Rows 1 and 2 of Table I, Conv[3x3] - BN - ReLU - MP[2x2]: (channels, size, size) to
  // (filters, size / 2, size / 2).
  convBlock(name, x, size) {
    const [weight, bias] = this.parameters(`${name}.0`);
    const [gain, shift] = this.parameters(`${name}.1`);
    const mean = this.tensors[`${name}.1.running_mean`];
    const variance = this.tensors[`${name}.1.running_var`];
    const filters = bias.length;
    const half = size / 2;
    const padded = HybridNet.pad(x, size);
    const pooled = new Float32Array(filters * half * half);
    const map = new Float32Array(size * size);
    for (let filter = 0; filter < filters; filter++) {
      HybridNet.convolve(padded, weight, filter, size, map);
      const scale = gain[filter] / Math.sqrt(variance[filter] + 1e-5);
      for (let i = 0; i < map.length; i++)
        map[i] = (map[i] + bias[filter] - mean[filter]) * scale + shift[filter];
      for (let row = 0; row < half; row++)
        for (let column = 0; column < half; column++) {
          const at = 2 * (row * size + column);
          const largest = Math.max(map[at], map[at + 1], map[at + size], map[at + size + 1]);
          pooled[(filter * half + row) * half + column] = Math.max(0, largest);
        }
    }
    return pooled;
  }

  // A border of zeros around each channel: (channels, size, size) to (channels, size + 2, size + 2).
  static pad(x, size) {
    const wide = size + 2;
    const rows = x.length / size;
    const padded = new Float32Array((rows / size) * wide * wide);
    for (let row = 0; row < rows; row++) {
      const channel = Math.floor(row / size);
      const target = (channel * wide + (row % size) + 1) * wide + 1;
      padded.set(x.subarray(row * size, (row + 1) * size), target);
    }
    return padded;
  }

  // One filter over all channels: (channels, size + 2, size + 2) to a map of (size, size). Nearly all
  // the time is spent here, so the nine products of a 3 x 3 kernel are written out.
  static convolve(padded, weight, filter, size, map) {
    const wide = size + 2;
    const channels = padded.length / wide ** 2;
    map.fill(0);
    for (let channel = 0; channel < channels; channel++) {
      const first = (filter * channels + channel) * 9;
      const [a, b, c, d, e, f, g, h, i] = weight.subarray(first, first + 9);
      for (let row = 0; row < size; row++) {
        let above = (channel * wide + row) * wide;
        let here = above + wide;
        let below = here + wide;
        for (let at = row * size; at < (row + 1) * size; at++, above++, here++, below++)
          map[at] +=
            a * padded[above] +
            b * padded[above + 1] +
            c * padded[above + 2] +
            d * padded[here] +
            e * padded[here + 1] +
            f * padded[here + 2] +
            g * padded[below] +
            h * padded[below + 1] +
            i * padded[below + 2];
      }
    }
  }

  // Row 4, LSTM @ 128 (bidirectional): (32, 1024) to (32, 128). The left half of each row has read
  // the steps before it, the right half those after it.
  lstm(x) {
    const sequence = new Float32Array(this.steps * this.width);
    this.readSequence(x, "_l0", false, sequence);
    this.readSequence(x, "_l0_reverse", true, sequence);
    return sequence;
  }

  readSequence(x, direction, backward, sequence) {
    const size = this.hiddenSize;
    const fromInput = this.parameters("lstm", `_ih${direction}`);
    const fromHidden = this.parameters("lstm", `_hh${direction}`);
    const sigmoid = (z) => 1 / (1 + Math.exp(-z));
    const inputs = HybridNet.linear(x, ...fromInput); // (32, 256): four gates a step
    const cell = new Float32Array(size);
    const hidden = new Float32Array(size);
    for (let n = 0; n < this.steps; n++) {
      const step = backward ? this.steps - 1 - n : n;
      const gates = HybridNet.linear(hidden, ...fromHidden);
      for (let i = 0; i < gates.length; i++) gates[i] += inputs[step * gates.length + i];
      for (let i = 0; i < size; i++) {
        const input = sigmoid(gates[i]);
        const forget = sigmoid(gates[size + i]);
        const candidate = Math.tanh(gates[2 * size + i]);
        const output = sigmoid(gates[3 * size + i]);
        cell[i] = forget * cell[i] + input * candidate;
        hidden[i] = output * Math.tanh(cell[i]);
      }
      sequence.set(hidden, step * this.width + (backward ? size : 0));
    }
  }

  // Row 5, MultiheadAttention of the sequence to itself: (32, 128) to (32, 128).
  attention(x) {
    const { steps, width } = this;
    const size = width / this.heads; // of a head
    // (32, 3 x 128): query, key and value of each step, each of all heads
    const projected = HybridNet.linear(x, ...this.parameters("attention.in_proj", "", "_"));
    const mixed = new Float32Array(steps * width);
    for (let head = 0; head < this.heads; head++)
      for (let step = 0; step < steps; step++) {
        const query = step * 3 * width + head * size;
        const scores = new Float32Array(steps);
        for (let other = 0; other < steps; other++) {
          const key = other * 3 * width + width + head * size;
          for (let i = 0; i < size; i++) scores[other] += projected[query + i] * projected[key + i];
          scores[other] /= Math.sqrt(size);
        }
        const shares = HybridNet.softmax(scores);
        for (let other = 0; other < steps; other++) {
          const value = other * 3 * width + 2 * width + head * size;
          for (let i = 0; i < size; i++)
            mixed[step * width + head * size + i] += shares[other] * projected[value + i];
        }
      }
    return HybridNet.linear(mixed, ...this.parameters("attention.out_proj"));
  }

  // LayerNorm of each step: (32, 128) to (32, 128).
  norm(x) {
    const [gain, shift] = this.parameters("norm");
    const { width } = this;
    const normed = new Float32Array(x.length);
    for (let step = 0; step < x.length; step += width) {
      let mean = 0;
      let variance = 0;
      for (let i = 0; i < width; i++) mean += x[step + i] / width;
      for (let i = 0; i < width; i++) variance += (x[step + i] - mean) ** 2 / width;
      for (let i = 0; i < width; i++)
        normed[step + i] = ((x[step + i] - mean) / Math.sqrt(variance + 1e-5)) * gain[i] + shift[i];
    }
    return normed;
  }

  // The last two rows, Linear @ 128 and Linear @ 10, and softmax: (128) to (10).
  classify(x) {
    const hidden = HybridNet.linear(x, ...this.parameters("hidden"));
    return HybridNet.softmax(HybridNet.linear(hidden, ...this.parameters("output")));
  }

  // Weight and bias of a layer.
  parameters(layer, suffix = "", dot = ".") {
    return ["weight", "bias"].map((kind) => this.tensors[`${layer}${dot}${kind}${suffix}`]);
  }

  // (rows, inputs) to (rows, outputs): weight is (outputs, inputs), and bias (outputs).
  static linear(x, weight, bias) {
    const outputs = bias.length;
    const inputs = weight.length / outputs;
    const rows = x.length / inputs;
    const y = new Float32Array(rows * outputs);
    for (let row = 0; row < rows; row++)
      for (let output = 0; output < outputs; output++) {
        let sum = bias[output];
        for (let i = 0; i < inputs; i++) sum += x[row * inputs + i] * weight[output * inputs + i];
        y[row * outputs + output] = sum;
      }
    return y;
  }

  // (rows, columns) to (columns, rows).
  static transpose(x, columns) {
    const rows = x.length / columns;
    const y = new Float32Array(x.length);
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++)
        y[column * rows + row] = x[row * columns + column];
    return y;
  }

  // Pooling over time: (32, width) to (width).
  static meanOverTime(x, width) {
    const mean = new Float32Array(width);
    for (let i = 0; i < x.length; i++) mean[i % width] += (x[i] * width) / x.length;
    return mean;
  }

  // Shares that add up to 1.
  static softmax(x) {
    const largest = Math.max(...x);
    const powers = Array.from(x, (z) => Math.exp(z - largest));
    const sum = powers.reduce((a, b) => a + b);
    return powers.map((power) => power / sum);
  }
}
