// Applies the reader's own choice of light or dark before the first paint; without one the system decides.
(function () {
  "use strict";
  var sheet = document.getElementById("dark");
  var auto = "screen and (prefers-color-scheme: dark)";
  var root = document.documentElement;
  function stored() {
    try { return localStorage.getItem("oe-theme") || "auto"; } catch { return "auto"; }
  }
  function apply(choice) {
    sheet.media = choice === "dark" ? "screen" : choice === "light" ? "not all" : auto;
    root.dataset.theme = choice;
    root.dispatchEvent(new CustomEvent("oe:theme"));
  }
  window.oeTheme = {
    current: stored,
    choose: function (choice) {
      try { localStorage.setItem("oe-theme", choice); } catch { /* private mode: this page only */ }
      apply(choice);
    },
  };
  apply(stored());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", function () { apply(stored()); });
})();
