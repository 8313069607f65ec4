// The network picture: reads the drawing data, lets the reader look around, and hands out PNG and SVG.
// Positions come from the server. The table beside the picture says the same for readers without it.
(function () {
  "use strict";
  const FOOT = 60; // pixels below an exported picture, for its sentence and legend
  const { CanvasPen, SvgPen, scene, paint, shape, ramp, clamp } = window.oeNetwork;

  function inks() {
    const css = getComputedStyle(document.documentElement);
    const v = (name) => css.getPropertyValue(`--oe-${name}`).trim();
    const dark = v("bg").startsWith("#0");
    return {
      bg: v("bg"), ink: v("ink"), region: v("ink-3"), area: v("sunken"), edge: v("line"), inner: v("ink-2"),
      gain: dark ? "#4cc38a" : "#18794e", loss: dark ? "#ff8b7b" : "#b42318", tie: v("action"), action: v("action"), light: v("light"), faint: v("line-strong"), plain: v("action"),
      ramp: dark ? ["#2c5563", "#3fb2cf", "#e6f7ff"] : ["#a9d9e6", "#1789b0", "#2a2384"],
      font: v("sans") || "sans-serif",
    };
  }

  class Picture {
    constructor(figure) {
      this.figure = figure;
      this.canvas = figure.querySelector("canvas");
      this.context = this.canvas.getContext("2d");
      this.card = figure.querySelector("[data-net-card]");
      this.widths = new Map();
      this.chosen = null;
      this.ink = inks();
      this.scene = scene({});
      this.sheet = new window.oeNetwork.Sheet();
      this.bindPointer();
      this.bindKeys();
      this.bindTools();
      new ResizeObserver(() => this.resize()).observe(this.canvas.parentElement);
      document.documentElement.addEventListener("oe:theme", () => { setTimeout(() => { this.ink = inks(); this.legend(); this.draw(); }, 60); });
    }

    /** Reads and shows a drawing; `still` keeps the view where it is. */
    async load(address, still) {
      const turn = this.turn = (this.turn || 0) + 1;
      this.figure.classList.add("is-loading");
      try {
        const answer = await fetch(address, { headers: { Accept: "application/json" }, credentials: "same-origin" });
        if (!answer.ok) throw new Error(String(answer.status));
        const data = await answer.json();
        if (turn === this.turn) this.show(data, still);
      } catch {
        if (turn === this.turn) this.say(this.figure.dataset.failed);
      } finally {
        if (turn === this.turn) this.figure.classList.remove("is-loading");
      }
    }

    show(data, still) {
      this.data = data;
      this.scene = scene(data);
      this.figure.classList.toggle("is-empty", !this.scene.nodes.length && !this.scene.regions.length);
      this.chosen = null;
      this.say(this.scene.sentence);
      this.legend();
      this.suggest();
      this.resize(!still);
      this.figure.dataset.drawn = String(this.scene.nodes.length + this.scene.regions.length);
    }

    say(words) { this.figure.querySelector("[data-net-sentence]").textContent = words || ""; }

    /* ---- view ---- */
    resize(refit) {
      const { clientWidth: width, clientHeight: height } = this.canvas.parentElement;
      if (!width || !height) return;
      const ratio = Math.min(window.devicePixelRatio || 1, 2);
      const isNew = !this.view || refit === true;
      Object.assign(this.canvas, { width: width * ratio, height: height * ratio });
      this.ratio = ratio;
      const old = this.view;
      this.view = this.fitted(width, height);
      if (!isNew && old && old.k !== old.fit) Object.assign(this.view, { k: old.k, x: old.x, y: old.y });
      this.draw();
    }

    fitted(width, height) {
      const [x0, y0, x1, y1] = this.scene.box;
      const pad = Math.min(44, width * 0.06), w = x1 - x0 || 1, h = y1 - y0 || 1;
      const k = Math.min((width - 2 * pad) / w, (height - 2 * pad - 10) / h);
      const unit = clamp(1.3, Math.sqrt((width * height) / (this.scene.nodes.length + 1)) / 11, 6.5);
      return { width, height, k, fit: k, unit, x: (width - k * (x0 + x1)) / 2, y: (height - k * (y0 + y1)) / 2 + 6 };
    }

    zoom(factor, x = this.view.width / 2, y = this.view.height / 2) {
      const v = this.view, k = clamp(v.fit * 0.6, v.k * factor, v.fit * 60), f = k / v.k;
      Object.assign(v, { k, x: x - (x - v.x) * f, y: y - (y - v.y) * f });
      this.settle();
    }

    pan(dx, dy) { this.view.x += dx; this.view.y += dy; this.settle(); }

    /** While the picture moves, what is painted already is moved; 140 ms after the last move it is painted anew. */
    settle() {
      this.view.moving = true;
      this.draw(true);
      clearTimeout(this.rest);
      this.rest = setTimeout(() => { this.view.moving = false; this.draw(true); }, 140);
    }

    frame(item, share) {
      const v = this.view, k = item.r ? (share * Math.min(v.width, v.height)) / (2 * item.r) : Math.max(v.k, v.fit * 2.5);
      Object.assign(v, { k, x: v.width / 2 - item.x * k, y: v.height / 2 - item.y * k });
      this.settle();
    }

    reset() { this.chosen = null; this.view = this.fitted(this.view.width, this.view.height); this.inform(); this.draw(); }

    width(words, size, weight) {
      const key = `${weight}${words}`;
      if (!this.widths.has(key)) {
        this.context.font = `${weight} 100px ${this.ink.font}`;
        this.widths.set(key, this.context.measureText(words).width / 100);
      }
      return this.widths.get(key) * size;
    }

    focus() {
      const path = this.scene.path, pick = this.chosen;
      if (pick && pick.near) {
        return { nodes: new Set([pick.key, ...pick.near]), centre: pick.key, links: new Set(this.scene.links.filter((l) => l.a === pick || l.b === pick)) };
      }
      if (path.length < 2) return null;
      const pairs = new Set(path.slice(1).flatMap((key, i) => [`${path[i]}\n${key}`, `${key}\n${path[i]}`]));
      return { nodes: new Set(path), strong: true, links: new Set(this.scene.links.filter((l) => pairs.has(`${l.a.key}\n${l.b.key}`))) };
    }

    /** Asks for a frame; `same` says that only the place or the scale of the view has changed. */
    draw(same) {
      if (!same) this.sheet.stale = true;
      if (this.asked || !this.view) return;
      this.asked = requestAnimationFrame(() => {
        this.asked = 0;
        this.sheet.show(this.context, this.view, this.ratio, (context, view) =>
          paint(new CanvasPen(context), this.scene, view, this.ink, this.focus(), (...a) => this.width(...a)));
        this.figure.dataset.frames = String(Number(this.figure.dataset.frames || 0) + 1);
      });
    }

    /* ---- reading ---- */
    hit(x, y) {
      const v = this.view, gap = (d, r) => Math.hypot(d.x * v.k + v.x - x, d.y * v.k + v.y - y) - r;
      let best = null, near = 12;
      for (const d of this.scene.nodes) {
        const far = gap(d, d.pr);
        if (far < near) { near = far; best = d; }
      }
      if (best && near < 6) return best;
      return this.scene.regions.findLast((d) => gap(d, (d.r || 0) * v.k) < 0) || best; // inner areas come last and lie on top
    }

    choose(item) {
      if (item && item.near) { this.chosen = item; this.inform(item); this.draw(); return; }
      if (item) { this.inform(item); if (item.src) this.load(item.src); else this.frame(item, 0.86); return; }
      this.chosen = null; this.inform(); this.draw();
    }

    inform(item) {
      const card = this.card;
      card.replaceChildren();
      card.hidden = !item;
      if (!item) return;
      const line = (tag, words) => { const el = document.createElement(tag); el.textContent = words; card.append(el); return el; };
      line("b", item.label);
      const kind = item.near ? this.kindWord(item.kind) : "";
      const region = item.region && this.scene.at.get(item.region);
      line("span", [kind, region && region.label, item.count].filter((w) => w !== undefined && w !== "" && w).join(" · "));
      if (Number.isFinite(item.value)) line("span", `${this.figure.dataset.metric}: ${Number(item.value.toPrecision(4))}`);
      if (item.near && item.near.size) line("span", this.figure.dataset.ties.replace("{n}", item.near.size));
      if (item.url) { const a = line("a", this.figure.dataset.open); a.href = item.url; }
    }

    kindWord(kind) { try { return JSON.parse(this.figure.dataset.kinds || "{}")[kind] || kind || ""; } catch { return kind || ""; } }

    suggest() {
      const list = this.figure.querySelector("datalist");
      if (!list) return;
      list.replaceChildren(...this.scene.ranked.slice(0, 400).map((d) => { const o = document.createElement("option"); o.value = d.label; return o; }));
    }

    find(words) {
      const wanted = words.trim().toLowerCase();
      if (!wanted) return;
      const score = (d) => { const l = String(d.label).toLowerCase(); return l === wanted ? 0 : l.startsWith(wanted) ? 1 : l.includes(wanted) ? 2 : 9; };
      const found = [...this.scene.ranked, ...this.scene.regions].map((d, i) => [score(d), i, d]).filter(([s]) => s < 9).sort((p, q) => p[0] - q[0] || p[1] - q[1])[0];
      if (!found) { this.say(this.figure.dataset.nothing); location.assign(this.figure.dataset.finds + encodeURIComponent(words.trim())); return; }
      if (found[2].near) this.frame(found[2]);
      this.choose(found[2]);
    }

    /* ---- hands ---- */
    bindPointer() {
      const canvas = this.canvas, fingers = new Map();
      let moved = 0;
      const place = (e) => { const box = canvas.getBoundingClientRect(); return [e.clientX - box.left, e.clientY - box.top]; };
      canvas.addEventListener("wheel", (e) => {
        if (!e.ctrlKey && !this.figure.contains(document.activeElement)) return; // the page scrolls until the picture is asked
        e.preventDefault();
        this.zoom(Math.exp(-e.deltaY * (e.ctrlKey ? 0.01 : 0.0016)), ...place(e));
      }, { passive: false });
      canvas.addEventListener("pointerdown", (e) => { canvas.setPointerCapture(e.pointerId); fingers.set(e.pointerId, place(e)); moved = 0; });
      canvas.addEventListener("pointermove", (e) => {
        const here = place(e), was = fingers.get(e.pointerId);
        if (!was) { this.hover(here); return; }
        const other = [...fingers].find(([id]) => id !== e.pointerId);
        if (other) {
          const span = (p) => Math.hypot(p[0] - other[1][0], p[1] - other[1][1]) || 1;
          this.zoom(span(here) / span(was), (here[0] + other[1][0]) / 2, (here[1] + other[1][1]) / 2);
        } else this.pan(here[0] - was[0], here[1] - was[1]);
        moved += Math.abs(here[0] - was[0]) + Math.abs(here[1] - was[1]);
        fingers.set(e.pointerId, here);
      });
      canvas.addEventListener("pointerup", (e) => {
        const here = place(e);
        if (fingers.delete(e.pointerId) && moved < 5) this.choose(this.hit(...here));
      });
      canvas.addEventListener("pointercancel", (e) => fingers.delete(e.pointerId));
      canvas.addEventListener("dblclick", (e) => { const d = this.hit(...place(e)); if (d && d.url) location.assign(d.url); else this.zoom(2, ...place(e)); });
    }

    hover([x, y]) {
      const item = this.hit(x, y);
      this.canvas.style.cursor = item ? "pointer" : "grab";
      this.canvas.title = item ? item.label : "";
    }

    bindKeys() {
      const moves = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };
      this.canvas.addEventListener("keydown", (e) => {
        if (moves[e.key]) this.pan(...moves[e.key]);
        else if (e.key === "+" || e.key === "=") this.zoom(1.4);
        else if (e.key === "-") this.zoom(1 / 1.4);
        else if (e.key === "0" || e.key === "Escape") this.reset();
        else return;
        e.preventDefault();
      });
    }

    bindTools() {
      const acts = { in: () => this.zoom(1.5), out: () => this.zoom(1 / 1.5), all: () => this.reset(), png: () => this.png(), svg: () => this.svg() };
      this.figure.querySelectorAll("[data-net-act]").forEach((b) => b.addEventListener("click", acts[b.dataset.netAct]));
      const form = this.figure.querySelector("[data-net-find]");
      if (form) form.addEventListener("submit", (e) => { e.preventDefault(); this.find(new FormData(form).get("find")); });
      this.figure.querySelector("[data-net-bar]").hidden = false;
    }

    legend() {
      const place = this.figure.querySelector("[data-net-legend]"), s = this.scene;
      const svg = (inner, w) => { const d = document.createElement("span"); d.innerHTML = `<svg width="${w}" height="16" viewBox="0 0 ${w} 16" aria-hidden="true">${inner}</svg>`; return d.firstChild; };
      const item = (drawing, words) => { const li = document.createElement("li"); li.append(drawing, words); return li; };
      const kinds = [...new Set(s.nodes.map((d) => d.kind))].filter(Boolean).sort();
      const items = kinds.map((kind) => { const pen = new SvgPen(); shape(pen, kind, 8, 8, 4.6, { fill: this.ink.plain }); return item(svg(pen.parts.join(""), 16), this.kindWord(kind)); });
      if (s.regions.length && (!s.nodes.length || s.lone)) {
        const dot = (x, r, t) => `<circle cx="${x}" cy="8" r="${r}" fill="${ramp(this.ink.ramp, t)}" fill-opacity=".4"/>`;
        items.push(item(svg(dot(6, 3, 0.5) + dot(20, 7, 0.5), 28), this.figure.dataset.regions));
      }
      for (const mark of ["gain", "loss"]) {
        if (!s.links.some((l) => l.mark === mark)) continue;
        items.push(item(svg(`<line x1="1" y1="8" x2="25" y2="8" stroke="${this.ink[mark]}" stroke-width="3"${mark === "loss" ? ' stroke-dasharray="7 5"' : ""}/>`, 26), this.figure.dataset[mark]));
      }
      if (s.high > s.low) {
        const bars = Array.from({ length: 24 }, (_, i) => `<rect x="${i * 3}" y="4" width="3.2" height="8" fill="${ramp(this.ink.ramp, i / 23)}"/>`).join("");
        items.push(item(svg(bars, 72), `${this.figure.dataset.metric} ${Number(s.low.toPrecision(3))} – ${Number(s.high.toPrecision(3))}`));
      }
      place.replaceChildren(...items);
    }

    /* ---- for the slide ---- */
    save(blob, extension) {
      const a = document.createElement("a");
      a.href = URL.createObjectURL(blob);
      a.download = `oe-network.${extension}`;
      a.click();
      setTimeout(() => URL.revokeObjectURL(a.href), 1000);
    }

    /** Paints the picture with its sentence and legend below. */
    whole(pen) {
      const measure = (...a) => this.width(...a), short = (v) => Number(v.toPrecision(3));
      paint(pen, this.scene, { ...this.view, moving: false }, this.ink, this.focus(), measure);
      const words = { kind: (k) => this.kindWord(k), metric: this.figure.dataset.metric, regions: this.figure.dataset.regions, low: short(this.scene.low), high: short(this.scene.high) };
      window.oeNetwork.caption(pen, this.scene, this.view.height, this.ink, words, measure);
    }

    png() {
      const copy = document.createElement("canvas"), c = copy.getContext("2d"), height = this.view.height + FOOT;
      Object.assign(copy, { width: this.view.width * 2, height: height * 2 });
      c.scale(2, 2);
      c.fillStyle = this.ink.bg;
      c.fillRect(0, 0, this.view.width, height);
      this.whole(new CanvasPen(c));
      copy.toBlob((blob) => this.save(blob, "png"));
    }

    svg() {
      const pen = new SvgPen();
      this.whole(pen);
      this.save(new Blob([pen.toString(this.view.width, this.view.height + FOOT, this.ink.bg, this.scene.sentence)], { type: "image/svg+xml" }), "svg");
    }
  }

  function start(within) {
    within.querySelectorAll("[data-network]").forEach((figure) => {
      if (figure.oePicture) return;
      figure.oePicture = new Picture(figure);
      figure.oePicture.load(figure.dataset.network);
    });
  }
  start(document);
  document.body.addEventListener("htmx:afterSettle", () => start(document));
})();
