// The page "Check my split": files that say which track of GTZAN is in which subset are audited
// here, as `genre-book audit` audits them, and sent nowhere. What is known of the tracks is loaded
// when files are chosen, as a script: a page that was opened from a disk may load nothing else.
(() => {
  const TABLES = new URL("network/tracks.js", document.currentScript.src);
  const SUBSETS = ["train", "validation", "test"];
  const WORDS = {
    ...{ train: "train", training: "train" },
    ...{ validation: "validation", valid: "validation", val: "validation", dev: "validation" },
    ...{ test: "test", testing: "test", eval: "test" },
  };
  const TRACK = /[a-z]+\.\d{5}(?!\d)/; // also within blues.00000.3.wav and genres/blues/blues.00000.wav
  const MOST_BYTES = 50e6;

  const capital = (text) => text[0].toUpperCase() + text.slice(1);

  // What the project knows of each track: recording (the first of those with the same spectrogram),
  // artist if the published index has one, and its subset in the fault-filtered lists if it has one.
  let tables;
  function loadTables() {
    tables ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = TABLES;
      script.onload = () => resolve(window.genreTracks);
      script.onerror = () => {
        tables = undefined;
        reject(
          new Error("The tables of GTZAN's tracks could not be loaded; choose the files again."),
        );
      };
      document.head.append(script);
    });
    return tables;
  }

  // Rows {track, subset} of a file, whatever its columns are: in each line one cell names a track,
  // and another one a subset, unless the file's own name does.
  function rowsOf(name, text, known) {
    const plain = name.replace(/\.[^.]*$/, "").toLowerCase();
    const named = [...new Set(plain.split(/[^a-z]+/).map((word) => WORDS[word]))].filter(Boolean);
    const ofFile = named.length === 1 ? named[0] : undefined;
    const rows = [];
    for (const line of text.split(/\r\n|\r|\n/)) {
      const track = line.match(TRACK)?.[0];
      if (!track) continue; // a header
      if (!known.has(track)) throw new Error(`${name} names ${track}, which is no track of GTZAN.`);
      const cells = line.split(/[,;\t]/).map((cell) => cell.trim().replace(/^"|"$/g, ""));
      const subset = cells.map((cell) => WORDS[cell.toLowerCase()]).find(Boolean) ?? ofFile;
      if (!subset)
        throw new Error(
          `${name} does not say in which subset ${track} is: that takes a column with train, ` +
            "validation or test, or such a word in the file's name.",
        );
      rows.push({ track, subset });
    }
    if (!rows.length)
      throw new Error(
        `${name} names no track of GTZAN, such as blues.00000, on a line of its own.`,
      );
    return rows;
  }

  // As genre_lib.splits.audit and genre_lib.book.audits.checklist count.
  function audit(rows, known) {
    const subsets = Object.fromEntries(SUBSETS.map((name) => [name, new Set()]));
    for (const { track, subset } of rows) subsets[subset].add(track);
    const identical = (track, others) =>
      [...others].some((other) => other !== track && recording(other) === recording(track));
    const recording = (track) => known.get(track).recording;
    const pairs = [];
    for (const [first, second] of [
      ["train", "validation"],
      ["train", "test"],
      ["validation", "test"],
    ]) {
      const [one, two] = [subsets[first], [...subsets[second]]];
      const shared = two.filter((track) => one.has(track)).length;
      const double = two.filter((track) => identical(track, one)).length;
      pairs.push({ first, second, shared, share: two.length ? shared / two.length : 0, double });
    }
    const tracks = new Set(rows.map(({ track }) => track));
    const places = (track) => SUBSETS.filter((name) => subsets[name].has(track)).length;
    const tested = [...subsets.test];
    const others = [...subsets.train, ...subsets.validation];
    const trained = new Set([...subsets.train].map((track) => known.get(track).artist));
    const named = tested.filter((track) => known.get(track).artist);
    const counts = {
      tracks: tracks.size,
      crossing: [...tracks].filter((track) => places(track) > 1).length,
      tested: tested.length,
      double: tested.filter((track) => identical(track, others)).length,
      named: named.length,
      met: named.filter((track) => trained.has(known.get(track).artist)).length,
      unlisted: tested.filter((track) => !known.get(track).listed).length,
    };
    const sizes = SUBSETS.map((name) => `${subsets[name].size} ${name}`).join(", ");
    const found = [
      `${counts.crossing} of ${counts.tracks} tracks are in more than one subset`,
      `${counts.double} of ${counts.tested} test tracks have the same spectrogram as another track ` +
        "outside the test set",
      `${counts.met} of the ${counts.named} test tracks whose artist is known are by an artist who ` +
        "is in the training set, too (index of Sturm, 2012)",
      `${counts.unlisted} of ${counts.tested} test tracks are left out of the fault-filtered lists, ` +
        "which do not say why; wrong labels cannot be told from them",
    ];
    const cited = `Split of GTZAN (${sizes} tracks); ${found.join("; ")}.`;
    return { rows: rows.length, pairs, counts, found, cited };
  }

  // The page

  function element(name, properties, ...children) {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  }

  function table({ pairs }) {
    const heads = [
      "subsets",
      "tracks in both",
      "share of the second",
      "same recording, other name",
    ];
    const line = (kind, cells) =>
      element("tr", {}, ...cells.map((textContent) => element(kind, { textContent })));
    const body = pairs.map(({ first, second, shared, share, double }) =>
      line("td", [`${first} and ${second}`, shared, `${(100 * share).toFixed(1)}%`, double]),
    );
    const caption = element("caption", { textContent: "What the subsets have in common" });
    const made = element("table", { className: "table" }, caption);
    made.append(element("thead", {}, line("th", heads)), element("tbody", {}, ...body));
    for (const head of made.querySelectorAll("th")) head.scope = "col";
    return made;
  }

  function start(place) {
    const input = place.querySelector("input[type=file]");
    const status = element("p", { className: "own-song-answer", role: "status" });
    const alert = element("p", { className: "mel-alert", role: "alert", hidden: true });
    const result = element("div", {
      className: "check-split-result",
      tabIndex: 0, // so that a keyboard scrolls a table that is too wide
      role: "region",
      ariaLabel: "What was found in the split",
    });
    place.append(status, alert, result);
    result.hidden = true;
    place.querySelector("form").hidden = false;
    let last = 0;

    async function check(files) {
      last += 1;
      const turn = last;
      alert.hidden = true;
      status.textContent = "";
      result.hidden = true;
      result.replaceChildren();
      try {
        if (!files.length) throw new Error("What was dropped is no file.");
        for (const { name, size } of files) {
          if (!size) throw new Error(`${name} is an empty file.`);
          if (size > MOST_BYTES) throw new Error(`${name} is too large for a list of tracks.`);
        }
        const known = await loadTables();
        const texts = await Promise.all(
          files.map((file) =>
            file.text().catch(() => {
              throw new Error(`${file.name} cannot be read; it may be a folder.`);
            }),
          ),
        );
        const rows = files.flatMap((file, i) => rowsOf(file.name, texts[i], known));
        for (const name of ["train", "test"])
          if (!rows.some(({ subset }) => subset === name))
            throw new Error(
              `No track is in the subset ${name}; choose all files of the split at once.`,
            );
        if (turn === last) show(audit(rows, known));
      } catch (error) {
        if (turn !== last) return;
        alert.textContent = error.message;
        alert.hidden = false;
      }
    }

    function show(answer) {
      const { crossing, double, met } = answer.counts;
      const leaks = [crossing && "tracks", double && "recordings", met && "artists"].filter(
        Boolean,
      );
      const verdict = leaks.length ? `This split leaks ${leaks.join(" and ")}.` : "Nothing leaks.";
      status.textContent = `${answer.rows} lines are read. ${verdict}`;
      const items = answer.found.map((text) => element("li", { textContent: `${capital(text)}.` }));
      result.append(
        table(answer),
        element("ol", {}, ...items),
        element("p", { textContent: "To cite:" }),
        element("blockquote", { textContent: answer.cited }),
      );
      result.hidden = false;
      place.dispatchEvent(new CustomEvent("checked", { detail: answer }));
    }

    input.addEventListener("click", () => {
      input.value = ""; // so that the same files can be chosen again
    });
    input.addEventListener("change", () => {
      if (input.files.length) check([...input.files]);
    });
    document.addEventListener("dragover", (event) => event.preventDefault());
    document.addEventListener("drop", (event) => {
      event.preventDefault();
      check([...event.dataTransfer.files]);
    });
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll(".check-split").forEach(start);
  });
})();
