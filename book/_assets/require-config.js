// The widgets' scripts look for their fonts beside themselves: in _static/@jupyter-widgets.
requirejs.config({
  baseUrl: "_static",
  paths: { "@jupyter-widgets/html-manager/dist": "@jupyter-widgets" },
});
