async () => {
  // Drags the picture along a curve for 120 frames and counts how many of them were painted.
  const figure = document.querySelector("[data-network]"), canvas = figure.querySelector("canvas");
  const box = canvas.getBoundingClientRect();
  const x0 = box.left + box.width / 2, y0 = box.top + box.height / 2;
  const send = (type, x, y) =>
    canvas.dispatchEvent(new PointerEvent(type, { pointerId: 1, clientX: x, clientY: y, bubbles: true }));
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  canvas.setPointerCapture = () => {};
  const painted = Number(figure.dataset.frames), gaps = [];
  send("pointerdown", x0, y0);
  const begun = await frame();
  let last = begun;
  for (let i = 1; i <= 120; i++) {
    send("pointermove", x0 + 260 * Math.sin(i / 14), y0 + 150 * Math.sin(i / 9));
    const now = await frame();
    gaps.push(now - last);
    last = now;
  }
  send("pointerup", x0, y0);
  const scene = figure.oePicture.scene;
  return {
    shown: (1000 * (Number(figure.dataset.frames) - painted)) / (last - begun),
    slowest: Math.max(...gaps),
    what: `${scene.nodes.length || scene.regions.length} marks, ${scene.links.length} ties`,
  };
};
