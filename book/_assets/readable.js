// A figure can be read: choose one of its lines and slide along it, or point at it. The controls,
// which the page has anywhere, move below the picture; what they say stands in the page, too.
document.addEventListener("DOMContentLoaded", () => {
  const NEAR = 40; // pixels between the pointer and what it points at

  function open(form) {
    const figure = document.getElementById(form.dataset.figure);
    const lines = Object.values(JSON.parse(form.querySelector("script").text)); // of [x, y, text]
    const [choice, slider, output] = form.querySelectorAll("select, input, output");
    const image = figure.querySelector("img");
    const box = document.createElement("div");
    box.className = "readable-picture";
    box.innerHTML = `<div aria-hidden="true">
      <svg viewBox="0 0 1 1" preserveAspectRatio="none"><polyline /></svg><i></i></div>`;
    const cell = form.closest(".output");
    const picture = image.closest("a") ?? image;
    picture.replaceWith(box);
    box.prepend(picture);
    box.after(form);
    if (cell) cell.hidden = true; // nothing is left in it
    const over = box.lastChild;
    const [drawn, mark] = [over.querySelector("polyline"), over.querySelector("i")];

    function show() {
      const points = lines[choice.selectedIndex];
      slider.max = points.length - 1;
      const [x, y, text] = points[slider.value];
      drawn.setAttribute("points", points.map(([x, y]) => `${x},${1 - y}`).join(" "));
      mark.style.left = `${100 * x}%`;
      mark.style.bottom = `${100 * y}%`;
      output.textContent = `${choice.value}, ${text}`;
      slider.setAttribute("aria-valuetext", text.split(":")[0]);
    }

    function point(event) {
      const { left, bottom, width, height } = over.getBoundingClientRect();
      let nearest = NEAR;
      lines.forEach((points, line) => {
        points.forEach(([x, y], step) => {
          const across = left + x * width - event.clientX;
          const down = bottom - y * height - event.clientY;
          const distance = Math.hypot(across, down);
          if (distance >= nearest) return;
          nearest = distance;
          choice.selectedIndex = line;
          slider.max = points.length - 1;
          slider.value = step;
        });
      });
      if (nearest < NEAR) show();
    }

    for (const kind of ["pointermove", "pointerdown"]) box.addEventListener(kind, point);
    form.addEventListener("input", show);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.hidden = false;
    show();
  }

  document.querySelectorAll(".readable").forEach(open);
});
