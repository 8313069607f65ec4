// Posting a need: while the text is typed or pasted, shows beside it what was understood so far.
// <form data-understand="address" data-understand-into="#id"> with <textarea name="text">: the text is posted
// to the address (field "text", CSRF in the header) and the HTML that comes back stands in the element of that id.
// Without JavaScript the button "understand" of the form does the same with a page load.
(function () {
  "use strict";
  const PAUSE = 450;
  const SHORTEST = 6;

  function begin(form) {
    if (form.dataset.ready) return;
    form.dataset.ready = "1";
    const text = form.querySelector('textarea[name="text"]');
    const into = document.querySelector(form.dataset.understandInto);
    const token = document.querySelector('meta[name="csrf-token"]');
    if (!text || !into) return;
    into.setAttribute("aria-live", "polite");
    let timer = 0, asked = null, last = text.value.trim();

    async function understand() {
      const now = text.value.trim();
      if (now === last) return;
      last = now;
      if (asked) asked.abort();
      if (now.length < SHORTEST) { into.replaceChildren(); return; }
      asked = new AbortController();
      into.setAttribute("aria-busy", "true");
      try {
        const answer = await fetch(form.dataset.understand, {
          method: "POST",
          body: new URLSearchParams({ text: now }),
          headers: { "X-CSRFToken": token ? token.content : "", "HX-Request": "true", Accept: "text/html" },
          credentials: "same-origin",
          signal: asked.signal,
        });
        // 422 comes with words for the reader; anything else is left to the button, which always works
        if (answer.ok || answer.status === 422) {
          into.innerHTML = await answer.text();
          if (window.htmx) window.htmx.process(into);
        }
      } catch { /* a newer text has overtaken this one, or the network is away */ } finally {
        into.removeAttribute("aria-busy");
      }
    }
    const soon = (pause) => { clearTimeout(timer); timer = setTimeout(understand, pause); };
    text.addEventListener("input", () => soon(PAUSE));
    text.addEventListener("paste", () => soon(0));

    const count = form.querySelector("[data-count]");
    if (count) {
      const show = () => { count.textContent = `${Array.from(text.value).length} / ${text.maxLength > 0 ? text.maxLength : ""}`; };
      text.addEventListener("input", show);
      show();
    }
    // Ctrl or Command with Enter sends what the form's first button would
    text.addEventListener("keydown", (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit(); });
  }
  const start = () => document.querySelectorAll("form[data-understand]").forEach(begin);
  start();
  document.body.addEventListener("htmx:afterSettle", start);
})();
