// Correcting what was understood: a deleted row is struck out at once, and a new empty row opens when the last one is used.
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

  form.addEventListener("change", (event) => {
    const target = event.target;
    if (target.matches("[data-remove]")) mark(target);
    const row = target.closest && target.closest("[data-spare]");
    if (row && target.name.endsWith(".id") && target.value) open(row);
  });
})();
