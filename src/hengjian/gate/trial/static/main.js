/* The doctor's page: patients, diagnoses, orders; every change is asked of the gate at once and whatever comes back is shown.

   Nothing here ever keeps the doctor from ordering: without an answer the page says so and goes on. */

import { byId, el, icon, toast, yuan } from "./dom.js";
import { byLevel, Cards, finding, quiet, skeleton, WORDS } from "./cards.js";
import { check, feedback, instant, send } from "./message.js";
import { combobox } from "./search.js";
import { tick } from "./clock.js";
import * as wire from "./wire.js";

const SOON = 60; /* ms after the last keystroke */
const AGAIN = 4000; /* ms until a gate that was gone is asked again */
const GONE = "闸口没有应答，不影响开方，之后由事后审计审核";

let book, desk, cards, picked = null, asked = 0, waiting = 0, retry = 0;
const desks = [], unsent = [];

/* ---------- the desk of one patient ---------- */
const newDesk = (patient) => ({
  patient: { ...patient, begun: instant(book.day) }, diagnoses: patient.diagnoses.slice(), orders: [], next: 1,
  findings: [], answers: new Map(), state: "empty", warn: "", days: new Map(), sent: null, stale: false, signing: false,
});

const order = (sn) => desk.orders.find((o) => o.sn === sn);
const name = (sn) => { const found = order(sn); return found ? found.item.name : "这次就诊"; };
const missing = () => desk.findings.filter((f) => f.needs && !(desk.answers.get(f.key) || {}).reason);

function sitWith(index) {
  if (desk) desk.signing = false;
  desk = desks[index];
  Array.from(byId("people").children).forEach((button, i) => button.setAttribute("aria-pressed", String(i === index)));
  clearPick();
  drawPatient();
  drawOrders();
  if (desk.orders.length && !desk.sent) ask(0); else paint();
}

/* ---------- asking the gate ---------- */
function ask(delay) {
  clearTimeout(waiting);
  clearTimeout(retry);
  if (desk.sent) return;
  desk.stale = desk.orders.length > 0;
  if (!desk.orders.length) { asked += 1; desk.findings = []; desk.state = "empty"; desk.warn = ""; paint(); return; }
  const here = desk;
  waiting = setTimeout(async () => {
    asked += 1;
    const mine = asked, orders = here.orders.filter((o) => o.cnt > 0);
    const sent = await send(book, check(book, here.patient, here.diagnoses, orders));
    wire.remember(sent);
    if (here === desk) tick(sent, orders.length);
    if (mine !== asked || here !== desk) return; /* a later question was put meanwhile */
    hear(sent);
  }, delay === undefined ? SOON : delay);
}

function hear(sent) {
  const answer = sent.answer;
  if (!answer) {
    desk.findings = [];
    desk.state = "gone";
    retry = setTimeout(() => ask(0), AGAIN);
  } else if (answer.infcode !== 0) {
    desk.findings = [];
    desk.state = "refused";
    desk.warn = answer.err_msg || "";
  } else {
    desk.findings = ((answer.output || {}).result || []).map(finding).sort(byLevel);
    desk.state = "heard";
    desk.warn = answer.warn_msg || "";
    desk.days = new Map(((answer.output || {}).drug_days || []).map((d) => [d.rx_id, d]));
    for (const key of Array.from(desk.answers.keys())) if (!desk.findings.some((f) => f.key === key)) desk.answers.delete(key);
    deliver();
  }
  desk.stale = false;
  paint();
  if (desk.signing) { desk.signing = false; sign(); }
}

/* 3103. What could not be delivered is kept and goes with the next answer. */
async function tell(warns) {
  const sent = await send(book, feedback(book, warns));
  wire.remember(sent);
  if (!sent.answer) { unsent.push(...warns); return false; }
  if (sent.answer.infcode !== 0) toast(sent.answer.err_msg);
  return sent.answer.infcode === 0;
}

function deliver() {
  if (unsent.length) tell(unsent.splice(0));
}

