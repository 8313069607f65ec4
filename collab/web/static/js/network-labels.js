// Names on the network picture: the ones that matter first, none over another, the rest as the reader comes closer.
(function () {
  "use strict";
  const CLOSE = 22; // pixels of radius from which an area inside another is named among its organisations; somewhat earlier among areas alone
  const { clamp } = window.oeNetwork;

  class Room {
    constructor(cell) { this.cell = cell; this.map = new Map(); }
    #keys(box) {
      const keys = [];
      for (let i = Math.floor(box[0] / this.cell); i <= Math.floor(box[2] / this.cell); i++) {
        for (let j = Math.floor(box[1] / this.cell); j <= Math.floor(box[3] / this.cell); j++) keys.push(i * 65536 + j);
      }
      return keys;
    }
    isFree(box, own) {
      return this.#keys(box).every((k) => (this.map.get(k) || []).every((b) => b.own === own && own !== undefined
        || b[2] <= box[0] || b[0] >= box[2] || b[3] <= box[1] || b[1] >= box[3]));
    }
    take(box, own) {
      if (own !== undefined) box.own = own;
      for (const k of this.#keys(box)) { const list = this.map.get(k); if (list) list.push(box); else this.map.set(k, [box]); }
    }
  }

  /** Where an area is named: inside a mark that is large enough, else on its upper edge. */
  function regionLabel(d, bare, width) {
    const change = (d.gained ? `  +${d.gained}` : "") + (d.lost ? `  −${d.lost}` : "");
    const words = (d.count === undefined ? d.label : `${d.label}  ${d.count}`) + change;
    const size = clamp(11, 11 + d.pr / 28, 16), half = width(words, size, 600) / 2 + 3;
    const y = bare && d.leaf && d.pr > half * 0.8 ? d.py : d.py - d.pr - size * (d.leaf ? 0.35 : 0.2);
    return { words, size, y, box: [d.px - half, y - size * 0.7, d.px + half, y + size * 0.7] };
  }

  function paintRegionLabels(pen, s, view, ink, focus, width, room, discs) {
    const bare = s.nodes.length === 0 || s.lone;
    const rank = (d) => (d.gained || d.lost ? 2e9 : 0) + (d.parent ? 0 : 1e9) + (d.count || 0);
    for (const d of [...s.regions].sort((p, q) => rank(q) - rank(p))) {
      if (d.parent && !(d.gained || d.lost) && d.pr < (bare ? CLOSE * 0.65 : CLOSE)) continue;
      const { words, size, y, box } = regionLabel(d, bare, width);
      if (box[2] < 0 || box[0] > view.width || !room.isFree(box)) continue;
      if (!bare && d.parent && !discs.isFree(box)) continue;
      room.take(box);
      pen.text(words, d.px, y, { size, weight: 600, fill: d.lost ? ink.loss : d.gained ? ink.gain : ink.region, halo: ink.bg, align: "center", font: ink.font, alpha: focus ? 0.55 : 1 });
    }
  }

  function paintLabels(pen, s, view, ink, focus, width) {
    const room = new Room(48), discs = new Room(48);
    const inner = view.inner || [0, 0, view.width, view.height]; // the window, where more is painted than is seen
    const isIn = (d) => d.px > inner[0] && d.px < inner[2] && d.py > inner[1] && d.py < inner[3];
    const seen = s.ranked.filter((d) => d.px > -20 && d.px < view.width + 20 && d.py > -20 && d.py < view.height + 20);
    if (seen.length < 2500) seen.forEach((d) => discs.take([d.px - d.pr, d.py - d.pr, d.px + d.pr, d.py + d.pr], d.key));
    paintRegionLabels(pen, s, view, ink, focus, width, room, discs);
    const zoom = view.k / view.fit, area = (inner[2] - inner[0]) * (inner[3] - inner[1]);
    const budget = Math.round(clamp(12, area / 26000, 46) * zoom * zoom);
    const within = seen.filter(isIn);
    const wide = inner[2] - inner[0], roomy = wide > 600;
    const dear = new Set(within.slice(0, Math.round(clamp(3, wide / 90, 14)))); // may lie on small nodes where there is room
    const place = (d, edges) => {
      const bold = focus ? focus.centre === d.key : dear.has(d) || d.mark;
      const size = clamp(11, 10.5 + d.pr / 5, 14), w = width(d.label, size, bold ? 600 : 400), gap = d.pr + (d.mark ? 9 : 4);
      const places = [[gap, 0, "left"], [-gap, 0, "right"], [0, -gap - size * 0.55, "center"], [0, gap + size * 0.55, "center"]];
      for (const [dx, dy, align] of places) {
        const x = d.px + dx, y = d.py + dy, from = align === "left" ? x : align === "right" ? x - w : x - w / 2;
        const box = [from - 2, y - size * 0.68, from + w + 2, y + size * 0.68];
        if (box[0] < edges[0] + 2 || box[2] > edges[2] - 2 || !room.isFree(box)) continue;
        if (!focus && !(dear.has(d) && roomy) && !d.mark && !discs.isFree(box, d.key)) continue;
        room.take(box);
        pen.text(d.label, x, y, { size, weight: bold ? 600 : 400, fill: ink.ink, halo: ink.bg, align, font: ink.font });
        return 1;
      }
      return 0;
    };
    const some = (list, most, edges) => { for (const d of list) { if (most <= 0) return; most -= place(d, edges); } };
    if (focus) { some(seen.filter((d) => focus.nodes.has(d.key)), 80, [0, 0, view.width, 0]); return; }
    some(within, budget, inner);
    some(seen.filter((d) => !isIn(d)), budget, [0, 0, view.width, 0]);
  }

  Object.assign(window.oeNetwork, { paintLabels });
})();
