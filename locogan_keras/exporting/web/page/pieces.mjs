// Which tiles fill a window, and where: tiles lie on a fixed grid of the canvas, or of the one
// period that is computed, as `rendering/render.py` lays them.

import { CELL } from "./latents.mjs";
import { makeView, modulo, wholes } from "./views.mjs";

// Pixels along each axis, and cells.
export const TILE = 256;
export const CELLS = TILE / CELL;

// The view of a whole world: its seed, and how it repeats. On an axis where the model does not, the
// frame is the trained one, and the scene goes on past it.
export function worldView(description, world) {
  const { seed, periodic = "none", period = [0, 0] } = world;
  const frame = description.frame.map((length, axis) => (description.repeats[axis] ? 0 : length));
  return makeView(description, { seed, periodic, period, frame });
}

// The pieces that cover a window of the canvas: each shows the upper left part of one tile.
export function piecesOf(view, [top, left, height, width]) {
  const [[periodY, periodX], [down, right]] = [view.period, view.shift];
  const pieces = [];
  if (right) {
    for (const y of spans(top, height, periodY, 0)) {
      for (const x of spans(left, width, periodX, y.repeat % 2 ? right : 0)) pieces.push([y, x]);
    }
  } else {
    for (const x of spans(left, width, periodX, 0)) {
      for (const y of spans(top, height, periodY, x.repeat % 2 ? down : 0)) pieces.push([y, x]);
    }
  }
  return pieces.map(([y, x]) => ({
    row: y.index,
    column: x.index,
    top: y.at,
    left: x.at,
    height: y.length,
    width: x.length,
  }));
}

// The lines between repeats in a window: `across` ones lie at a y and reach from an x to another.
// Every second band of repeats, columns or with a shift in x rows, has its own lines shifted.
export function outlines(view, window) {
  const bands = view.shift[1] ? 0 : 1;
  const inside = 1 - bands;
  const [begin, size] = [window.slice(0, 2), window.slice(2)];
  const lines = [];
  const starts = edges(begin[bands], size[bands], view.period[bands], 0);
  starts.slice(0, -1).forEach((from, index) => {
    const to = starts[index + 1];
    if (index) {
      const stop = begin[inside] + size[inside];
      lines.push({ across: bands === 0, at: from, from: begin[inside], to: stop });
    }
    const repeat = view.period[bands] ? wholes(from, view.period[bands]) : 0;
    const shift = repeat % 2 ? view.shift[inside] : 0;
    const ends = edges(begin[inside], size[inside], view.period[inside], shift);
    for (const at of ends.slice(1, -1)) lines.push({ across: inside === 0, at, from, to });
  });
  return lines;
}

// A window's begin and end on an axis, and between them where repeats begin.
function edges(begin, length, period, shift) {
  const found = [begin];
  const first = begin + period - modulo(begin - shift, period);
  for (let at = first; period && at < begin + length; at += period) found.push(at);
  return [...found, begin + length];
}

function* spans(begin, length, period, shift) {
  for (let place = begin; place < begin + length; ) {
    const inside = period ? modulo(place - shift, period) : place;
    const index = wholes(inside, TILE);
    const at = place - (inside - index * TILE);
    const stop = at + (period ? Math.min(TILE, period - index * TILE) : TILE);
    const repeat = period ? wholes(place - shift, period) : 0;
    yield { index, at, length: stop - at, repeat };
    place = stop;
  }
}
