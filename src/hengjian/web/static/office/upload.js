/* Files by drag and drop, with a list and a progress bar: form[data-upload] around office/_upload.html. With the script the view is asked for JSON and answers
   {"next": address}, or 4xx {"errors": [sentence, …]}; without it the same form posts and the view answers with a page. */
(function () {
  const size = n => n >= 1048576 ? `${(n / 1048576).toFixed(1)} MB` : `${Math.max(1, Math.round(n / 1024))} KB`;
  const make = (tag, props) => Object.assign(document.createElement(tag), props);

  document.querySelectorAll("form[data-upload]").forEach(form => {
    const input = form.querySelector('input[type="file"]'), drop = form.querySelector(".drop"), list = form.querySelector("[data-chosen]");
    const bar = form.querySelector(".up-bar"), meter = bar.querySelector("progress"), percent = bar.querySelector("[data-percent]");
    const errors = form.querySelector("[data-upload-errors]"), most = +form.dataset.maxBytes || Infinity;

    function show() {
      errors.replaceChildren();
      list.replaceChildren(...[...input.files].map((file, at) => {
        const item = make("li"), text = make("span"), away = make("button", { type: "button", className: "icon sm", title: "移除", textContent: "×" });
        text.append(make("b", { textContent: file.name }), make("small", { textContent: size(file.size) + (file.size > most ? `，超过 ${size(most)}，传不上来` : "") }));
        away.setAttribute("aria-label", `移除 ${file.name}`);
        away.addEventListener("click", () => take([...input.files].filter((_, i) => i !== at)));
        item.append(text, away);
        return item;
      }));
    }
    function take(files) {
      const bag = new DataTransfer();
      files.slice(0, input.multiple ? files.length : 1).forEach(file => bag.items.add(file));
      input.files = bag.files;
      show();
    }
    function fail(sentences) {
      bar.hidden = true;
      errors.replaceChildren(...sentences.map(text => make("li", { textContent: text })));
      delete form.dataset.sent;
      form.querySelectorAll("[aria-busy]").forEach(b => b.removeAttribute("aria-busy"));
    }
    input.addEventListener("change", show);
    ["dragenter", "dragover"].forEach(name => drop.addEventListener(name, e => { e.preventDefault(); drop.classList.add("over"); }));
    ["dragleave", "drop"].forEach(name => drop.addEventListener(name, e => { e.preventDefault(); drop.classList.remove("over"); }));
    drop.addEventListener("drop", e => take([...(input.multiple ? input.files : []), ...e.dataTransfer.files]));

    form.addEventListener("submit", e => {
      if (form.dataset.sent) return;   // app.js drops the second press
      e.preventDefault();
      const big = [...input.files].filter(file => file.size > most);
      if (!input.files.length) return fail(["还没有选文件。"]);
      if (big.length) return fail(big.map(file => `${file.name} 超过 ${size(most)}，请拆开或压缩后再传。`));
      errors.replaceChildren();
      form.dataset.sent = "1";
      bar.hidden = false;
      const call = new XMLHttpRequest();
      call.open("POST", form.action);
      call.setRequestHeader("Accept", "application/json");
      call.upload.addEventListener("progress", p => { if (p.lengthComputable) { meter.value = Math.round(100 * p.loaded / p.total); percent.textContent = meter.value < 100 ? `已传 ${meter.value}%` : "已传完，正在登记"; } });
      call.addEventListener("load", () => {
        let answer = {};
        try { answer = JSON.parse(call.responseText); } catch (x) { /* not JSON: told below */ }
        if (call.status < 400 && answer.next) location.assign(answer.next);
        else fail(answer.errors || [`这次没有传成（${call.status}），原有数据没有改动。请再试一次。`]);
      });
      call.addEventListener("error", () => fail(["网络断了，这次没有传成。原有数据没有改动，请再试一次。"]));
      call.send(new FormData(form));
    });
  });
})();
