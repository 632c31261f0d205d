// Tables are sorted by their columns' heads. Curves are drawn by plotly, which only pages load that
// show curves.
(() => {
  const plotly = new URL("plotly-basic.min.js", document.currentScript.src).href;

  function sortable(table) {
    const body = table.tBodies[0];
    const original = [...body.rows];
    const heads = [...table.tHead.rows[0].cells];
    const orders = ["none", "ascending", "descending"];
    const arrows = { none: "↕", ascending: "↑", descending: "↓" };
    const show = (head, order) => {
      head.setAttribute("aria-sort", order);
      head.querySelector("span").textContent = arrows[order];
    };
    heads.forEach((head, column) => {
      const number = head.classList.contains("number");
      const key = (row) => {
        const cell = row.cells[column];
        return number ? parseFloat(cell.dataset.value) : cell.textContent;
      };
      const missing = (value) => (number ? Number.isNaN(value) : value === "");
      const compare = (a, b) => (number ? a - b : a.localeCompare(b, "en", { numeric: true }));
      const sort = () => {
        const order = orders[(orders.indexOf(head.getAttribute("aria-sort")) + 1) % 3];
        const sign = order === "descending" ? -1 : 1;
        const rows = [...original];
        if (order !== "none") {
          rows.sort((first, second) => {
            const [a, b] = [key(first), key(second)];
            return missing(a) || missing(b) ? missing(a) - missing(b) : sign * compare(a, b);
          });
        }
        heads.forEach((each) => show(each, each === head ? order : "none"));
        body.append(...rows);
      };
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes, " ", document.createElement("span"));
      button.lastChild.setAttribute("aria-hidden", "true");
      button.addEventListener("click", sort);
      head.append(button);
      show(head, "none");
    });
  }

  let loading;
  function load() {
    loading ??= new Promise((resolve, reject) => {
      window.PlotlyConfig = { MathJaxConfig: "local" };
      const script = document.createElement("script");
      script.src = plotly;
      script.onload = () => resolve(window.Plotly);
      script.onerror = () => reject(new Error(`${plotly} cannot be loaded.`));
      document.head.append(script);
    });
    return loading;
  }

  function template() {
    const style = getComputedStyle(document.body);
    const [text, lines, ground] = ["text-base", "border", "background"].map((name) =>
      style.getPropertyValue(`--pst-color-${name}`).trim());
    const clear = "rgba(0, 0, 0, 0)";
    const axis = { gridcolor: lines, linecolor: text, tickcolor: text, zeroline: false };
    return {
      layout: {
        font: { family: style.fontFamily },
        hoverlabel: { bgcolor: ground, bordercolor: text, font: { color: text } },
        paper_bgcolor: clear, plot_bgcolor: clear, xaxis: axis, yaxis: axis,
      },
      data: { scatter: [{ line: { color: text }, marker: { color: text } }] },
      text,
    };
  }

  function draw(plot) {
    const figure = plot.querySelector(".book-plot-figure");
    const { data, layout, config } = JSON.parse(plot.querySelector("script").text);
    const render = async () => {
      const drawer = await load();
      const { text, ...themed } = template();
      const font = { ...layout.font, color: text };
      drawer.react(figure, data, { ...layout, font, template: themed, uirevision: 1 }, config);
    };
    new MutationObserver(render).observe(document.documentElement, {
      attributes: true, attributeFilter: ["data-theme"],
    });
    return render();
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll(".book-table table").forEach(sortable);
    const near = new IntersectionObserver((entries) => {
      for (const { target } of entries.filter((entry) => entry.isIntersecting)) {
        near.unobserve(target);
        draw(target);
      }
    }, { rootMargin: "800px" });
    for (const plot of document.querySelectorAll(".book-plot")) {
      plot.classList.add("is-live");
      near.observe(plot);
    }
  });
})();
