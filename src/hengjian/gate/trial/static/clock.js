/* How long checks take: the last one in figures, the last two dozen as a line. */

import { byId, el, millis } from "./dom.js";

const MOST = 24, SVG = "http://www.w3.org/2000/svg";
const trips = [];
let let_go = 0;

export function tick(sent, lines) {
  if (sent.answer) trips.push(sent.ms);
  else let_go += 1;
  while (trips.length > MOST) trips.shift();
  byId("ms").textContent = sent.answer ? millis(sent.ms) : "–";
  byId("clock").classList.toggle("off", !sent.answer);
  const inside = Number.isFinite(sent.inside) && sent.answer ? (sent.inside < 1 ? "不到 1 ms" : `${sent.inside} ms`) : "–";
  byId("times").replaceChildren(...[["闸口里", inside], ["本次医嘱", `${lines} 条`], ["未应答放行", `${let_go} 次`]]
    .map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", { cls: "num" }, value))));
  line();
}

function line() {
  const spark = byId("spark"), top = Math.max(...trips, 10);
  spark.setAttribute("aria-label", trips.length ? `最近 ${trips.length} 次往返，最慢 ${millis(Math.max(...trips))} 毫秒` : "还没有审核");
  const poly = document.createElementNS(SVG, "polyline"), step = 118 / Math.max(trips.length - 1, 7), start = 119 - (trips.length - 1) * step;
  poly.setAttribute("points", trips.map((ms, i) => `${(start + i * step).toFixed(1)},${(30 - 27 * ms / top).toFixed(1)}`).join(" "));
  spark.replaceChildren(poly);
}
