// "Split it again": of a table of stored accuracies, the rows of one choice are shown, each with a
// bar. What can be chosen are the columns before "split". Without scripts all rows are there.
document.addEventListener("DOMContentLoaded", () => {
  function open(box) {
    const table = box.querySelector("table");
    const rows = [...table.tBodies[0].rows];
    const heads = [...table.tHead.rows[0].cells].map((head) =>
      head.textContent.replace(/\W*$/, ""),
    );
    const cell = (row, name) => row.cells[heads.indexOf(name)];
    const named = heads.slice(0, heads.indexOf("split"));
    const form = document.createElement("form");
    const choices = named.map((name) => {
      const select = document.createElement("select");
      const values = new Set(rows.map((row) => cell(row, name).textContent));
      select.append(...[...values].map((value) => new Option(value)));
      const label = document.createElement("label");
      label.append(`${name[0].toUpperCase()}${name.slice(1)} `, select);
      form.append(label);
      return select;
    });
    const output = document.createElement("output");
    form.append(output);

    function draw(row) {
      const bar = document.createElement("div");
      bar.className = "split-again-bar";
      bar.setAttribute("aria-hidden", "true");
      bar.style.setProperty("--paper", box.dataset.paper);
      for (const name of ["accuracy", "low", "high"])
        bar.style.setProperty(`--${name}`, cell(row, name).dataset.value);
      bar.innerHTML = "<i></i><b></b><s></s>";
      cell(row, "split").append(bar);
    }

    function filter() {
      const chosen = choices.map((select) => select.value);
      for (const row of rows)
        row.hidden = named.some((name, index) => cell(row, name).textContent !== chosen[index]);
      const found = rows
        .filter((row) => !row.hidden)
        .map((row) => `${cell(row, "accuracy").textContent}, ${cell(row, "split").textContent}`);
      output.textContent = found.length
        ? `Right for ${found.join("; ")}.`
        : "No such run is stored: choose otherwise.";
    }

    rows.forEach(draw);
    form.addEventListener("input", filter);
    form.addEventListener("submit", (event) => event.preventDefault());
    box.prepend(form);
    box.classList.add("is-live");
    filter();
  }

  document.querySelectorAll(".split-again").forEach(open);
});
