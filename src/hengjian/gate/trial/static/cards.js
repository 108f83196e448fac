/* The reminders: one card each, worst first. A card whose finding stays the same over the next check keeps its open form. */

import { byId, el, icon, yuan } from "./dom.js";

export const LEVELS = ["no_pay", "reason", "warn", "inform"];
export const WORDS = { inform: "提醒", warn: "警示", reason: "请说明理由", no_pay: "基金不予支付" };
const REASONS = ["病情需要，已告知患者", "急症或抢救", "原结果缺失或不能用", "自费，已签知情同意"];

/* What the page keeps of a result: level, sentence, law, the lines it points to. */
export function finding(result) {
  const told = result.exp_content || {}, evidence = String(result.vola_evid || ""), cut = evidence.indexOf("。知识：");
  const lines = (result.judge_result_detail_dtos || []).map((d) => ({ sn: d.rx_id, main: d.vola_item_type !== "2" }));
  return {
    jr_id: result.jr_id,
    key: [result.rule_id, ...lines.map((l) => l.sn)].join("|"),
    level: LEVELS.includes(told.level) ? told.level : "warn",
    needs: Boolean(told.reason_needed),
    title: result.rule_name || result.rule_id,
    sentence: String(result.vola_cont || "").replace(/^【[^】]*】/, ""),
    law: cut < 0 ? evidence : evidence.slice(0, cut),
    knowledge: cut < 0 ? "" : evidence.slice(cut + 4).replace(/ \[(\S+), \)/g, " · $1 起").replace(/ \[(\S+), (\S+)\)/g, " · $1 至 $2"),
    amount: Number(result.vola_amt) || 0,
    lines,
  };
}

export const byLevel = (a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level) || b.amount - a.amount;

/* `acts`: { name(sn), light(sns, on), goTo(sn), back(finding), drop(sn), keep(finding, reason) }. */
export class Cards {
  constructor(box, acts) {
    this.box = box;
    this.acts = acts;
    this.shown = new Map();
  }

  /* Shows findings; `answers` says by key what the doctor did: { way, reason }. */
  show(findings, answers) {
    const kept = new Map();
    for (const f of findings) {
      const answer = answers.get(f.key), mark = JSON.stringify([f.level, f.sentence, f.amount, answer, f.lines.map((l) => this.acts.name(l.sn))]);
      const before = this.shown.get(f.key);
      kept.set(f.key, before && before.mark === mark ? before : { mark, node: null });
      const card = kept.get(f.key);
      if (card.node) Object.assign(card.f, f);
      else { card.f = f; card.node = this.card(f, answer); }
    }
    this.shown = kept;
    const nodes = Array.from(kept.values(), (card) => card.node);
    if (nodes.length !== this.box.children.length || nodes.some((node, i) => this.box.children[i] !== node)) this.box.replaceChildren(...nodes);
  }

  /* Shows one quiet box instead of cards. */
  say(...kids) {
    this.shown = new Map();
    this.box.replaceChildren(...kids);
  }

  /* Opens the form of a finding and goes there. */
  ask(key) {
    const card = this.shown.get(key);
    if (!card) return;
    this.form(card.node, card.f);
    card.node.scrollIntoView({ block: "nearest" });
  }

  /* Lights the cards that point to a line. */
  light(sn, on) {
    for (const { f, node } of this.shown.values()) node.classList.toggle("lit", on && f.lines.some((l) => l.sn === sn));
  }

  card(f, answer) {
    const acts = this.acts, sns = f.lines.map((l) => l.sn).filter(Boolean);
    const card = el("article", {
      cls: `rem ${f.level}`, "aria-label": `${WORDS[f.level]}：${f.title}`,
      onmouseenter: () => acts.light(sns, true), onmouseleave: () => acts.light(sns, false),
      onfocusin: () => acts.light(sns, true), onfocusout: () => acts.light(sns, false),
    },
    el("header", {}, el("span", { cls: "lv" }, icon(f.level, 15), WORDS[f.level]), el("h3", {}, f.title),
      f.amount ? el("span", { cls: "amt", title: "在疑的基金范围内金额" }, el("b", { cls: "num" }, yuan(f.amount)), " 元") : null),
    el("p", { cls: "say" }, f.sentence),
    sns.length ? el("ul", { cls: "points", "aria-label": "所指的医嘱" }, f.lines.filter((l) => l.sn).map((l) => el("li", {},
      el("button", { type: "button", cls: "point", onclick: () => acts.goTo(l.sn) }, l.main ? "" : "对照 ", acts.name(l.sn))))) : null,
    el("p", { cls: "law" }, icon("law", 13), el("span", {}, f.law, f.knowledge ? el("small", { cls: "code" }, f.knowledge) : null)),
    el("div", { cls: "acts" }));
    this.buttons(card, f, answer);
    return card;
  }

