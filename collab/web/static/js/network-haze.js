// Thousands of ties at once: their ink is added up pixel by pixel, which is ten to thirty times quicker than
// stroking them and shows by its depth where many run together.
(function () {
  "use strict";
  const PIECES = 6; // straight pieces of a curve
  const FULL = 0.42; // where most ties run together; fewer are lighter by the logarithm of their number

  class Ink {
    constructor(width, height) { Object.assign(this, { width, height, sums: new Uint16Array(width * height) }); }

    /** A line one pixel wide, shared between the two pixels it passes between. */
    line(x0, y0, x1, y1) {
      const { width, height, sums } = this;
      const steps = Math.ceil(Math.max(Math.abs(x1 - x0), Math.abs(y1 - y0)));
      if (!steps || Math.max(x0, x1) < 1 || Math.max(y0, y1) < 1 || Math.min(x0, x1) > width - 2 || Math.min(y0, y1) > height - 2) return;
      const dx = (x1 - x0) / steps, dy = (y1 - y0) / steps, beside = Math.abs(dx) > Math.abs(dy) ? width : 1;
      for (let i = 0, x = x0, y = y0; i < steps; i++, x += dx, y += dy) {
        if (x < 1 || y < 1 || x >= width - 2 || y >= height - 2) continue;
        const at = (y | 0) * width + (x | 0), far = ((beside === 1 ? x - (x | 0) : y - (y | 0)) * 64) | 0;
        sums[at] += 64 - far;
        sums[at + beside] += far;
      }
    }

    curve([x0, y0, cx, cy, x1, y1], scale) {
      let px = x0 * scale, py = y0 * scale;
      for (let i = 1; i <= PIECES; i++) {
        const u = i / PIECES, v = 1 - u;
        const x = (v * v * x0 + 2 * u * v * cx + u * u * x1) * scale, y = (v * v * y0 + 2 * u * v * cy + u * u * y1) * scale;
        this.line(px, py, x, y);
        px = x; py = y;
      }
    }

    /** The ink as a picture in one colour ("#rrggbb"); `alpha` is the most that a single line gets. */
    picture(colour, alpha) {
      const image = new ImageData(this.width, this.height), dots = new Uint32Array(image.data.buffer);
      const part = (i) => parseInt(colour.slice(i, i + 2), 16);
      const rgb = (part(5) << 16) | (part(3) << 8) | part(1);
      const most = this.sums.reduce((a, b) => Math.max(a, b), 64);
      const tone = new Uint8Array(65536).map((_, sum) => 255 * Math.min(alpha * sum / 64, FULL * Math.log1p(sum / 64) / Math.log1p(most / 64)));
      this.sums.forEach((sum, i) => { if (sum) dots[i] = (tone[sum] << 24) | rgb; });
      return image;
    }
  }

  /** Draws curves [x0, y0, cx, cy, x1, y1] as haze; style: {stroke: "#rrggbb", alpha}. */
  function haze(context, list, style) {
    const { width, height } = context.canvas, scale = context.getTransform().a;
    const ink = new Ink(width, height);
    for (const one of list) ink.curve(one, scale);
    const sheet = document.createElement("canvas");
    Object.assign(sheet, { width, height });
    sheet.getContext("2d").putImageData(ink.picture(style.stroke, style.alpha ?? 1), 0, 0);
    context.save();
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.globalAlpha = 1;
    context.drawImage(sheet, 0, 0);
    context.restore();
  }

  window.oeNetwork = Object.assign(window.oeNetwork || {}, { haze });
})();
