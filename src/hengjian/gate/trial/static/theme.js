/* Runs in <head> before the first paint, so the page never flashes in the wrong theme or size. */
(function () {
  var root = document.documentElement, theme = null, elder = null;
  try { theme = localStorage.getItem("theme"); elder = localStorage.getItem("elder"); } catch (e) { /* storage is switched off */ }
  root.setAttribute("data-theme", theme === "dark" || theme === "light" ? theme
    : matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  if (elder === "1") root.setAttribute("data-elder", "1");
  root.className += " js";
})();
