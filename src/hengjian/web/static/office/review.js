/* The review workbench without a mouse. Letters fire only outside text, never with Ctrl, Alt or Cmd.
   Queue: a[data-q], the open one .on. Decision: form[data-decide] with radios name="decision" (1–5 by order), input[data-amount-field],
   buttons [data-amount] (the three sums), buttons [data-reason] (A S D by order), textarea[data-reason-field],
   hidden [data-basis-field] (set by data-basis of the pressed sum) and [data-next-field] (the row below, as ?at=). Undo: [data-undo], put there by the server. */
(function () {
  const $ = (s, e) => (e || document).querySelector(s), $$ = (s, e) => [...(e || document).querySelectorAll(s)];
  const queue = () => $$("a[data-q]");

  function mark(link) {
    queue().forEach(a => { a.classList.toggle("on", a === link); a === link ? a.setAttribute("aria-current", "true") : a.removeAttribute("aria-current"); });
    link.scrollIntoView({ block: "nearest" });
  }
  function go(step) {
    const all = queue(), at = all.findIndex(a => a.classList.contains("on"));
    const next = all[Math.min(all.length - 1, Math.max(0, at + step))];
    if (next && next !== all[at]) next.click();
  }
  function sum(button) {
    const field = $("[data-amount-field]"); if (!field || field.disabled) return;
    field.value = button.dataset.amount;
    const basis = $("[data-basis-field]"); if (basis && button.dataset.basis) basis.value = button.dataset.basis;
    $$("[data-amount]").forEach(b => { b.classList.toggle("on", b === button); b.setAttribute("aria-pressed", b === button); });
  }
  /* by the mouse the caret follows, to go on writing; by its key it does not, so that 1, A, Enter decide */
  function reason(button, write) {
    const field = $("[data-reason-field]");
    field.value = button.dataset.reason;
    field.scrollTop = 0;
    if (!write) return;
    field.focus();
    field.setSelectionRange(field.value.length, field.value.length);
  }
  /* a decision that takes no money leaves no amount to fill in */
  function pick(radio) {
    const field = $("[data-amount-field]"); if (!field) return;
    field.disabled = radio.hasAttribute("data-no-amount");
    $$("[data-amount]").forEach(b => (b.disabled = field.disabled));
  }
  /* which row comes after this one: the server answers with it */
  document.addEventListener("submit", e => {
    const field = $("[data-next-field]", e.target), all = queue(), next = field && all[all.findIndex(a => a.classList.contains("on")) + 1];
    if (next) field.value = new URL(next.href).searchParams.get("at");
  }, true);
  const submit = form => form.requestSubmit($("[data-next]", form) || undefined);

  document.addEventListener("click", e => {
    const link = e.target.closest("a[data-q]"), amount = e.target.closest("[data-amount]"), template = e.target.closest("[data-reason]");
    if (link && !e.ctrlKey && !e.metaKey) mark(link);
    if (amount) sum(amount);
    if (template) reason(template, true);
  });
  document.addEventListener("change", e => { if (e.target.matches('[data-decide] input[name="decision"]')) pick(e.target); });
  document.addEventListener("input", e => {
    if (e.target.matches("[data-amount-field]")) $$("[data-amount]").forEach(b => { const on = b.dataset.amount === e.target.value; b.classList.toggle("on", on); b.setAttribute("aria-pressed", on); });
  });
  function settle() { const on = $('[data-decide] input[name="decision"]:checked'); if (on) pick(on); }
  document.addEventListener("htmx:afterSettle", settle);
  settle();

  document.addEventListener("keydown", e => {
    const text = e.target.closest("[data-reason-field], [data-amount-field]");   // from inside the text: Esc leaves it, Ctrl+Enter submits
    if (text && e.key === "Escape") return text.blur();
    if (text && e.key === "Enter" && (e.ctrlKey || text.tagName === "INPUT") && !e.isComposing) { e.preventDefault(); return submit(text.form); }
    const form = $("[data-decide]");
    if (form && e.key === "Enter" && e.ctrlKey && !text) { e.preventDefault(); return submit(form); }
    if (window.office.typing(e)) return;
    const key = e.key.toLowerCase();
    if (key === "j") go(1);
    else if (key === "k") go(-1);
    else if (form && /^[1-5]$/.test(key)) { const radio = $$('input[name="decision"]', form)[+key - 1]; if (!radio || radio.disabled) return; radio.checked = true; radio.dispatchEvent(new Event("change", { bubbles: true })); }
    else if (form && "asd".includes(key) && key.length === 1) { const button = $$("[data-reason]", form)["asd".indexOf(key)]; if (!button) return; reason(button); }
    else if (form && key === "m") { const field = $("[data-amount-field]", form); if (!field || field.disabled) return; field.focus(); field.select(); }
    else if (form && key === "enter" && !/^(A|BUTTON|SUMMARY)$/.test(e.target.tagName)) submit(form);
    else if (key === "u") { const undo = $$("[data-undo]").find(b => !b.closest("[hidden]")); if (!undo) return; undo.click(); }
    else if (key === "b") { const bulk = $("a[data-bulk]"); if (!bulk) return; bulk.click(); }
    else if (key === "?") { const keys = $("#keys"); if (!keys) return; keys.showModal(); }
    else return;
    e.preventDefault();
  });
})();
