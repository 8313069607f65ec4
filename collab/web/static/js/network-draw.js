// Paints the network: a scene and a view in, strokes out. The same strokes go to a canvas or to an SVG text,
// so that the picture on the slide is the picture on the screen. Knows nothing of events.
(function () {
  "use strict";
  const TAU = Math.PI * 2;
  const MANY = 400; // ties of one kind from which they are drawn as haze
  const clamp = (low, value, high) => Math.min(high, Math.max(low, value));

  /* ---- pens: where strokes go ---- */
  class CanvasPen {
    constructor(context) { this.c = context; }
    #style(s) {
      const c = this.c;
      c.globalAlpha = s.alpha ?? 1;
      c.setLineDash(s.dash || []);
      if (s.fill) { c.fillStyle = s.fill; c.fill(); }
      if (s.stroke) { c.strokeStyle = s.stroke; c.lineWidth = s.width || 1; c.stroke(); }
    }
    circle(x, y, r, s) { this.c.beginPath(); this.c.arc(x, y, r, 0, TAU); this.#style(s); }
    poly(points, s) {
      this.c.beginPath();
      points.forEach(([x, y], i) => (i ? this.c.lineTo(x, y) : this.c.moveTo(x, y)));
      this.c.closePath(); this.c.lineJoin = "round"; this.#style(s);
    }
    curves(list, s) {
      if (list.length > MANY && /^#[0-9a-f]{6}$/i.test(s.stroke)) { window.oeNetwork.haze(this.c, list, { ...s, alpha: s.alpha * s.width * 2 }); return; }
      this.c.beginPath();
      for (const [x0, y0, cx, cy, x1, y1] of list) { this.c.moveTo(x0, y0); this.c.quadraticCurveTo(cx, cy, x1, y1); }
      this.c.lineCap = "round"; this.#style(s);
    }
    text(words, x, y, s) {
      const c = this.c;
      c.globalAlpha = s.alpha ?? 1; c.setLineDash([]);
      c.font = `${s.weight || 400} ${s.size}px ${s.font}`; c.textAlign = s.align; c.textBaseline = "middle";
      c.lineJoin = "round"; c.lineWidth = 3.5; c.strokeStyle = s.halo; c.strokeText(words, x, y);
      c.fillStyle = s.fill; c.fillText(words, x, y);
    }
  }

  const escapeXml = (t) => String(t).replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c])
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, "");
  const n = (v) => Math.round(v * 100) / 100;

  class SvgPen {
    constructor() { this.parts = []; }
    #style(s) {
      return ` fill="${s.fill || "none"}"` + (s.stroke ? ` stroke="${s.stroke}" stroke-width="${s.width || 1}" stroke-linejoin="round"` : "")
        + (s.alpha !== undefined ? ` opacity="${s.alpha}"` : "") + (s.dash ? ` stroke-dasharray="${s.dash.join(" ")}"` : "");
    }
    circle(x, y, r, s) { this.parts.push(`<circle cx="${n(x)}" cy="${n(y)}" r="${n(r)}"${this.#style(s)}/>`); }
    poly(points, s) { this.parts.push(`<polygon points="${points.map(([x, y]) => `${n(x)},${n(y)}`).join(" ")}"${this.#style(s)}/>`); }
    curves(list, s) {
      if (!list.length) return;
      const d = list.map(([a, b, c, e, f, g]) => `M${n(a)} ${n(b)}Q${n(c)} ${n(e)} ${n(f)} ${n(g)}`).join("");
      this.parts.push(`<path d="${d}"${this.#style(s)} stroke-linecap="round"/>`);
    }
    text(words, x, y, s) {
      const anchor = { left: "start", right: "end", center: "middle" }[s.align];
      this.parts.push(`<text x="${n(x)}" y="${n(y)}" font-size="${s.size}" font-weight="${s.weight || 400}" font-family="${escapeXml(s.font).replace(/&quot;/g, "'")}"`
        + ` text-anchor="${anchor}" dominant-baseline="central" fill="${s.fill}" stroke="${s.halo}" stroke-width="3.5" stroke-linejoin="round" paint-order="stroke"${s.alpha !== undefined ? ` opacity="${s.alpha}"` : ""}>${escapeXml(words)}</text>`);
    }
    toString(width, height, background, title) {
      return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img"><title>${escapeXml(title)}</title>`
        + `<rect width="100%" height="100%" fill="${background}"/>${this.parts.join("\n")}</svg>`;
    }
  }

  /* ---- shape is kind ---- */
  const corners = (count, turn) => (x, y, r) => Array.from({ length: count }, (_, i) => {
    const a = turn + (i * TAU) / count;
    return [x + r * Math.cos(a), y + r * Math.sin(a)];
  });
  const star = (x, y, r) => Array.from({ length: 10 }, (_, i) => {
    const a = -Math.PI / 2 + (i * TAU) / 10, d = i % 2 ? r * 0.48 : r * 1.15;
    return [x + d * Math.cos(a), y + d * Math.sin(a)];
  });
  const POLYGONS = {
    lab: corners(4, Math.PI / 4), university: corners(4, 0), pilot_line: corners(6, 0), park: corners(3, -Math.PI / 2),
    service_partner: corners(5, -Math.PI / 2), transfer_agency: corners(3, Math.PI / 2), investor: star,
  };
  function shape(pen, kind, x, y, r, style) {
    const polygon = POLYGONS[kind];
    if (polygon) pen.poly(polygon(x, y, r * 1.16), style);
    else pen.circle(x, y, r, style);
    if (kind === "alliance" || kind === "region") pen.circle(x, y, r + 2.5, { stroke: style.mark || style.fill, width: 1.2, alpha: style.alpha });
  }

  /* ---- colour is the metric: one ramp whose lightness falls (or rises, on dark) all the way ---- */
  function mix(a, b, t) {
    const part = (hex, i) => parseInt(hex.slice(1 + 2 * i, 3 + 2 * i), 16);
    return "#" + [0, 1, 2].map((i) => Math.round(part(a, i) + (part(b, i) - part(a, i)) * t).toString(16).padStart(2, "0")).join("");
  }
  const ramp = (colours, t) => (t < 0.5 ? mix(colours[0], colours[1], t * 2) : mix(colours[1], colours[2], t * 2 - 1));

  /* ---- the scene: the data with everything that does not change with the view worked out ---- */
  function scene(data) {
    const nodes = (data.nodes || []).map((d) => ({ ...d }));
    const regions = (data.regions || []).map((d) => ({ ...d }));
    const span = (key) => nodes.reduce(([a, b], d) => (Number.isFinite(d[key]) ? [Math.min(a, d[key]), Math.max(b, d[key])] : [a, b]), [Infinity, -Infinity]);
    const [sizeLow, sizeHigh] = span("size"), [low, high] = span("value");
    const at = new Map(regions.map((d) => [d.key, d]));
    const outer = new Set(regions.map((d) => d.parent).filter(Boolean));
    regions.forEach((d) => { d.leaf = !outer.has(d.key); });
    for (const d of nodes) {
      d.s = sizeHigh > sizeLow ? Math.sqrt((d.size - sizeLow) / (sizeHigh - sizeLow)) || 0 : 0.35;
      d.t = high > low && Number.isFinite(d.value) ? (d.value - low) / (high - low) : null;
      d.near = new Set();
      at.set(d.key, d);
    }
    const links = [];
    for (const l of data.links || []) {
      const a = at.get(l.source), b = at.get(l.target);
      if (!a || !b || a === b) continue;
      if (a.near) a.near.add(b.key);
      if (b.near) b.near.add(a.key);
      links.push({ ...l, a, b, mark: l.mark || "", across: a.region !== b.region || !a.region });
    }
    const heaviest = links.reduce((w, l) => Math.max(w, l.weight || 1), 1);
    links.forEach((l) => { l.w = heaviest > 1 ? (l.weight || 1) / heaviest : 0.3; });
    const box = [...regions.map((d) => [d.x, d.y, d.r || 0]), ...nodes.map((d) => [d.x, d.y, 0])]
      .reduce((b, [x, y, r]) => [Math.min(b[0], x - r), Math.min(b[1], y - r), Math.max(b[2], x + r), Math.max(b[3], y + r)], [Infinity, Infinity, -Infinity, -Infinity]);
    if (!Number.isFinite(box[0])) box.splice(0, 4, 0, 0, 1, 1);
    const ranked = [...nodes].sort((p, q) => (p.label_rank ?? 1e9) - (q.label_rank ?? 1e9));
    const most = regions.reduce((w, d) => (d.leaf ? Math.max(w, d.count || 0) : w), 1);
    const lone = nodes.every((d) => d.mark); // nothing but what a what-if adds
    return { nodes, regions, links, at, box, ranked, low, high, most, lone, heaviest, spacing: data.spacing || 0, path: data.path || [], sentence: data.sentence || "" };
  }

  /** The radius of a node in pixels: room enough for all, never a blot. */
  function radius(node, view, spacing) {
    const wanted = view.unit * (0.75 + 1.75 * node.s) * clamp(0.8, Math.pow(view.k / view.fit, 0.45), 3.2);
    const room = spacing ? Math.max(1.4, spacing * view.k * (0.42 + 0.5 * node.s)) : wanted; // neighbours stay apart
    return node.mark ? Math.max(7, Math.min(wanted, 11)) : Math.min(wanted, room);
  }

  function curve(view, l, bend) {
    const x0 = l.a.x * view.k + view.x, y0 = l.a.y * view.k + view.y, x1 = l.b.x * view.k + view.x, y1 = l.b.y * view.k + view.y;
    return [x0, y0, (x0 + x1) / 2 - (y1 - y0) * bend, (y0 + y1) / 2 + (x1 - x0) * bend, x1, y1];
  }
  const isSeen = (c, view) => Math.max(c[0], c[4]) > 0 && Math.min(c[0], c[4]) < view.width && Math.max(c[1], c[5]) > 0 && Math.min(c[1], c[5]) < view.height;

  function paintLinks(pen, s, view, ink, focus) {
    const groups = new Map();
    for (const l of s.links) {
      const on = focus && focus.links.has(l);
      const c = curve(view, l, l.across ? 0.12 : 0.06);
      if (!isSeen(c, view)) continue;
      const key = l.mark || (on ? "on" : `${l.across ? "across" : "within"}${Math.ceil(l.w * 3)}`);
      if (!groups.has(key)) groups.set(key, []);
      groups.get(key).push(c);
    }
    const thin = clamp(0.1, 15 / Math.sqrt(s.links.length + 1), 1); // many ties: each lighter
    const late = (key) => ["on", "loss", "gain"].indexOf(key);
    for (const [key, list] of [...groups].sort(([a], [b]) => late(a) - late(b))) {
      if (key === "gain" || key === "loss") {
        pen.curves(list, { stroke: ink.bg, width: 6 });
        pen.curves(list, { stroke: ink[key], width: 3, dash: key === "loss" ? [7, 5] : undefined });
      } else if (key === "on") {
        if (focus.strong) pen.curves(list, { stroke: ink.bg, width: 7 });
        pen.curves(list, { stroke: focus.strong ? ink.light : ink.action, width: focus.strong ? 3.5 : 1.75, alpha: focus.strong ? 1 : 0.75 });
      } else {
        const width = (0.9 + 0.9 * (Number(key.slice(-1)) - 1)) * clamp(0.6, thin, 1);
        pen.curves(list, { stroke: key.startsWith("across") ? ink.tie : ink.inner, width, alpha: (focus ? 0.08 : 0.26) * thin + (s.links.length > 3000 ? 0.015 : 0.07) });
      }
    }
  }

  function paintNodes(pen, s, view, ink, focus) {
    const seen = [];
    for (const d of s.nodes) {
      const x = d.x * view.k + view.x, y = d.y * view.k + view.y;
      d.px = x; d.py = y; d.pr = radius(d, view, s.spacing);
      if (x > -30 && y > -30 && x < view.width + 30 && y < view.height + 30) seen.push(d);
    }
    for (const d of seen) {
      const x = d.px, y = d.py, r = d.pr;
      const on = !focus || focus.nodes.has(d.key);
      const fill = d.t === null ? ink.plain : ramp(ink.ramp, d.t);
      const style = { fill: on ? fill : ink.faint, stroke: ink.bg, width: r > 3 ? 1.2 : 0.6, mark: on ? fill : ink.faint };
      shape(pen, d.kind, x, y, r, style);
      if (d.mark) pen.circle(x, y, r + 5, { stroke: ink[d.mark], width: 3, dash: d.mark === "loss" ? [4, 3] : undefined });
      if (focus && focus.centre === d.key) pen.circle(x, y, r + 5, { stroke: ink.light, width: 2.5 });
    }
  }

  /** Regions alone: areas without areas inside are the marks, deeper the more organisations they hold. */
  function paintRegions(pen, s, view, ink) {
    const bare = s.nodes.length === 0 || s.lone;
    for (const d of s.regions) {
      d.px = d.x * view.k + view.x; d.py = d.y * view.k + view.y; d.pr = (d.r || 0) * view.k;
      const fill = bare && d.leaf ? mix(ink.bg, ink.ramp[1], 0.1 + 0.32 * Math.sqrt((d.count || 0) / s.most)) : ink.area;
      pen.circle(d.px, d.py, d.pr, { fill, stroke: bare && d.leaf ? mix(ink.bg, ink.ramp[1], 0.55) : ink.edge, width: 1 });
    }
  }

  /** Paints everything. focus: null or {nodes: Set of keys, links: Set, centre, strong}; width(text, size, weight) in pixels. */
  function paint(pen, s, view, ink, focus, width) {
    paintRegions(pen, s, view, ink);
    paintLinks(pen, s, view, ink, focus);
    paintNodes(pen, s, view, ink, focus);
    window.oeNetwork.paintLabels(pen, s, view, ink, focus, width);
  }

  /** The foot of an exported picture: the sentence, then shape by kind and the scale of the colour. Words: {kind, metric, low, high}. */
  function caption(pen, s, top, ink, words, width) {
    const text = (t, x, y, size) => pen.text(t, x, y, { size, fill: size > 12 ? ink.ink : ink.region, halo: ink.bg, align: "left", font: ink.font });
    text(s.sentence, 20, top + 14, 14);
    let x = 20;
    for (const kind of [...new Set(s.nodes.map((d) => d.kind))].filter(Boolean).sort()) {
      shape(pen, kind, x + 6, top + 40, 4.6, { fill: ink.plain });
      text(words.kind(kind), x + 18, top + 40, 12);
      x += 34 + width(words.kind(kind), 12, 400);
    }
    if (s.nodes.length === 0 && words.regions) text(words.regions, x, top + 40, 12);
    if (!(s.high > s.low)) return;
    for (let i = 0; i < 24; i++) pen.poly([[x + i * 3, top + 36], [x + i * 3 + 3.2, top + 36], [x + i * 3 + 3.2, top + 44], [x + i * 3, top + 44]], { fill: ramp(ink.ramp, i / 23) });
    text(`${words.metric} ${words.low} – ${words.high}`, x + 80, top + 40, 12);
  }

  window.oeNetwork = Object.assign(window.oeNetwork || {}, { CanvasPen, SvgPen, scene, paint, caption, shape, ramp, clamp });
})();
