// The claims ledger is filtered by verdict, section and text; a link to a claim shows its row.
(() => {
  function filterable(ledger) {
    const form = ledger.querySelector("form");
    const rows = [...ledger.querySelectorAll("tbody tr")];
    const shown = ledger.querySelector("[role=status]");
    const plain = (text) => text.toLowerCase().replace(/\s+/g, " ");
    const texts = new Map(rows.map((row) => [row, plain(row.textContent)]));
    const filter = () => {
      const verdicts = new Set([...form.querySelectorAll("input:checked")].map((box) => box.value));
      const section = form.elements.section.value;
      const words = plain(form.elements.text.value).split(" ").filter(Boolean);
      for (const row of rows) {
        row.hidden =
          !verdicts.has(row.dataset.verdict) ||
          (section && !row.dataset.sections.split(", ").includes(section)) ||
          !words.every((word) => texts.get(row).includes(word));
      }
      const count = rows.filter((row) => !row.hidden).length;
      shown.textContent = `${count} of ${rows.length} claims are shown.`;
    };
    const reveal = () => {
      const row = rows.find((each) => `#${each.id}` === location.hash);
      if (!row) return;
      if (row.hidden) {
        form.reset();
        filter();
      }
      row.scrollIntoView();
    };
    form.addEventListener("input", filter);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", () => setTimeout(filter));
    window.addEventListener("hashchange", reveal);
    form.hidden = false;
    filter();
    reveal();
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll(".claims-ledger").forEach(filterable);
  });
})();
