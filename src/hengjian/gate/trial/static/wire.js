/* 报文: what was sent and what came back, for those who build the hospital's side. */

import { byId, el, toast } from "./dom.js";

const SECRET = "（本演示机构的密钥算出）";
const exchanges = new Map();

export function remember(sent) {
  exchanges.set(sent.request.infno, sent);
  if (byId("wire").open) draw(sent.request.infno);
}

function copyable(title, text) {
  const copy = el("button", { type: "button", cls: "btn sm", onclick: async () => {
    try { await navigator.clipboard.writeText(text); toast("已复制"); } catch (error) { toast("浏览器不让复制，请选中文字后复制"); }
  } }, "复制");
  return el("section", { cls: "wire" }, el("div", { cls: "ct" }, el("h3", {}, title), el("span", { cls: "grow" }), copy),
    el("pre", { tabindex: "0", "aria-label": title }, text));
}

function draw(infno) {
  const names = { 3101: "3101 事前分析", 3103: "3103 处理反馈" };
  byId("which").replaceChildren(...Array.from(exchanges.keys(), (each) => el("button", {
    type: "button", cls: each === infno ? "on" : "", "aria-pressed": String(each === infno), onclick: () => draw(each),
  }, names[each])));
  const sent = exchanges.get(infno);
  if (!sent) {
    byId("wires").replaceChildren(el("p", { cls: "sub" }, "还没有发过报文。开一条医嘱，这里就有 3101。"));
    return;
  }
  const headers = Object.entries(sent.headers).map(([name, value]) => `${name}: ${value}`).join("\n");
  byId("wires").replaceChildren(
    copyable("请求头", `POST / HTTP/1.1\n${headers}`),
    copyable("请求", JSON.stringify(sent.request, null, 2)),
    copyable("应答", sent.answer ? JSON.stringify(sent.answer, null, 2) : "没有应答"),
    el("p", { cls: "sub" }, `签名 = SHA-256（时间戳＋密钥＋随机串＋时间戳），小写十六进制${SECRET}`),
  );
}

export function start() {
  const dialog = byId("wire");
  byId("show-wire").addEventListener("click", () => { draw(exchanges.has("3101") ? "3101" : ""); dialog.showModal(); });
  byId("hide-wire").addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
}
