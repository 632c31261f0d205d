// The cells of a confusion matrix become buttons, which list the tracks behind a count. The matrix
// is one stop of the Tab key; arrows, Home and End move in it.
document.addEventListener("DOMContentLoaded", () => {
  const MOVES = {
    ArrowLeft: [0, -1],
    ArrowRight: [0, 1],
    ArrowUp: [-1, 0],
    ArrowDown: [1, 0],
    Home: [0, -Infinity],
    End: [0, Infinity],
  };
  const BELOW = `
    <p role="status">No cell is chosen.</p>
    <div class="behind" role="region" aria-label="Tracks behind the cell" tabindex="0" hidden>
      <table class="dataframe">
        <thead><tr>
          <th scope="col">Track</th>
          <th scope="col">Test images here</th>
          <th scope="col">Probability of <span></span></th>
          <th scope="col">In training</th>
        </tr></thead>
        <tbody></tbody>
      </table>
    </div>`;

  const counted = (count, noun) => `${count || "no"} ${noun}${count === 1 ? "" : "s"}`;

  function open(box) {
    const matrix = box.querySelector("table");
    const genres = [...matrix.tHead.rows[0].cells].slice(1).map((cell) => cell.textContent);
    const tracks = JSON.parse(box.querySelector("script").text);
    const last = genres.length - 1;
    matrix.setAttribute("role", "grid");
    box.querySelector(".confusion-box").insertAdjacentHTML("afterend", BELOW);
    const status = box.querySelector("[role=status]");
    const behind = box.querySelector(".behind");
    const columns = behind.querySelector("thead tr").cells;
    if (!tracks.some(({ known }) => known)) columns[3].remove();

    function describe(count, truth, answer) {
      const images = `${counted(count, "image")} of ${truth}`;
      return truth === answer ? `${images} recognised` : `${images} taken for ${answer}`;
    }

    function choose(chosen, truth, answer) {
      const rows = tracks.filter((track) => track.y_true === truth && track.y_pred === answer);
      const from = rows.length ? `, from ${counted(rows.length, "track")}:` : ".";
      for (const each of buttons.flat()) each.setAttribute("aria-pressed", each === chosen);
      status.textContent = chosen.getAttribute("aria-label") + from;
      behind.hidden = !rows.length;
      behind.scrollTop = 0;
      behind.querySelector("th span").textContent = answer;
      behind.querySelector("tbody").replaceChildren(
        ...rows.map(({ track_id, images, test_images, probability, known }) => {
          const row = document.createElement("tr");
          const shown = [track_id, `${images} of ${test_images}`, `${probability}%`, known];
          for (let i = 0; i < columns.length; i++) row.insertCell().textContent = shown[i];
          return row;
        }),
      );
    }

    function move(event, row, column) {
      const step = MOVES[event.key];
      if (!step || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      const [down, right] = [row + step[0], column + step[1]];
      const inside = (place) => Math.min(last, Math.max(0, place));
      buttons[inside(down)][inside(right)].focus();
    }

    const buttons = [...matrix.tBodies[0].rows].map((row, i) =>
      [...row.cells].slice(1).map((cell, j) => {
        const button = document.createElement("button");
        button.type = "button";
        button.tabIndex = i || j ? -1 : 0;
        button.textContent = cell.textContent;
        button.setAttribute("aria-label", describe(Number(cell.textContent), genres[i], genres[j]));
        button.addEventListener("click", () => choose(button, genres[i], genres[j]));
        button.addEventListener("keydown", (event) => move(event, i, j));
        button.addEventListener("focus", () => {
          for (const each of buttons.flat()) each.tabIndex = each === button ? 0 : -1;
        });
        cell.replaceChildren(button);
        return button;
      }),
    );
  }

  document.querySelectorAll(".confusion").forEach(open);
});