/* ---------- what the doctor does ---------- */
const acts = {
  name,
  light: (sns, on) => { for (const o of desk.orders) o.row.classList.toggle("lit", on && sns.includes(o.sn)); },
  goTo: (sn) => { const found = order(sn); if (found) { found.input.focus(); found.input.select(); } },
  back: (f) => {
    desk.answers.set(f.key, { way: "2", reason: "" });
    tell([{ jr_id: f.jr_id, way: "2", reason: "" }]);
    paint();
    const main = f.lines.find((l) => l.main && l.sn);
    if (main) acts.goTo(main.sn); else byId("find").focus();
  },
  drop: (sn) => remove(sn),
  keep: (f, reason) => {
    desk.answers.set(f.key, { way: "1", reason });
    paint();
    const next = missing()[0];
    if (next) cards.ask(next.key); else byId("send").focus();
  },
};

function add(item, cnt) {
  if (desk.sent) fresh();
  const same = desk.orders.find((o) => o.item.code === item.code);
  if (same) { same.cnt = Math.round((same.cnt + cnt) * 1e4) / 1e4; same.input.value = String(same.cnt); }
  else { desk.orders.push({ sn: `RX${String(desk.next).padStart(3, "0")}`, item, cnt }); desk.next += 1; }
  drawOrders();
  ask(0);
}

function remove(sn) {
  desk.orders = desk.orders.filter((o) => o.sn !== sn);
  drawOrders();
  ask(0);
  byId("find").focus();
}

function fresh() {
  Object.assign(desk, { orders: [], findings: [], answers: new Map(), state: "empty", warn: "", sent: null, stale: false, signing: false });
  desk.patient.begun = instant(book.day);
}

async function sign() {
  if (desk.sent) return;
  if (!desk.orders.length) { toast("还没有医嘱。输入名称，回车添加"); byId("find").focus(); return; }
  if (desk.stale) { desk.signing = true; ask(0); return; } /* what is signed was judged, or nobody answered */
  const next = missing()[0];
  if (next) { toast(`还有 ${missing().length} 条要写理由，写好就能发送`); cards.ask(next.key); return; }
  clearTimeout(retry);
  const here = desk;
  const warns = here.findings.filter((f) => (here.answers.get(f.key) || {}).way === "1")
    .map((f) => ({ jr_id: f.jr_id, way: "1", reason: here.answers.get(f.key).reason }));
  here.sent = { lines: here.orders.length, total: sum(here.orders), reasons: warns.length, told: null, judged: here.state === "heard" };
  drawOrders();
  paint();
  byId("again").focus();
  here.sent.told = warns.length ? await tell(warns) : true;
  if (here === desk) { drawOrders(); paint(); }
}

const sum = (orders) => orders.reduce((total, o) => total + Math.round(o.cnt * o.item.price * 100) / 100, 0);

/* ---------- drawing ---------- */
function drawPeople() {
  byId("people").replaceChildren(...desks.map(({ patient }, i) => el("button", { type: "button", "aria-pressed": "false", onclick: () => sitWith(i) },
    el("b", {}, patient.name), el("span", {}, `${patient.gend === "1" ? "男" : "女"} · ${patient.age}`, patient.visit === "急诊" ? el("em", {}, "急诊") : null),
    el("small", {}, patient.story))));
}

function drawPatient() {
  const p = desk.patient, list = el("ul", { id: "found-diag", role: "listbox", "aria-label": "找到的诊断", hidden: true });
  const input = el("input", { id: "find-diag", type: "text", role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false",
    "aria-controls": "found-diag", placeholder: "加诊断", autocomplete: "off", spellcheck: "false" });
  const chips = desk.diagnoses.map(([code, label], i) => el("li", {}, el("span", { cls: "code" }, code), " ", label, i ? null : el("i", {}, "主"),
    el("button", { type: "button", "aria-label": `去掉诊断${label}`, onclick: () => { desk.diagnoses.splice(i, 1); drawPatient(); ask(0); } }, icon("cut", 12))));
  byId("patient").replaceChildren(
    el("div", { cls: "who" }, el("span", { cls: "bed" }, p.visit), el("div", {}, el("h2", {}, p.name,
      el("span", {}, `${p.gend === "1" ? "男" : "女"} · ${p.age} · ${p.insurance}`)), el("p", { cls: "code" }, `${p.mdtrt_id} · ${book.day}`))),
    el("div", { cls: "dx" }, el("ul", { cls: "chips", "aria-label": "诊断" }, chips),
      el("div", { cls: "combo" }, el("label", { cls: "vh", for: "find-diag" }, "加诊断"), input, list)));
  combobox(input, list, book.diagnoses, {
    row: (entry) => el("span", { cls: "o-more code" }, entry.code),
    take: (entry) => {
      if (!desk.diagnoses.some(([code]) => code === entry.code)) desk.diagnoses.push([entry.code, entry.name]);
      drawPatient();
      byId("find-diag").focus();
      ask(0);
    },
    none: (query) => `没有找到「${query}」`,
  });
}