  buttons(card, f, answer) {
    const acts = this.acts, box = card.querySelector(".acts"), current = () => (this.shown.get(f.key) || { f }).f;
    card.classList.toggle("done", Boolean(answer));
    if (answer && answer.way === "1") {
      box.replaceChildren(el("p", { cls: "given" }, icon("ok", 15), el("span", {}, "理由：", answer.reason)),
        el("button", { type: "button", cls: "btn sm", onclick: () => this.form(card, current(), answer.reason) }, "改理由"));
      return;
    }
    if (answer) {
      const main = f.lines.find((l) => l.main && l.sn);
      box.replaceChildren(el("p", { cls: "given" }, icon("back", 15), el("span", {}, "返回修改：改数量、诊断，或删去这一条")));
      if (main) box.append(el("button", { type: "button", cls: "btn sm", onclick: () => acts.drop(main.sn) }, `删去「${acts.name(main.sn)}」`));
      box.append(el("button", { type: "button", cls: "btn sm link", onclick: () => this.form(card, current()) }, "还是要继续"));
      return;
    }
    box.replaceChildren(el("button", { type: "button", cls: "btn sm", onclick: () => acts.back(current()) }, "返回修改"),
      el("button", { type: "button", cls: f.needs ? "btn sm strong" : "btn sm link", onclick: () => this.form(card, current()) }, "填写理由继续"));
    if (!f.needs) box.append(el("span", { cls: "sub" }, "可以不填"));
  }

  form(card, f, before) {
    const id = `why-${f.jr_id}`, box = card.querySelector(".acts");
    const given = REASONS.find((r) => (before || "").startsWith(r)), rest = given ? before.slice(given.length).replace(/^。/, "") : before || "";
    const text = el("textarea", { id, rows: 2, maxlength: 300, placeholder: "病历里的依据：时间、结果、记录" });
    text.value = rest;
    const wrong = el("p", { cls: "wrong", role: "alert", hidden: true }, "选一条，或写一句。您写的会原样给审核人员看。");
    const read = () => {
      const picked = form.querySelector("input:checked"), more = text.value.trim();
      return [picked ? picked.value : "", more].filter(Boolean).join("。");
    };
    const form = el("form", {
      cls: "why",
      onsubmit: (event) => {
        event.preventDefault();
        const reason = read();
        if (!reason) { wrong.hidden = false; text.focus(); return; }
        this.acts.keep((this.shown.get(f.key) || { f }).f, reason);
      },
      onkeydown: (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); event.stopPropagation(); form.requestSubmit(); } },
    },
    el("fieldset", {}, el("legend", {}, "为什么现在需要"), el("div", { cls: "picks" }, REASONS.map((reason) => {
      const radio = el("input", { type: "radio", name: id, value: reason });
      radio.checked = reason === given;
      return el("label", {}, radio, el("span", {}, reason));
    }))),
    el("label", { for: id }, "补充一句"), text, wrong,
    el("div", { cls: "row" }, el("span", { cls: "sub" }, "原样给审核人员看"), el("span", { cls: "grow" }),
      el("button", { type: "button", cls: "btn sm", onclick: () => this.buttons(card, f, before ? { way: "1", reason: before } : null) }, "取消"),
      el("button", { type: "submit", cls: "btn sm strong" }, "写好了，继续")));
    box.replaceChildren(form);
    (form.querySelector("input:checked") || form.querySelector("input")).focus();
  }
}

export const quiet = (kind, name, head, ...rest) => el("div", { cls: `quiet ${kind}` }, icon(name, 22), el("div", {}, el("b", {}, head), ...rest.map((text) => (text instanceof Node ? text : el("p", {}, text)))));
export const skeleton = () => el("div", { cls: "quiet" }, el("span", { cls: "sk wide" }));
export const box = () => byId("cards");
