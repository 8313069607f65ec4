// The time slider: makes a slider with a play button of the form's choice of days. While it moves, the picture follows
// in place; where it comes to rest, the address says the day and the tables are read anew.
(function () {
  "use strict";
  const PACE = 900; // milliseconds a day stands while playing

  class Times {
    constructor(form) {
      this.form = form;
      this.select = form.querySelector("select");
      this.options = [...this.select.options];
      this.picture = document.querySelector("[data-network]").oePicture;
      this.build();
      this.tell();
    }

    build() {
      const { play, label } = this.form.dataset;
      this.range = Object.assign(document.createElement("input"), { type: "range", className: "form-range", min: 0, max: this.options.length - 1, step: 1 });
      this.range.setAttribute("aria-label", label);
      this.range.value = this.select.selectedIndex;
      this.words = document.createElement("output");
      this.button = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-secondary btn-sm", textContent: play });
      this.form.querySelectorAll("label, button").forEach((part) => { part.hidden = true; });
      this.form.append(this.button, this.range, this.words);
      this.range.addEventListener("input", () => this.draw());
      this.range.addEventListener("change", () => this.rest());
      this.button.addEventListener("click", () => (this.timer ? this.stop() : this.play()));
    }

    get option() { return this.options[Number(this.range.value)]; }

    tell() {
      this.words.textContent = this.option.textContent;
      this.range.setAttribute("aria-valuetext", this.option.textContent);
    }

    draw() {
      this.tell();
      clearTimeout(this.soon);
      this.soon = setTimeout(() => this.picture.load(this.option.dataset.src, true), 60);
    }

    rest() {
      this.select.selectedIndex = Number(this.range.value);
      this.form.submit();
    }

    play() {
      this.button.textContent = this.form.dataset.stop;
      if (Number(this.range.value) === this.options.length - 1) { this.range.value = 0; this.draw(); }
      this.timer = setInterval(() => {
        if (Number(this.range.value) >= this.options.length - 1) { this.stop(); return; }
        this.range.value = Number(this.range.value) + 1;
        this.draw();
      }, PACE);
    }

    stop() {
      clearInterval(this.timer);
      this.timer = 0;
      this.button.textContent = this.form.dataset.play;
      this.rest();
    }
  }

  document.querySelectorAll("[data-net-time]").forEach((form) => new Times(form));
})();