function row(o) {
  const item = o.item;
  o.input = el("input", { cls: "cnt num", type: "text", inputmode: "decimal", maxlength: "8", "aria-label": `${item.name}的数量`, value: String(o.cnt),
    oninput: (event) => {
      const cnt = amount(event.target.value);
      event.target.setAttribute("aria-invalid", String(!cnt));
      if (cnt) { o.cnt = cnt; o.sum.textContent = yuan(o.cnt * item.price); ask(); }
    },
    onkeydown: (event) => { if (event.key === "Enter") byId("find").focus(); } });
  o.sum = el("span", { cls: "num" }, yuan(o.cnt * item.price));
  o.level = el("span", { cls: "st" });
  o.left = el("em");
  o.row = el("tr", { onmouseenter: () => cards.light(o.sn, true), onmouseleave: () => cards.light(o.sn, false) },
    el("th", { scope: "row" }, el("b", {}, item.name), el("small", {}, [item.spec, item.lv === "03" ? "丙类" : item.lv === "02" ? "乙类" : "甲类"].filter(Boolean).join(" · "), el("span", { cls: "code" }, item.code), o.left)),
    el("td", { cls: "c-cnt" }, o.input, el("span", { cls: "unit" }, item.unit)),
    el("td", { cls: "r c-price num" }, yuan(item.price)),
    el("td", { cls: "r c-sum" }, o.sum),
    el("td", { cls: "c-st" }, o.level),
    el("td", { cls: "c-cut" }, el("button", { type: "button", cls: "icon sm", "aria-label": `删去${item.name}`, onclick: () => remove(o.sn) }, icon("cut", 15))));
  return o.row;
}

function drawOrders() {
  const box = byId("sheet");
  if (desk.sent) {
    const s = desk.sent;
    const said = s.told === null ? "正在送出理由" : !s.told ? `${GONE}；${s.reasons} 条理由留在本机，闸口恢复后补送。`
      : s.reasons ? `${s.reasons} 条理由已经送给审核人员。` : s.judged ? "没有要写的理由。" : `${GONE}。`;
    box.replaceChildren(el("div", { cls: "receipt", role: "status" }, icon("ok", 30), el("div", {}, el("b", {}, `${s.lines} 条医嘱已签名发送，合计 ${yuan(s.total)} 元`), el("p", {}, said)),
      el("button", { type: "button", cls: "btn", id: "again", onclick: () => { fresh(); drawOrders(); paint(); byId("find").focus(); } }, "再开一张")));
  } else if (!desk.orders.length) {
    box.replaceChildren(el("p", { cls: "pad empty" }, "还没有医嘱。输入名称或代码，回车选定，再回车添加；每加一条，右边马上有结果。"));
  } else {
    box.replaceChildren(el("table", { cls: "tbl" }, el("thead", {}, el("tr", {}, ["医嘱", "数量", "单价", "金额", "医保"].map((head, i) => el("th", { scope: "col", cls: i === 2 || i === 3 ? "r" : "" }, head)), el("th", { scope: "col" }, el("span", { cls: "vh" }, "删去")))),
      el("tbody", {}, desk.orders.map(row))));
  }
  drawTries();
}

