/* Building nodes, icons and numbers. */

const SVG = "http://www.w3.org/2000/svg";
const PATHS = {
  inform: "M12 8h.01M12 11v5M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0Z",
  warn: "M12 9v4M12 17h.01M12 3 2.5 20h19L12 3Z",
  reason: "M4 5h16v11H9l-5 4V5ZM12 8v3M12 13.5h.01",
  no_pay: "M9 9l6 6M15 9l-6 6M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0Z",
  ok: "M8.5 12.5l2.5 2.5 4.5-5.5M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0Z",
  law: "M12 4v16M8 20h8M5 7h14M5 7l-2.5 6a2.6 2.6 0 0 0 5 0L5 7ZM19 7l-2.5 6a2.6 2.6 0 0 0 5 0L19 7Z",
  cut: "M7 7l10 10M17 7 7 17",
  gone: "M3 3l18 18M8.5 16.5a5 5 0 0 1 7 0M5 13a10 10 0 0 1 4-2.4M19 13a10 10 0 0 0-4.5-2.5M12 20h.01",
  back: "M9 6 4 11l5 5M4 11h10a6 6 0 0 1 6 6v1",
};

export function el(tag, attributes, ...kids) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "cls") node.className = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...kids.flat().filter((kid) => kid !== null && kid !== undefined && kid !== false));
  return node;
}

export function icon(name, size) {
  const svg = document.createElementNS(SVG, "svg"), path = document.createElementNS(SVG, "path");
  const attributes = { viewBox: "0 0 24 24", width: size || 16, height: size || 16, fill: "none", stroke: "currentColor",
    "stroke-width": 2, "stroke-linecap": "round", "stroke-linejoin": "round", "aria-hidden": "true" };
  for (const [key, value] of Object.entries(attributes)) svg.setAttribute(key, value);
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

export const byId = (id) => document.getElementById(id);
export const yuan = (n) => n.toFixed(2).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
export const millis = (n) => (n < 10 ? n.toFixed(1) : String(Math.round(n)));

let hiding = 0;
export function toast(text) {
  const box = byId("toast");
  box.textContent = text;
  box.hidden = false;
  clearTimeout(hiding);
  hiding = setTimeout(() => { box.hidden = true; }, 5000);
}
