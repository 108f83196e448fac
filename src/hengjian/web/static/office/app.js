/* Manners of every page: toast, search key, menus, choosing rows, drawer, columns and density, one submit only. No page needs it to work. */
(function () {
  const root = document.documentElement;
  const $ = (s, e) => (e || document).querySelector(s), $$ = (s, e) => [...(e || document).querySelectorAll(s)];
  const keep = (key, value) => { try { localStorage.setItem(key, value); } catch (e) { /* storage is switched off */ } };
  const kept = key => { try { return localStorage.getItem(key); } catch (e) { return null; } };
  const office = window.office = {};

  /* Is the key meant for a text, or part of the browser's own? Then no letter of ours fires. */
  office.typing = e => e.ctrlKey || e.metaKey || e.altKey || e.isComposing || !!$("dialog[open]") || e.target.isContentEditable
    || /^(TEXTAREA|SELECT)$/.test(e.target.tagName) || (e.target.tagName === "INPUT" && !/^(checkbox|radio|button|submit)$/.test(e.target.type));

  /* toast(text) or toast({text, undo: address, seconds}); a server sends it as HX-Trigger: {"toast": {...}} */
  let fading;
  office.toast = function (note) {
    const box = $("[data-toast]"), { text, undo, seconds } = typeof note === "string" ? { text: note } : note;
    box.replaceChildren(Object.assign(document.createElement("span"), { textContent: text }));
    if (undo) {
      const button = Object.assign(document.createElement("button"), { type: "button", className: "btn sm" });
      button.setAttribute("data-undo", "");
      button.append("撤回 ", Object.assign(document.createElement("kbd"), { textContent: "U" }));
      button.addEventListener("click", () => { box.hidden = true; post(undo); });
      box.append(button);
    }
    box.hidden = false;
    clearTimeout(fading);
    fading = setTimeout(() => (box.hidden = true), 1000 * (seconds || (undo ? 10 : 5)));
  };
  function post(address) {
    const token = JSON.parse(document.body.getAttribute("hx-headers") || "{}")["X-CSRFToken"] || "";
    const form = Object.assign(document.createElement("form"), { method: "post", action: address, hidden: true });
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "csrfmiddlewaretoken", value: token }));
    document.body.append(form);
    form.submit();
  }
  document.addEventListener("toast", e => office.toast(e.detail.value || e.detail));
  document.addEventListener("htmx:sendError", () => office.toast("没有连上服务器，这一步没有做成。您填的内容还在。"));
  document.addEventListener("htmx:responseError", e => {   // a refusal comes with its own sentence
    const said = e.detail.xhr.getResponseHeader("X-Refusal");
    office.toast({ text: said ? decodeURIComponent(said) : "这一步没有做成，您填的内容还在。", seconds: 8 });
  });

  /* chosen rows, the boxes that choose all, hidden columns: once at load and after each htmx swap */
  function chosen() {
    const all = $$('input[name="sel"]'), on = all.filter(box => box.checked), head = $("[data-all]");
    all.forEach(box => box.closest("tr").classList.toggle("sel", box.checked));
    $$("[data-all]").forEach(box => { box.checked = on.length > 0 && on.length === all.length; box.indeterminate = on.length > 0 && on.length < all.length; });
    $$("[data-picked]").forEach(p => { p.hidden = !on.length; p.textContent = `已选 ${on.length} 项`; });
    if (head || all.length) $$("[data-batch]").forEach(button => (button.disabled = !on.length));
  }
  function columns() {
    const box = $("[data-columns]"); if (!box) return;
    const off = (kept("columns:" + box.dataset.columns) || "").split(",");
    $$("input[data-column]", box).forEach(tick => (tick.checked = !off.includes(tick.dataset.column)));
    $$("[data-col]").forEach(cell => (cell.hidden = off.includes(cell.dataset.col)));
  }
  function press() {
    $$("[data-toggle-elder]").forEach(b => b.setAttribute("aria-pressed", root.dataset.elder === "1"));
    $$("[data-toggle-density]").forEach(b => b.setAttribute("aria-pressed", root.dataset.density === "tight"));
  }
  function ready() { chosen(); columns(); press(); }
  ready();
  document.addEventListener("htmx:afterSettle", ready);
  $$("[data-focus]").forEach(e => e.focus());
  $$("[data-undo-form]").forEach(form => setTimeout(() => (form.hidden = true), 1000 * form.dataset.seconds));

  const flip = (name, on, off) => { const now = root.dataset[name] === on; now ? delete root.dataset[name] : (root.dataset[name] = on); keep(name, now ? off : on); press(); document.dispatchEvent(new Event("themechange")); };
  const acts = {
    "data-toggle-theme": () => { root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark"; keep("theme", root.dataset.theme); document.dispatchEvent(new Event("themechange")); },
    "data-toggle-elder": () => flip("elder", "1", "0"),
    "data-toggle-density": () => flip("density", "tight", ""),
    "data-more": b => { const form = b.closest("form"); b.setAttribute("aria-expanded", form.classList.toggle("expanded")); },
    "data-menu": b => b.setAttribute("aria-expanded", root.classList.toggle("menu-open")),
    "data-unfold": b => b.setAttribute("aria-expanded", b.closest("table").classList.toggle("unfolded")),
    "data-print": () => window.print(),
    "data-open": (b, e) => { e.preventDefault(); document.getElementById(b.dataset.open).showModal(); },
    "data-close": b => b.closest("dialog").close(),
    "data-drawer": (a, e) => { e.preventDefault(); htmx.ajax("GET", a.href, { target: "#drawer-body", select: "#main > *" }).then(() => $("#drawer").showModal()); },
  };
  document.addEventListener("click", e => {
    $$("details.menu[open]").forEach(menu => { if (!menu.contains(e.target)) menu.open = false; });
    if (e.target.tagName === "DIALOG") return e.target.close();   // the backdrop
    for (const name of Object.keys(acts)) {
      const hit = e.target.closest(`[${name}]`);
      if (hit && !(hit.tagName === "A" && (e.ctrlKey || e.metaKey || e.shiftKey || (name === "data-drawer" && !window.htmx)))) return acts[name](hit, e);
    }
  });
  document.addEventListener("change", e => {
    if (e.target.matches("[data-all]")) $$('input[name="sel"]').forEach(box => (box.checked = e.target.checked));
    if (e.target.matches('[data-all], input[name="sel"]')) chosen();
    const box = e.target.closest("[data-columns]");
    if (box) { keep("columns:" + box.dataset.columns, $$("input[data-column]:not(:checked)", box).map(tick => tick.dataset.column).join(",")); columns(); }
    if (e.target.closest("form[data-auto]")) e.target.form.requestSubmit();
  });
  document.addEventListener("keydown", e => {
    if (e.key === "Escape") { $$("details.menu[open]").forEach(menu => { menu.open = false; $("summary", menu).focus(); }); if (root.classList.contains("menu-open")) { root.classList.remove("menu-open"); const b = $("[data-menu]"); b.setAttribute("aria-expanded", "false"); b.focus(); } }
    if (/^[a-z]$/i.test(e.key) && !office.typing(e)) { const meant = $(`[data-key="${e.key.toLowerCase()}"]`); if (meant && !meant.disabled) { e.preventDefault(); meant.click(); } }
    if (e.key === "/" && !office.typing(e)) { e.preventDefault(); const find = $("[data-find] input"); if (find) { find.focus(); find.select(); } }
  });

  /* One submit only: the second press of the same form is dropped until the page answers or comes back. */
  document.addEventListener("submit", e => {
    const form = e.target;
    if (form.method !== "post" || form.hasAttribute("data-again") || e.defaultPrevented) return;
    if (form.dataset.sent) return e.preventDefault();
    form.dataset.sent = "1";
    setTimeout(() => $$("button:not([type=button])", form).forEach(b => b.setAttribute("aria-busy", "true")), 0);
    setTimeout(() => free(form), 8000);   // a download answers without a new page
  });
  const free = form => { delete form.dataset.sent; $$("[aria-busy]", form).forEach(b => b.removeAttribute("aria-busy")); };
  addEventListener("pageshow", () => $$("form[data-sent]").forEach(free));
  document.addEventListener("htmx:afterRequest", e => { const form = e.target.closest("form"); if (form) free(form); });
})();