function drawTries() {
  const open = desk.sent ? [] : desk.patient.tries.map(([code, cnt]) => [book.byCode.get(code), cnt]).filter(([item]) => item && !desk.orders.some((o) => o.item.name === item.name));
  byId("tries").parentNode.classList.toggle("bare", !open.length);
  byId("tries").replaceChildren(...(open.length ? ["试试：", ...open.map(([item, cnt]) => el("button", { type: "button", cls: "try", onclick: () => add(item, cnt) }, item.name))] : []));
}

/* What the last answer says, on rows, cards and the line at the foot. */
function paint() {
  const worst = new Map(), doubt = new Map(), unpaid = new Map();
  for (const f of desk.sent ? [] : desk.findings) {
    for (const { sn, main } of f.lines) {
      if (!main || !sn) continue;
      if (!worst.has(sn)) worst.set(sn, f.level); /* findings come worst first */
      const sums = f.level === "no_pay" ? unpaid : doubt;
      sums.set(sn, Math.max(sums.get(sn) || 0, f.amount));
    }
  }
  for (const o of desk.sent ? [] : desk.orders) {
    const level = worst.get(o.sn), calm = desk.state === "heard";
    const days = desk.days.get(o.sn);
    o.left.textContent = days ? `手中约还可用 ${days.days_left} 天，用到 ${days.covered_until}` : "";
    o.row.className = level || "";
    o.level.className = `st ${level || (calm ? "pass" : "none")}`;
    o.level.replaceChildren(...(level ? [icon(level, 15), WORDS[level]] : calm ? [icon("ok", 15), "通过"] : [desk.state === "empty" ? "审核中" : "未审核"]));
  }
  const shown = desk.sent ? [] : desk.orders, add_up = (sums) => Array.from(sums.values()).reduce((a, b) => a + b, 0);
  byId("count").textContent = shown.length ? `${shown.length} 条未签名` : "";
  const sums = [["本单合计", sum(shown), ""]];
  if (doubt.size) sums.push(["在疑", add_up(doubt), "doubt"]);
  if (unpaid.size) sums.push(["基金不予支付", add_up(unpaid), "bad"]);
  byId("sums").replaceChildren(...sums.map(([label, value, cls]) => el("div", { cls }, el("dt", {}, label), el("dd", { cls: "num" }, yuan(value), el("small", {}, "元")))));
  byId("tally").replaceChildren(...Object.keys(WORDS).reverse().map((level) => [level, desk.sent ? 0 : desk.findings.filter((f) => f.level === level).length])
    .filter(([, n]) => n).map(([level, n]) => el("span", { cls: `n ${level}`, title: WORDS[level] }, icon(level, 14), String(n), el("span", { cls: "vh" }, `条${WORDS[level]}`))));
  const wanting = missing().length;
  byId("left").textContent = desk.sent || !shown.length ? "" : wanting ? `还有 ${wanting} 条要写理由` : desk.state === "gone" ? GONE : "";
  byId("left").classList.toggle("must", wanting > 0);
  byId("foot").hidden = Boolean(desk.sent);
  drawCards();
}

function drawCards() {
  const said = byId("said"), notice = desk.warn && desk.state === "heard" ? el("p", { cls: "notice" }, icon("inform", 15), el("span", {}, desk.warn)) : null;
  byId("notice").replaceChildren(...(notice && !desk.sent ? [notice] : []));
  said.textContent = "";
  if (desk.sent) cards.say(quiet("", "ok", "这张处方已经发送"));
  else if (desk.state === "gone") {
    cards.say(quiet("gone", "gone", "闸口没有应答", "不影响开方，之后由事后审计审核。照常签名发送即可。",
      el("button", { type: "button", cls: "btn sm", onclick: () => ask(0) }, "再问一次")));
  } else if (desk.state === "refused") cards.say(quiet("gone", "gone", "闸口没有收下这次审核", desk.warn, "不影响开方，之后由事后审计审核。"));
  else if (!desk.orders.length) cards.say(quiet("", "inform", "开出第一条医嘱后马上审核", "连同这位患者近十二个月的记录一起看。"));
  else if (desk.state === "empty") cards.say(skeleton());
  else if (!desk.findings.length) cards.say(quiet("pass", "ok", "没有提醒", `${desk.orders.length} 条医嘱都通过。`));
  else {
    said.textContent = `${desk.findings.length} 条`;
    cards.show(desk.findings, desk.answers);
  }
}

