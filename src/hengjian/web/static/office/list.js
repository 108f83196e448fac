/* Keys of a list page: J K move, O or Enter opens, X chooses, ? shows the keys. Rows are <tr data-row>; the first link in a row opens it. */
(function () {
  const rows = () => [...document.querySelectorAll("tr[data-row]")];
  const main = row => row.querySelector("a[data-main]") || row.querySelector("a");
  const here = () => rows().find(row => row.classList.contains("cur"));
  function move(step) {
    const all = rows(); if (!all.length) return;
    const at = all.indexOf(here()), row = all[at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + step))];
    all.forEach(r => r.classList.toggle("cur", r === row));
    const link = main(row);
    if (link) link.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  }
  document.addEventListener("focusin", e => {
    const row = e.target.closest("tr[data-row]");
    if (row) rows().forEach(r => r.classList.toggle("cur", r === row));
  });
  document.addEventListener("keydown", e => {
    if (window.office.typing(e)) return;
    const key = e.key.toLowerCase(), row = here(), keys = document.getElementById("keys");
    if (key === "j") move(1);
    else if (key === "k") move(-1);
    else if (key === "o" && row && main(row)) main(row).click();
    else if (key === "enter" && row && main(row) && /^(BODY|MAIN|TR)$/.test(e.target.tagName)) main(row).click();
    else if (key === "x" && row) { const box = row.querySelector('input[name="sel"]'); if (box) box.click(); }
    else if (key === "?" && keys) keys.showModal();
    else return;
    e.preventDefault();
  });
})();
