// The instruments of the explorer. They are drawn and redrawn by widgets, so that all is listened
// to on the document. A page loads this script once; a notebook may bring it along many times.
(() => {
  if (window.explorerIsReady) return;
  window.explorerIsReady = true;

  const GLIDE = 0.25; // seconds between two reports of a sound, in which the cursor glides on

  const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

  // A sound moves the cursor of its clip. It begins `start` seconds into a picture of `seconds`.
  function moveCursor(audio) {
    const { start, seconds } = audio.dataset;
    const ahead = audio.paused ? 0 : GLIDE;
    const at = (Number(start) + audio.currentTime + ahead) / Number(seconds);
    audio.closest(".clip").style.setProperty("--at", at);
  }

  // A click into a spectrogram leads the sound there.
  function seek(area, x) {
    const audio = area.closest(".clip").querySelector("audio");
    const { left, width } = area.getBoundingClientRect();
    const second = ((x - left) / width) * Number(audio.dataset.seconds);
    const length = Number(area.dataset.length);
    audio.currentTime = clamp(second - Number(audio.dataset.start), 0, length);
  }

  // The box and the label as `genre_lib.augment.cutmix_box` computes them. Halves, which Python
  // rounds to even numbers, do not occur where area and centre are whole percents.
  function mix(form) {
    const { own, lender, area, time, pitch, label } = form.elements;
    const size = Number(form.dataset.size);
    const side = size * Math.sqrt(1 - (1 - area.value / 100));
    const span = (slider) =>
      [-side / 2, side / 2].map((half) =>
        Math.round(clamp((slider.value / 100) * size + half, 0, size)),
      );
    const [low, high] = span(pitch);
    const [left, right] = span(time);
    const percent = Math.round((100 * (high - low) * (right - left)) / size ** 2);
    const [genre, other] = [own, lender].map((menu) => menu.selectedOptions[0].text);

    const [picture, pasted] = form.querySelectorAll(".mel-plot > img");
    picture.src = own.value;
    pasted.src = own.options[lender.selectedIndex].value;
    picture.alt =
      `A spectrogram of ${genre} with a box of ${other} over ${percent} % of it, ` +
      `from column ${left} to ${right} and from row ${low} to ${high} of ${size}.`;
    const inset = [size - high, size - right, low, left]
      .map((pixels) => `${(100 * pixels) / size}%`)
      .join(" ");
    pasted.style.clipPath = `inset(${inset})`;
    form.querySelector(".cutmix-box").style.inset = inset;
    label.value =
      genre === other ? `100 % ${genre}` : `${100 - percent} % ${genre}, ${percent} % ${other}`;
  }

  // The handles of sliders have no names; a screen reader says those of the texts beside them.
  let names = 0;
  function name(handle) {
    const texts = handle
      .closest(".widget-slider")
      .querySelectorAll(".widget-label, .widget-readout");
    for (const text of texts) text.id ||= `slider-text-${names++}`;
    handle.setAttribute("aria-labelledby", [...texts].map((text) => text.id).join(" "));
  }

  function finish() {
    const handles = ".instrument .widget-slider .noUi-handle:not([aria-labelledby])";
    document.querySelectorAll(handles).forEach(name);
    for (const form of document.querySelectorAll("form.cutmix[data-size]:not(.is-mixed)")) {
      form.classList.add("is-mixed");
      mix(form);
    }
  }

  document.addEventListener(
    "timeupdate",
    ({ target }) => {
      if (target.closest?.(".clip") && target.dataset.seconds) moveCursor(target);
    },
    true,
  ); // it does not bubble
  document.addEventListener("click", ({ target, clientX }) => {
    const area = target.closest?.(".clip-seek");
    if (area) seek(area, clientX);
  });
  document.addEventListener("input", ({ target }) => {
    const form = target.closest?.("form.cutmix[data-size]");
    if (form) mix(form);
  });
  document.addEventListener("submit", (event) => {
    if (event.target.matches("form.cutmix")) event.preventDefault();
  });
  new MutationObserver(finish).observe(document, { childList: true, subtree: true });
  finish();
})();