/* ---------- the line in which orders are typed ---------- */
const amount = (text) => { const n = Number(text.trim()); return /^\d{1,5}(\.\d{1,2})?$/.test(text.trim()) && n > 0 ? n : 0; };

function clearPick() {
  picked = null;
  byId("find").value = "";
  byId("quantity").value = "1";
  byId("unit").textContent = "";
}

function startTyping() {
  const find = byId("find"), quantity = byId("quantity");
  find.disabled = quantity.disabled = false;
  combobox(find, byId("found"), book.items, {
    row: (item) => el("span", { cls: "o-more" }, el("span", {}, item.spec), el("span", { cls: "code" }, item.code), el("b", { cls: "num" }, `${yuan(item.price)} / ${item.unit}`)),
    take: (item) => { picked = item; find.value = item.name; byId("unit").textContent = item.unit; quantity.focus(); quantity.select(); },
    none: (query) => `没有找到「${query}」。可以只写名称里的几个字，或国家代码的开头`,
  });
  find.addEventListener("input", () => { picked = null; byId("unit").textContent = ""; });
  byId("add").addEventListener("submit", (event) => {
    event.preventDefault();
    const cnt = amount(quantity.value);
    if (!picked) { if (find.value.trim()) toast("先从列表里选一条"); find.focus(); return; }
    if (!cnt) { toast("数量写大于 0 的数，最多两位小数"); quantity.focus(); quantity.select(); return; }
    const item = picked;
    clearPick();
    add(item, cnt);
    find.focus();
  });
  byId("clear").addEventListener("click", () => { fresh(); drawOrders(); ask(0); find.focus(); });
  byId("send").addEventListener("click", sign);
  document.addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]")) return;
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName);
    if (event.key === "/" && !typing) { event.preventDefault(); find.focus(); }
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); sign(); }
  });
}

/* ---------- light, dark, large print ---------- */
function startLooks() {
  const root = document.documentElement, kept = (key, value) => { try { localStorage.setItem(key, value); } catch (error) { /* storage is switched off */ } };
  const show = () => {
    byId("theme").setAttribute("aria-pressed", String(root.dataset.theme === "dark"));
    byId("elder").setAttribute("aria-pressed", String(root.dataset.elder === "1"));
  };
  byId("theme").addEventListener("click", () => { root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark"; kept("theme", root.dataset.theme); show(); });
  byId("elder").addEventListener("click", () => {
    if (root.dataset.elder === "1") delete root.dataset.elder; else root.dataset.elder = "1";
    kept("elder", root.dataset.elder || "0");
    show();
  });
  show();
}

/* ---------- beginning ---------- */
async function begin() {
  try {
    const told = await (await fetch("/try/book.json")).json();
    const items = told.items.map(([code, label, type, chrg, lv, price, unit, spec]) => ({ code, name: label, type, chrg, lv, price, unit, spec, low: label.toLowerCase(), more: spec.toLowerCase() }));
    book = { ...told, items, byCode: new Map(items.map((item) => [item.code, item])),
      diagnoses: told.diagnoses.map(([code, label]) => ({ code, name: label, low: label.toLowerCase(), more: "" })) };
  } catch (error) {
    byId("people").replaceChildren();
    byId("patient").replaceChildren(quiet("gone", "gone", "试用资料没有取到", "闸口没有在运行，或刚刚停下。启动后再试。",
      el("button", { type: "button", cls: "btn sm", onclick: begin }, "再试一次")));
    return;
  }
  byId("doctor").replaceChildren(el("b", {}, `${book.doctor.name.slice(0, 1)}*${book.doctor.name.slice(2)}`), el("small", {}, `${book.at.name} · ${book.doctor.dept_name}`));
  desks.push(...book.patients.map(newDesk));
  cards = new Cards(byId("cards"), acts);
  drawPeople();
  startTyping();
  sitWith(0);
  if (matchMedia("(min-width: 761px)").matches) byId("find").focus();
}

startLooks();
wire.start();
begin();
