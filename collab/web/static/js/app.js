// What makes the pages quicker to use. Every page works without it.
(function () {
  "use strict";
  const words = document.body.dataset;
  const all = (selector, within) => Array.from((within || document).querySelectorAll(selector));
  const remember = (key, value) => { try { localStorage.setItem(key, value); } catch { /* private mode */ } };
  const remembered = (key) => { try { return localStorage.getItem(key); } catch { return null; } };

  /* flashes can be put away; problems take the focus */
  function dismissable(flash) {
    if (flash.dataset.ready) return;
    flash.dataset.ready = "1";
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "×";
    button.setAttribute("aria-label", words.dismissLabel);
    button.addEventListener("click", () => flash.remove());
    flash.append(button);
  }

  /* tables: density of the reader's choice, rows by arrow keys */
  function density(within) {
    const apply = () => {
      const compact = remembered("oe-density") === "compact";
      if (remembered("oe-density")) all("[data-table]").forEach((t) => t.classList.toggle("oe-compact", compact));
      all("[data-density]").forEach((b) => { b.textContent = compact ? b.dataset.comfortable : b.dataset.compact; });
    };
    all("[data-density]", within).forEach((button) => {
      if (button.dataset.ready) return;
      button.dataset.ready = "1";
      button.hidden = false;
      button.addEventListener("click", () => {
        remember("oe-density", remembered("oe-density") === "compact" ? "comfortable" : "compact");
        apply();
      });
    });
    apply();
  }
  function moveInTable(event) {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const row = event.target.closest && event.target.closest("[data-table] tbody tr");
    if (!row || event.target.closest("input, select, textarea")) return;
    const next = event.key === "ArrowDown" ? row.nextElementSibling : row.previousElementSibling;
    const link = next && next.querySelector("a, button");
    if (link) { event.preventDefault(); link.focus(); }
  }

  /* confirm: a dialog in our own words before a form that cannot be taken back */
  function ask(form, submitter) {
    const dialog = document.createElement("dialog");
    dialog.className = "oe-dialog";
    const text = document.createElement("p");
    text.id = "oe-ask";
    text.textContent = form.dataset.confirm;
    const actions = document.createElement("div");
    actions.className = "oe-actions";
    const button = (label, style, act) => {
      const b = document.createElement("button");
      b.type = "button"; b.className = "btn " + style; b.textContent = label;
      b.addEventListener("click", act);
      actions.append(b);
    };
    button(words.cancelLabel, "btn-secondary", () => dialog.close());
    button(form.dataset.confirmLabel || words.okLabel, "btn-primary", () => {
      form.dataset.confirmed = "1";
      dialog.close();
      form.requestSubmit(submitter || undefined);
    });
    dialog.setAttribute("aria-labelledby", "oe-ask");
    dialog.append(text, actions);
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  }
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.confirm && !form.dataset.confirmed) {
      event.preventDefault();
      event.stopImmediatePropagation();
      ask(form, event.submitter);
      return;
    }
    delete form.dataset.confirmed;
    // A second press of the same button would post twice; it wakes up again when the answer is on this page.
    if (form.method === "post" && event.submitter && !form.hasAttribute("hx-post")) {
      const pressed = event.submitter;
      setTimeout(() => { if (!event.defaultPrevented) pressed.disabled = true; }, 0);
      setTimeout(() => { pressed.disabled = false; }, 8000);
    }
  }, true);
  window.addEventListener("pageshow", () => all("button[type=submit]:disabled").forEach((b) => { b.disabled = false; }));

  /* menus close on Escape and on a click elsewhere; "/" goes to the search box */
  const typing = (el) => el.closest && el.closest("input, textarea, select, [contenteditable]");
  document.addEventListener("click", (event) => {
    all("[data-menu][open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      all("[data-menu][open]").forEach((menu) => { menu.open = false; menu.querySelector("summary").focus(); });
    } else if (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !typing(event.target)) {
      const box = document.querySelector("main [data-find]") || document.getElementById("find");
      if (box) { event.preventDefault(); box.focus(); box.select(); }
    }
    moveInTable(event);
  });

  /* theme: follow the system, light, dark */
  function themeSwitch() {
    const next = { auto: "light", light: "dark", dark: "auto" };
    all("[data-theme-switch]").forEach((button) => {
      const show = () => { button.textContent = button.dataset[window.oeTheme.current()]; };
      button.hidden = false;
      button.addEventListener("click", () => { window.oeTheme.choose(next[window.oeTheme.current()]); show(); });
      show();
    });
  }

  /* htmx: the CSRF token goes with every request; a failed one says so */
  document.body.addEventListener("htmx:configRequest", (event) => {
    const token = document.querySelector('meta[name="csrf-token"]');
    if (token && event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = token.content;
  });

  /* questions can be copied */
  function copies(button) {
    if (button.dataset.ready || !navigator.clipboard) return;
    button.dataset.ready = "1";
    button.hidden = false;
    const label = button.textContent;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = button.dataset.done;
      setTimeout(() => { button.textContent = label; }, 2000);
    });
  }

  function ready(within) {
    all("[data-copy]", within).forEach(copies);
    all("[data-flash]", within).forEach(dismissable);
    density(within);
    all("[data-print]", within).forEach((b) => { b.hidden = false; b.addEventListener("click", () => window.print()); });
    const focus = within.querySelector("[data-focus]");
    if (focus) focus.focus();
  }
  if (matchMedia("(max-width: 61.99rem)").matches) all("[data-facets]").forEach((f) => { f.open = false; });
  themeSwitch();
  ready(document);
  document.body.addEventListener("htmx:afterSwap", (event) => ready(event.detail.elt));
})();
