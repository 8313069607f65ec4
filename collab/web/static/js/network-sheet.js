// A sheet larger than the window, painted once and moved under it: panning costs one copy of pixels a frame,
// whatever is on the picture. A zoom stretches the sheet until it rests; then it is painted anew.
(function () {
  "use strict";
  const MARGIN = 0.4; // of the window, painted beyond each of its edges
  const MOST = 9e6; // pixels of a sheet

  class Sheet {
    constructor() {
      this.canvas = document.createElement("canvas");
      this.stale = true;
    }

    /** Brings the view into the window; `paint(context, view)` paints a view of any size. */
    show(window_, view, ratio, paint) {
      const fresh = !this.stale && this.ratio === ratio && this.width === view.width && this.height === view.height;
      const [dx, dy, scale] = fresh ? this.#offset(view) : [0, 0, 1];
      const here = fresh && scale === 1 && Math.abs(dx) <= this.mx && Math.abs(dy) <= this.my;
      if (!here && !(fresh && view.moving && this.#covers(view, dx, dy, scale))) this.#paint(view, ratio, paint);
      this.#copy(window_, view, ratio);
    }

    /** Where the window lies now, in pixels of the view that was painted, and how much larger things are. */
    #offset(view) {
      const scale = view.k / this.k;
      return [this.x * scale - view.x, this.y * scale - view.y, scale];
    }

    /** Whether most of the window still shows something while it moves. */
    #covers(view, dx, dy, scale) {
      const w = (view.width + 2 * this.mx) * scale, h = (view.height + 2 * this.my) * scale;
      const left = -this.mx * scale - dx, top = -this.my * scale - dy;
      const seen = (a, b, size) => Math.max(0, Math.min(b, size) - Math.max(a, 0)) / size;
      return scale > 0.4 && scale < 3 && seen(left, left + w, view.width) * seen(top, top + h, view.height) > 0.85;
    }

    #paint(view, ratio, paint) {
      const room = Math.sqrt(MOST / (view.width * view.height * ratio * ratio));
      const margin = Math.max(0, Math.min(MARGIN, (room - 1) / 2));
      const mx = Math.round(view.width * margin), my = Math.round(view.height * margin);
      const w = (view.width + 2 * mx) * ratio, h = (view.height + 2 * my) * ratio;
      if (this.canvas.width !== w || this.canvas.height !== h) Object.assign(this.canvas, { width: w, height: h });
      const c = this.canvas.getContext("2d");
      c.setTransform(ratio, 0, 0, ratio, 0, 0);
      c.globalAlpha = 1;
      c.clearRect(0, 0, w, h);
      paint(c, { ...view, moving: false, x: view.x + mx, y: view.y + my, width: view.width + 2 * mx, height: view.height + 2 * my, inner: [mx, my, mx + view.width, my + view.height] });
      Object.assign(this, { ratio, mx, my, k: view.k, x: view.x, y: view.y, width: view.width, height: view.height, stale: false });
    }

    #copy(window_, view, ratio) {
      const [dx, dy, scale] = this.#offset(view);
      window_.setTransform(1, 0, 0, 1, 0, 0);
      window_.globalAlpha = 1;
      window_.clearRect(0, 0, view.width * ratio, view.height * ratio);
      const x = Math.round((-this.mx * scale - dx) * ratio), y = Math.round((-this.my * scale - dy) * ratio);
      window_.drawImage(this.canvas, x, y, this.canvas.width * scale, this.canvas.height * scale);
    }
  }

  window.oeNetwork = Object.assign(window.oeNetwork || {}, { Sheet });
})();
