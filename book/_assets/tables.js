// Tables are sorted by buttons in their columns' heads: up, down, and as they were.
document.addEventListener("DOMContentLoaded", () => {
  const ARROWS = { none: "↕", ascending: "↑", descending: "↓" };
  const NEXT = { none: "ascending", ascending: "descending", descending: "none" };

  function makeSortable(table) {
    const body = table.tBodies[0];
    const original = [...body.rows];
    const heads = [...table.tHead.rows[0].cells];

    function show(head, order) {
      head.setAttribute("aria-sort", order);
      head.querySelector("span").textContent = ARROWS[order];
    }

    function sorted(column, order) {
      if (order === "none") return original;
      const isNumber = heads[column].classList.contains("number");
      const key = ({ cells: { [column]: cell } }) =>
        isNumber ? parseFloat(cell.dataset.value) : cell.textContent;
      const isMissing = (value) => value === "" || Number.isNaN(value);
      const compare = (a, b) => (isNumber ? a - b : a.localeCompare(b, "en", { numeric: true }));
      const sign = order === "ascending" ? 1 : -1;
      return [...original].sort((first, second) => {
        const [a, b] = [key(first), key(second)];
        return isMissing(a) || isMissing(b) ? isMissing(a) - isMissing(b) : sign * compare(a, b);
      });
    }

    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes, " ", document.createElement("span"));
      button.lastChild.setAttribute("aria-hidden", "true");
      button.addEventListener("click", () => {
        const order = NEXT[head.getAttribute("aria-sort")];
        for (const each of heads) show(each, each === head ? order : "none");
        body.append(...sorted(column, order));
      });
      head.append(button);
      show(head, "none");
    });
  }

  document.querySelectorAll(".book-table table").forEach(makeSortable);
});
