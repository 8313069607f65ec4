// Correcting what was understood: a deleted row is struck out at once, a new empty row opens when the last one is used,
// and the words that a row was read from light up while one works in it.
// Without JavaScript the boxes and the spare rows of the page do the same with a page load.
(function () {
  "use strict";
  const MOST = 60;
  const form = document.querySelector("form[data-confirm-rows]");
  if (!form) return;

  function mark(box) {
    const row = box.closest(".oe-row");
    if (row) row.classList.toggle("is-gone", box.checked);
  }
  form.querySelectorAll("[data-remove]").forEach(mark);

  // "technique.3.id" -> "technique.4.id"
  const raised = (name, by) => name.replace(/\.(\d+)\./, (_all, n) => `.${Number(n) + by}.`);
  const place = (row) => Number((row.querySelector("[name]").name.match(/\.(\d+)\./) || [0, 0])[1]);

  function open(row) {
    row.classList.remove("is-spare");
    delete row.dataset.spare;
    const fieldset = row.closest("fieldset");
    if (fieldset.querySelector("[data-spare]") || place(row) + 1 >= MOST) return;
    const next = row.cloneNode(true);
    next.dataset.spare = "";
    next.classList.add("is-spare");
    next.querySelectorAll("[name]").forEach((control, i) => {
      control.name = raised(control.name, 1);
      if (control.tagName === "INPUT") control.value = "";
      else if (i === 0) control.value = "";
    });
    row.after(next);
  }

  // the row at-12-18 and the marks of the characters 12 to 18 show each other
  function light(row, on) {
    if (!row || !row.id.startsWith("at-")) return;
    document.querySelectorAll(`[data-at="${CSS.escape(row.id.slice(3))}"]`).forEach((mark) => {
      mark.classList.toggle("is-lit", on);
    });
  }
  for (const [event, on] of [["mouseover", true], ["mouseout", false], ["focusin", true], ["focusout", false]]) {
    form.addEventListener(event, (e) => light(e.target.closest("[id^='at-']"), on));
  }
  document.querySelectorAll(".oe-mark-link").forEach((link) => {
    link.addEventListener("click", () => {
      const row = document.getElementById(link.hash.slice(1));
      const control = row && row.querySelector("select, input:not([type=hidden])");
      if (control) setTimeout(() => control.focus({ preventScroll: true }), 0);
    });
  });

  form.addEventListener("change", (event) => {
    const target = event.target;
    if (target.matches("[data-remove]")) mark(target);
    const row = target.closest && target.closest("[data-spare]");
    if (row && target.name.endsWith(".id") && target.value) open(row);
  });
})();
