// Completions under a search box: a combobox by keyboard, mouse and screen reader. Without it the form works as ever.
(function () {
  "use strict";
  const WAIT = 120;
  let number = 0;

  function equip(input) {
    if (input.dataset.ready) return;
    input.dataset.ready = "1";
    number += 1;
    const list = document.createElement("ul");
    list.id = "oe-suggest-" + number;
    list.className = "oe-suggest";
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", input.getAttribute("aria-label") || "");
    list.hidden = true;
    const place = document.createElement("span");
    place.className = "oe-suggest-place";
    place.append(list);
    input.insertAdjacentElement("afterend", place);
    const marks = { role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id };
    Object.entries(marks).forEach(([name, value]) => input.setAttribute(name, value));

    let chosen = -1;
    let typed = input.value;
    let timer = 0;
    let asked = null;

    function close() {
      if (asked) asked.abort();
      clearTimeout(timer);
      list.hidden = true;
      chosen = -1;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    }
    function choose(at) {
      const options = list.children;
      chosen = at;
      Array.from(options).forEach((o, n) => o.setAttribute("aria-selected", String(n === at)));
      if (at < 0) {
        input.value = typed;
        input.removeAttribute("aria-activedescendant");
      } else {
        input.value = options[at].dataset.text;
        input.setAttribute("aria-activedescendant", options[at].id);
        options[at].scrollIntoView({ block: "nearest" });
      }
    }
    function option(found, n) {
      const item = document.createElement("li");
      item.id = list.id + "-" + n;
      item.dataset.text = found.text;
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", "false");
      const text = document.createElement("span");
      text.textContent = found.text;
      item.append(text);
      if (found.count > 1) {
        const count = document.createElement("small");
        count.textContent = String(found.count);
        item.append(count);
      }
      // mousedown: the box must not lose the focus before the choice is made
      item.addEventListener("mousedown", (event) => {
        event.preventDefault();
        input.value = found.text;
        close();
        input.form.requestSubmit();
      });
      return item;
    }
    function show(found) {
      list.replaceChildren(...found.map(option));
      chosen = -1;
      list.hidden = found.length === 0;
      input.setAttribute("aria-expanded", String(found.length > 0));
      input.removeAttribute("aria-activedescendant");
    }
    async function ask() {
      if (asked) asked.abort();
      const text = typed.trim();
      if (!text) { close(); return; }
      asked = new AbortController();
      try {
        const answer = await fetch(input.dataset.suggest + "?q=" + encodeURIComponent(text.slice(0, 60)),
          { signal: asked.signal, headers: { Accept: "application/json" } });
        const found = answer.ok ? await answer.json() : [];
        if (typed.trim() === text && document.activeElement === input) show(found);
      } catch { /* the box works without completions */ }
    }

    input.addEventListener("input", (event) => {
      if (event.isComposing) return; // half-typed pinyin is no query
      typed = input.value;
      clearTimeout(timer);
      timer = setTimeout(ask, WAIT);
    });
    input.addEventListener("compositionend", () => {
      typed = input.value;
      clearTimeout(timer);
      timer = setTimeout(ask, WAIT);
    });
    input.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      const count = list.children.length;
      if (event.key === "ArrowDown" && list.hidden && input.value.trim()) {
        event.preventDefault();
        typed = input.value;
        ask();
      } else if (list.hidden) {
        return;
      } else if (event.key === "ArrowDown") {
        event.preventDefault();
        choose(chosen + 1 >= count ? -1 : chosen + 1);
      } else if (event.key === "ArrowUp") {
        event.preventDefault();
        choose(chosen < 0 ? count - 1 : chosen - 1);
      } else if (event.key === "Escape") {
        event.preventDefault();
        event.stopPropagation();
        choose(-1);
        close();
      } else if (event.key === "Tab" || event.key === "Enter") {
        close();
      }
    });
    input.addEventListener("blur", close);
  }

  document.querySelectorAll("input[data-suggest]").forEach(equip);
})();
