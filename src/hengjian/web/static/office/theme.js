/* Runs in <head> before the first paint, so no page flashes in the wrong theme, size or density. */
(function () {
  var root = document.documentElement, kept = {};
  try { kept = { theme: localStorage.getItem("theme"), elder: localStorage.getItem("elder"), density: localStorage.getItem("density") }; } catch (e) { /* storage is switched off */ }
  root.setAttribute("data-theme", kept.theme === "dark" || kept.theme === "light" ? kept.theme
    : matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  if (kept.elder === "1") root.setAttribute("data-elder", "1");
  if (kept.density === "tight") root.setAttribute("data-density", "tight");
  root.className += " js";
})();
