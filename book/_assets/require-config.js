// The widgets' script looks for its fonts below this folder.
requirejs.config({ baseUrl: "_static" });
