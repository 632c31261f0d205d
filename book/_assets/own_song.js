// The page "Your own song": a reader's recording is decoded, judged and drawn here, and sent
// nowhere. Decoding is the browser's; the rest runs in a worker. Network and scripts are loaded when
// a file is chosen, as scripts, because a page that was opened from a disk may load nothing else.
(() => {
  const FOLDER = new URL(".", document.currentScript.src);
  const SCRIPTS = [
    "network/weights.js",
    "pieces.js",
    "decode.js",
    "network.js",
    "spectrogram.js",
    "predict.js",
    "shake.js",
  ];
  const HERTZ = [100, 500, 1000, 2000, 4000, 8000];
  const WIDEST = 4000; // pixels of a spectrogram
  const PIXELS = 43; // a second
  const MAGMA = [0x000004, 0x1d1147, 0x51127c, 0x832681, 0xb73779]; // as explorer.css has it
  MAGMA.push(0xe75263, 0xfc8961, 0xfec488, 0xfcfdbf);

  const own = { about: null, parts: [] }; // what the scripts with the network fill in
  window.ownSong = own;
  const percent = (share) => `${Math.round(100 * share)}%`;

  // Loading

  const loaded = new Map();
  function load(name) {
    if (!loaded.has(name)) {
      const script = document.createElement("script");
      script.src = new URL(name, FOLDER);
      const arrives = new Promise((resolve, reject) => {
        script.onload = resolve;
        script.onerror = () => {
          loaded.delete(name);
          reject(new Error("the network could not be loaded; choose the file again"));
        };
      });
      loaded.set(name, arrives);
      document.head.append(script);
    }
    return loaded.get(name);
  }

  // The file of the weights; `progress` is told the share that has arrived.
  async function loadWeights(progress) {
    let arrived = 0;
    const names = Array.from({ length: own.about.parts }, (_, i) => `network/weights-${i}.js`);
    const counted = async (name) => {
      await load(name);
      arrived += 1;
      progress(arrived / names.length);
    };
    await Promise.all(names.map(counted));
    own.weights ??= joined(own.parts.splice(0).map(atob));
    return own.weights;
  }

  function joined(texts) {
    const bytes = new Uint8Array(texts.reduce((sum, text) => sum + text.length, 0));
    let at = 0;
    for (const text of texts)
      for (let i = 0; i < text.length; i++, at++) bytes[at] = text.charCodeAt(i);
    return bytes.buffer;
  }

  // Judging

  // A worker with the text of these classes and functions, which any page may have.
  function newWorker() {
    const work = () => {
      let known; // {samples, rate, network}: the recording and the network that is asked
      self.onmessage = ({ data: { recording, changes } }) => {
        known = recording ?? known;
        const { samples, rate, network } = known;
        const heard = changes ? shaken(samples, rate, changes) : samples;
        for (const message of predict(heard, rate, network)) postMessage(message);
      };
    };
    const parts = [
      HybridNet,
      MelSpectrogram,
      Resampler,
      tensorsOf,
      windowsOf,
      level,
      soundOf,
      shareOf,
      predict,
      shaken,
      filterBelow,
      addNoise,
    ];
    const text = `${parts.join("\n")}\n(${work})()`;
    return new Worker(URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
  }

  // All windows of a recording, or with changes those of the last one; `tell` gets each as soon as
  // it is judged.
  function listen(worker, { recording, changes }, tell) {
    return new Promise((resolve, reject) => {
      let length;
      const windows = [];
      worker.onerror = (event) => reject(new Error(event.message || "the worker stopped"));
      worker.onmessage = ({ data }) => {
        if (length) windows.push(data);
        else length = data;
        tell(length, windows);
        if (windows.length === length.count) resolve({ ...length, windows });
      };
      worker.postMessage({ recording, changes }, recording ? [recording.samples.buffer] : []);
    });
  }

  // The answer as genre_lib.predict gives it.
  function answerOf(heard, alone) {
    const { seconds, windows } = heard;
    const ranked = rankedOf(windows, own.about.genres);
    if (!ranked.length)
      throw new Refusal("* holds nothing but silence; there is no genre to name.");
    return { seconds, windows, ranked, notes: notesOf(heard, alone, own.about) };
  }

  // How often that answer was right about tracks that the network had not met.
  function trust({ genre }) {
    const { named, right, interval } = own.about.answers[genre];
    if (!named)
      return `In its test it never said ${genre}, so how often that is right is not known.`;
    const [low, high] = interval.map(percent);
    return (
      `In its test on new tracks it said ${genre} ${named} times, and was right ${right} times: ` +
      `${percent(right / named)} (95 % interval ${low} to ${high}).`
    );
  }

  // Shaking: what changes the sound and not the genre

  const SLIDERS = [
    { name: "gain", label: "Gain", unit: "dB", min: -40, max: 40, step: 1, neutral: 0 },
    {
      name: "lowpass",
      label: "Low-pass",
      unit: "Hz",
      min: 500,
      max: 11000,
      step: 100,
      neutral: 11000,
    },
    { name: "noise", label: "White noise", unit: "dB", min: -60, max: 10, step: 1, neutral: -60 },
    { name: "shift", label: "Start later", unit: "ms", min: 0, max: 1000, step: 10, neutral: 0 },
  ];

  // How far an answer moved: the share of the probability that went to other genres.
  function movement(before, after) {
    const shares = new Map(after.ranked.map(({ genre, probability }) => [genre, probability]));
    const moved = before.ranked.reduce(
      (sum, { genre, probability }) => sum + Math.abs(probability - shares.get(genre)) / 2,
      0,
    );
    const [was, is] = [before.ranked[0], after.ranked[0]];
    const change =
      was.genre === is.genre
        ? `Still ${is.genre}: ${percent(was.probability)} became ${percent(is.probability)}.`
        : `Now ${is.genre}, ${percent(is.probability)}, and no longer ${was.genre}, ` +
          `${percent(shares.get(was.genre))}.`;
    return {
      moved,
      text: `${change} Of the probability, ${percent(moved)} moved to other genres.`,
    };
  }

  // Controls for a song that was judged; `ask` gives the answer with some changes.
  function shaker(answer, ask) {
    const status = element("p", { role: "status" });
    const inputs = SLIDERS.map(({ name, label, unit, min, max, step, neutral }) => {
      const input = element("input", {
        type: "range",
        name,
        min,
        max,
        step,
        defaultValue: neutral,
      });
      const shown = element("output", { textContent: "unchanged" });
      input.addEventListener("input", () => {
        const changed = input.valueAsNumber !== neutral;
        shown.textContent = changed ? `${input.value} ${unit}` : "unchanged";
      });
      return { input, neutral, row: element("label", {}, label, input, shown) };
    });
    const changes = () => {
      const entries = inputs.map(({ input, neutral }) => {
        const value = input.valueAsNumber;
        return [input.name, value === neutral ? (input.name === "noise" ? null : 0) : value];
      });
      return Object.fromEntries(entries);
    };
    let asking = false;
    let wanted = false; // another answer than the one that is awaited
    async function shake() {
      wanted = true;
      if (asking) return;
      asking = true;
      while (wanted) {
        wanted = false;
        status.textContent = "Listening again …";
        try {
          const moved = movement(answer, await ask(changes()));
          status.textContent = moved.text;
          form.dispatchEvent(new CustomEvent("shaken", { detail: moved, bubbles: true }));
        } catch (error) {
          status.textContent = sentence(error, "What is left");
        }
      }
      asking = false;
    }
    const form = element(
      "form",
      { className: "own-song-shake", ariaLabel: "Shake it" },
      element("p", {
        textContent: "Shake it: none of this changes the genre. Does the answer stay?",
      }),
      ...inputs.map(({ row }) => row),
      status,
    );
    form.addEventListener("change", shake);
    form.addEventListener("submit", (event) => event.preventDefault());
    return form;
  }

  // Drawing

  function element(name, properties, ...children) {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  }

  const PALETTE = Array.from({ length: 256 }, (_, gray) => {
    const place = (gray / 255) * (MAGMA.length - 1);
    const below = Math.min(Math.floor(place), MAGMA.length - 2);
    return [16, 8, 0].map((shift) => {
      const [low, high] = [MAGMA[below], MAGMA[below + 1]].map((colour) => (colour >> shift) & 255);
      return low + (high - low) * (place - below);
    });
  });

  const picture = document.createElement("canvas"); // of one window, before it is scaled

  // The part of a canvas that shows one window.
  function paint(canvas, { start, end, gray, frames }, { seconds }) {
    const { n_mels: bands, seconds: length } = own.about.recipe;
    const image = new ImageData(frames, bands);
    for (let band = 0; band < bands; band++)
      for (let frame = 0; frame < frames; frame++) {
        const at = 4 * ((bands - 1 - band) * frames + frame);
        image.data.set(PALETTE[gray[band * frames + frame]], at);
        image.data[at + 3] = 255;
      }
    Object.assign(picture, { width: frames, height: bands });
    picture.getContext("2d").putImageData(image, 0, 0);
    const used = (frames * (end - start)) / length; // the rest is repeated
    const [left, wide] = [start, end - start].map((time) => (time / seconds) * canvas.width);
    const context = canvas.getContext("2d");
    context.drawImage(picture, 0, 0, used, bands, left, 0, wide, canvas.height);
  }

  // A spectrogram between its axes, black as long as nothing is painted, as the explorer has them.
  function panel(name, seconds) {
    const { recipe } = own.about;
    const canvas = element("canvas", {
      width: Math.min(WIDEST, Math.max(PIXELS, Math.round(seconds * PIXELS))),
      height: recipe.n_mels,
      role: "img",
      ariaLabel: `Mel spectrogram of ${name}, ${clock(seconds)} long.`,
    });
    const context = canvas.getContext("2d");
    context.fillRect(0, 0, canvas.width, canvas.height);
    const seek = element("div", { className: "clip-seek" });
    seek.dataset.length = seconds;
    const span = (text, style) => element("span", { textContent: text, style });
    const top = MelSpectrogram.toMel(recipe.fmax);
    const height = (hertz) =>
      ((recipe.n_mels + 1) * (MelSpectrogram.toMel(hertz) / top) - 0.5) / recipe.n_mels;
    const axis = (className, ...children) =>
      element("div", { className, ariaHidden: "true" }, ...children);
    return element(
      "div",
      { className: "mel" },
      element("div", { className: "mel-title", textContent: name }),
      axis(
        "mel-y",
        ...HERTZ.map((hertz) => span(`${hertz}`, `bottom:${100 * height(hertz)}%`)),
        span("Hz", "bottom:-1em"),
      ),
      element("div", { className: "mel-plot" }, canvas, seek),
      axis("mel-scale", span("0 dB", "top:0"), span(`−${recipe.top_db}`, "bottom:0")),
      axis(
        "mel-x",
        ...[0, 0.5, 1].map((part) => span(clock(seconds * part), `left:${100 * part}%`)),
      ),
    );
  }

  // Probability of each genre over time, as rows under a spectrogram: the mean of what all windows
  // say about a moment.
  function courses({ seconds, windows, ranked }) {
    const heard = windows.filter((window) => window.moments);
    const moment = own.about.recipe.seconds / heard[0].moments.length;
    const count = Math.ceil(seconds / moment);
    return ranked.flatMap(({ genre, probability, number }) => {
      const sums = new Float64Array(count);
      const counts = new Float64Array(count);
      for (const { start, end, moments } of heard)
        for (let i = 0; i < moments.length && start + i * moment < end; i++) {
          const at = Math.round(start / moment) + i;
          sums[at] += moments[i][number];
          counts[at] += 1;
        }
      const course = sums.map((sum, i) => (counts[i] ? sum / counts[i] : 0));
      return row(genre, course, percent(probability), seconds / moment);
    });
  }

  function row(genre, course, value, width) {
    const [low, high] = [Math.min(...course), Math.max(...course)].map(percent);
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const attributes = {
      viewBox: `0 0 ${width} 100`,
      preserveAspectRatio: "none",
      role: "img",
      "aria-label": `Probability of ${genre} over time: ${low} to ${high}, for the whole ${value}.`,
    };
    for (const [name, text] of Object.entries(attributes)) svg.setAttribute(name, text);
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    const steps = [...course].map((share, i) => `V${(100 - 100 * share).toFixed(1)}H${i + 1}`);
    path.setAttribute("d", `M0 100${steps.join("")}V100Z`);
    svg.append(path);
    const label = (className, textContent) =>
      element("div", { className, textContent, ariaHidden: "true" });
    return [
      label("mel-label", genre),
      element("div", { className: "mel-row" }, svg),
      label("mel-value", value),
    ];
  }

  function clock(seconds) {
    const whole = Math.round(seconds);
    return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
  }

  // The page

  function start(place) {
    const input = place.querySelector("input[type=file]");
    const status = element("p", { className: "own-song-answer", role: "status" });
    const bar = element("progress", { hidden: true, ariaLabel: "Progress" });
    const alert = element("p", { className: "mel-alert", role: "alert", hidden: true });
    const result = element("div", {});
    place.append(status, bar, alert, result);
    place.querySelector("form").hidden = false;

    let current = null; // what is judged now: {name}
    let worker = null; // which knows the last recording
    let address = ""; // of the sound that the player plays

    function say(text, share) {
      if (status.textContent !== text) status.textContent = text;
      bar.hidden = !text;
      if (share === undefined) bar.removeAttribute("value");
      else bar.value = share;
    }

    function clear() {
      const player = result.querySelector("audio");
      player?.removeAttribute("src");
      player?.load(); // so that it lets go of the file
      URL.revokeObjectURL(address);
      result.replaceChildren();
      alert.hidden = true;
    }

    async function judge(file) {
      const job = { name: file.name };
      const left = current?.name;
      worker?.terminate();
      current = job;
      clear();
      try {
        const answer = await judged(file, job, left);
        if (job === current && answer)
          place.dispatchEvent(new CustomEvent("judged", { detail: answer }));
      } catch (error) {
        if (job !== current) return;
        worker?.terminate();
        clear();
        say("");
        alert.textContent = sentence(error, file.name);
        alert.hidden = false;
      } finally {
        if (job === current) current = null;
      }
    }

    async function judged(file, job, left) {
      const superseded = () => job !== current;
      say(`Reading ${file.name} …`);
      await Promise.all(SCRIPTS.map(load));
      const weights = loadWeights((share) => superseded() || say(status.textContent, share));
      weights.catch(() => {}); // it is awaited below
      const sound = await decode(file, own.about);
      if (superseded()) return null;
      say("Loading the network …");
      const network = { ...own.about, weights: await weights };
      if (superseded()) return null;
      say(`Listening to ${file.name} …`, 0);

      let clip;
      const draw = (length, windows) => {
        const last = windows.at(-1);
        if (last?.gray) paint(clip.querySelector("canvas"), last, length);
      };
      const asked = newWorker();
      worker = asked;
      const recording = { ...sound, network };
      const heard = await listen(asked, { recording }, (length, windows) => {
        if (superseded()) return;
        bar.value = windows.length / length.count;
        if (!clip) {
          clip = newClip(file, length.seconds);
          result.append(clip);
        }
        draw(length, windows);
      });
      if (superseded()) return null;
      const answer = answerOf(heard, sound.alone);
      if (left) answer.notes.unshift(`${left} was not finished: ${file.name} took its place.`);
      show(file, answer, clip);
      const again = async (changes) => answerOf(await listen(asked, { changes }, draw), 0);
      result.append(shaker(answer, again));
      return answer;
    }

    function newClip(file, seconds) {
      address = URL.createObjectURL(file);
      const player = element("audio", {
        controls: true,
        preload: "metadata", // not also the sound, which would need memory twice
        src: address,
        ariaLabel: file.name,
      });
      Object.assign(player.dataset, { start: 0, seconds });
      return element("div", { className: "clip" }, player, panel(file.name, seconds));
    }

    function show(file, answer, clip) {
      const [first] = answer.ranked;
      say("");
      status.textContent = `${file.name} (${clock(answer.seconds)}): ${first.genre}, ${percent(first.probability)}.`;
      const paragraphs = [trust(first), ...own.about.remarks];
      clip.before(
        ...answer.notes.map((text) =>
          element("p", { className: "own-song-note", textContent: text }),
        ),
        ...paragraphs.map((text) => element("p", { textContent: text })),
      );
      clip.querySelector(".mel").append(...courses(answer));
    }

    input.addEventListener("click", () => {
      input.value = ""; // so that the same file can be chosen again
    });
    input.addEventListener("change", () => {
      if (input.files.length) judge(input.files[0]);
    });
    document.addEventListener("dragover", (event) => {
      event.preventDefault();
      place.classList.add("is-target");
    });
    document.addEventListener("dragleave", () => place.classList.remove("is-target"));
    document.addEventListener("drop", (event) => {
      event.preventDefault();
      place.classList.remove("is-target");
      const [file] = event.dataTransfer.files;
      if (file) {
        judge(file);
        place.scrollIntoView();
      } else {
        alert.textContent = "What was dropped is no file.";
        alert.hidden = false;
      }
    });
  }

  function sentence(error, name) {
    if (error.constructor.name === "Refusal") return error.message.replace("*", name);
    if (error instanceof RangeError || /memory|allocation/i.test(error.message))
      return `${name} needs more memory than this browser gives to a page.`;
    return `${name} cannot be judged here: ${error.message}.`;
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll(".own-song").forEach(start);
  });
})();
