/* A field that finds while one types: ↑ ↓ choose, Enter takes, Esc closes. Works on the list it is given, asks nobody. */

import { el } from "./dom.js";

const MOST = 8;

/* Words of the query must all occur; the name's beginning counts more than its middle, a code only from its beginning. */
export function matches(entries, query) {
  const words = query.trim().toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return [];
  const ranked = [];
  for (const entry of entries) {
    let rank = 0;
    for (const word of words) {
      const at = entry.low.indexOf(word);
      if (at < 0 && !entry.code.toLowerCase().startsWith(word) && !entry.more.includes(word)) { rank = -1; break; }
      rank += at === 0 ? 0 : at > 0 ? 1 : 2;
    }
    if (rank >= 0) ranked.push([rank, entry.name.length, entry]);
  }
  return ranked.sort((a, b) => a[0] - b[0] || a[1] - b[1]).map((found) => found[2]);
}

function marked(name, query) {
  const word = query.trim().split(/\s+/)[0], at = name.toLowerCase().indexOf(word.toLowerCase());
  return at < 0 || !word ? [name] : [name.slice(0, at), el("mark", {}, name.slice(at, at + word.length)), name.slice(at + word.length)];
}

/* `input` and `list` are a combobox and its listbox; `row(entry)` gives what stands beside the name; `take(entry)` is called. */
export function combobox(input, list, entries, { row, take, none }) {
  let found = [], at = -1;
  const close = () => { list.hidden = true; input.setAttribute("aria-expanded", "false"); input.removeAttribute("aria-activedescendant"); at = -1; };
  const paint = () => {
    Array.from(list.children).forEach((option, i) => option.setAttribute("aria-selected", String(i === at)));
    const option = found.length ? list.children[at] : null;
    if (!option) input.removeAttribute("aria-activedescendant");
    else { input.setAttribute("aria-activedescendant", option.id); option.scrollIntoView({ block: "nearest" }); }
  };
  const choose = (entry) => { close(); take(entry); };
  const open = () => {
    const query = input.value, all = matches(entries, query);
    if (!query.trim()) { close(); return; }
    found = all.slice(0, MOST);
    list.replaceChildren(...found.map((entry, i) => el("li", {
      id: `${list.id}-${i}`, role: "option", "aria-selected": "false",
      onmousedown: (event) => { event.preventDefault(); choose(entry); },
    }, el("span", { cls: "o-name" }, marked(entry.name, query)), row(entry))));
    if (!found.length) list.append(el("li", { cls: "none", role: "option", "aria-disabled": "true", "aria-selected": "false" }, none(query.trim())));
    else if (all.length > MOST) list.append(el("li", { cls: "none", role: "option", "aria-disabled": "true", "aria-selected": "false" }, `共 ${all.length} 条，再写一两个字`));
    list.hidden = false;
    const box = input.getBoundingClientRect(), height = list.offsetHeight + 8;
    list.classList.toggle("up", box.bottom + height > window.innerHeight && box.top > height);
    input.setAttribute("aria-expanded", "true");
    at = found.length ? 0 : -1;
    paint();
  };
  input.addEventListener("input", open);
  let leaving = 0;
  input.addEventListener("blur", () => { leaving = setTimeout(close, 120); });
  input.addEventListener("focus", () => clearTimeout(leaving)); /* back at once: what is open now stays open */
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if ((event.key === "ArrowDown" || event.key === "ArrowUp") && found.length) {
      if (list.hidden) open();
      else { at = (at + (event.key === "ArrowDown" ? 1 : found.length - 1)) % found.length; paint(); }
      event.preventDefault();
    } else if (event.key === "Enter" && !list.hidden) {
      event.preventDefault();
      if (at >= 0) choose(found[at]);
    } else if (event.key === "Escape" && !list.hidden) {
      event.stopPropagation();
      close();
    }
  });
  return { close };
}
