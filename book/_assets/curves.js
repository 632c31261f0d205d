// Curves are drawn by plotly, which is loaded when the first of them is about to be seen.
(() => {
  const plotly = new URL("plotly-basic.min.js", document.currentScript.src).href;
  let loading;

  // Accuracy above loss, with one axis of epochs; a swipe scrolls the page.
  const axis = { fixedrange: true, showline: true, ticks: "outside" };
  const LAYOUT = {
    height: 470,
    margin: { l: 64, r: 8, t: 8, b: 44 },
    font: { size: 13 },
    dragmode: false,
    hovermode: "x unified",
    hoverlabel: { font: { size: 12 } },
    legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom" },
    xaxis: {
      ...axis,
      title: { text: "Epoch", standoff: 6 },
      spikethickness: 1,
      unifiedhovertitle: { text: "Epoch %{x}" },
      showgrid: false,
      anchor: "y2",
    },
    yaxis: {
      ...axis,
      title: { text: "Accuracy" },
      domain: [0.56, 1],
      range: [0, 1],
      tickformat: ".0%",
    },
    yaxis2: { ...axis, title: { text: "Loss" }, domain: [0.06, 0.5], rangemode: "tozero" },
    uirevision: 1,
  };
  const CONFIG = { displayModeBar: false, responsive: true };

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

  // The colours of the page's theme.
  function template() {
    const style = getComputedStyle(document.body);
    const [text, lines, ground] = ["text-base", "border", "background"].map((name) =>
      style.getPropertyValue(`--pst-color-${name}`).trim(),
    );
    const clear = "rgba(0, 0, 0, 0)";
    const axis = { gridcolor: lines, linecolor: text, tickcolor: text, zeroline: false };
    return {
      layout: {
        font: { color: text, family: style.fontFamily },
        hoverlabel: { bgcolor: ground, bordercolor: text, font: { color: text } },
        paper_bgcolor: clear,
        plot_bgcolor: clear,
        xaxis: axis,
        yaxis: axis,
      },
      data: { scatter: [{ line: { color: text }, marker: { color: text } }] },
    };
  }

  async function draw(plot) {
    const figure = plot.querySelector(".book-plot-figure");
    const { data } = JSON.parse(plot.querySelector("script").text);
    const drawer = await load();
    const render = () => drawer.react(figure, data, { ...LAYOUT, template: template() }, CONFIG);
    new MutationObserver(render).observe(document.documentElement, {
      attributes: true,
      attributeFilter: ["data-theme"],
    });
    render();
  }

  document.addEventListener("DOMContentLoaded", () => {
    const near = new IntersectionObserver(
      (entries) => {
        for (const { target } of entries.filter((entry) => entry.isIntersecting)) {
          near.unobserve(target);
          draw(target);
        }
      },
      { rootMargin: "800px" },
    );
    for (const plot of document.querySelectorAll(".book-plot")) {
      plot.classList.add("is-live");
      near.observe(plot);
    }
  });
})();
