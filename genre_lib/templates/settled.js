async () => {
  const start = performance.now();
  const pause = () => new Promise((go, stop) =>
    performance.now() - start < 60000 ? setTimeout(go, 20) : stop(Error("not drawn in a minute")));
  await document.fonts.ready;
  if (document.querySelector("script[src*='tex-svg']")) {
    while (!window.MathJax?.startup?.promise) await pause();
    await MathJax.startup.promise;
  }
  const views = "script[type='application/vnd.jupyter.widget-view+json']";
  const drawn = () => [...document.querySelectorAll(views)].every(
    (view) => view.parentElement.querySelector(".jupyter-widgets"));
  while (!drawn()) await pause();
  await new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)));
}
