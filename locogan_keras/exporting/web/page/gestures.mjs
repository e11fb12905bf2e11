// Hands on the canvas: pointers, the wheel and keys.

import { ZOOMS } from "./camera.mjs";

// Pixels of the device by which an arrow key moves.
const STEP = 64;
// By how much fingers draw apart or together for another zoom.
const PINCH = 1.6;

// `hands` has move(down, right), zoom(steps, y, x), paint(y, x), home() and isPainting().
export function listen(canvas, hands) {
  const pointers = new Map();
  let spread = 0;
  const placeOf = ({ offsetY, offsetX }) => [offsetY, offsetX].map((at) => at * devicePixelRatio);
  const middle = () => {
    const places = [...pointers.values()];
    return [0, 1].map((axis) => places.reduce((sum, each) => sum + each[axis], 0) / places.length);
  };
  const distance = () => {
    const [first, second] = [...pointers.values()];
    return second ? Math.hypot(first[0] - second[0], first[1] - second[1]) : 0;
  };
  const paints = ({ button, buttons }) =>
    hands.isPainting() && pointers.size === 1 && !(button > 0 || buttons > 1);

  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, placeOf(event));
    spread = distance();
    if (paints(event)) hands.paint(...placeOf(event));
    else canvas.classList.add("dragged");
  });
  canvas.addEventListener("pointermove", (event) => {
    hands.hover(...placeOf(event));
    if (!pointers.has(event.pointerId)) return;
    const before = middle();
    const last = pointers.get(event.pointerId);
    pointers.set(event.pointerId, placeOf(event));
    if (paints(event)) return line(last, placeOf(event), hands.paint);
    const now = middle();
    hands.move(before[0] - now[0], before[1] - now[1]);
    if (!spread) return;
    const change = distance() / spread;
    if (change > PINCH || change < 1 / PINCH) {
      hands.zoom(change > 1 ? -1 : 1, ...now);
      spread = distance();
    }
  });
  for (const name of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(name, (event) => {
      pointers.delete(event.pointerId);
      spread = distance();
      if (!pointers.size) canvas.classList.remove("dragged");
    });
  }
  canvas.addEventListener("pointerleave", () => hands.hover());
  canvas.addEventListener("contextmenu", (event) => event.preventDefault());

  let turned = 0;
  const wheel = (event) => {
    event.preventDefault();
    // Pixels of the page, its lines, or windows.
    const unit = [devicePixelRatio, 16 * devicePixelRatio, canvas.height][event.deltaMode];
    const [down, right] = [event.deltaY * unit, event.deltaX * unit];
    if (!(event.ctrlKey || event.metaKey)) {
      return event.shiftKey && !right ? hands.move(0, down) : hands.move(down, right);
    }
    // A notch of a wheel is a step, and so are as many small ones of a pinched trackpad.
    turned = Math.sign(turned) === Math.sign(down) ? turned + down : down;
    if (Math.abs(turned) < 40) return;
    hands.zoom(Math.sign(turned), ...placeOf(event));
    turned = 0;
  };
  canvas.addEventListener("wheel", wheel, { passive: false });

  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const [tall, wide] = event.shiftKey ? [canvas.height, canvas.width] : [STEP, STEP];
    const does = {
      ArrowUp: () => hands.move(-tall, 0),
      ArrowDown: () => hands.move(tall, 0),
      ArrowLeft: () => hands.move(0, -wide),
      ArrowRight: () => hands.move(0, wide),
      PageUp: () => hands.move(-canvas.height, 0),
      PageDown: () => hands.move(canvas.height, 0),
      "+": () => hands.zoom(-1),
      "=": () => hands.zoom(-1),
      "-": () => hands.zoom(1),
      Home: () => hands.home(),
      " ": () => hands.isPainting() && hands.paint(canvas.height / 2, canvas.width / 2),
    }[event.key];
    if (!does) return;
    event.preventDefault();
    does();
  });
}

// The next zoom in a direction: -1 is nearer.
export function nextZoom(zoom, step) {
  return ZOOMS[ZOOMS.indexOf(zoom) + step] ?? zoom;
}

// Places between two, near enough for a brush not to leave gaps.
function line(from, to, paint) {
  const steps = Math.max(1, Math.ceil(Math.hypot(to[0] - from[0], to[1] - from[1]) / 8));
  for (let step = 1; step <= steps; step++) {
    paint(...from.map((start, axis) => start + ((to[axis] - start) * step) / steps));
  }
}
