// A window of one world and the generator's inputs for it: the twin of `canvas/views.py`.
// All lengths are pixels, (y, x), unless they are called cells. Numbers are exact to 2^53.

import { BORDER, CELL, localValue, masterPlan, shares } from "./latents.mjs";
import { shiftOf, viewPeriods } from "./periods.mjs";

// Cells are int32, and the border and whole tiles need room.
export const FARTHEST = 2 ** 31 * CELL - 2 ** 20;
const SIDES = [
  ["height", "top"],
  ["width", "left"],
];

export const modulo = (number, divisor) => ((number % divisor) + divisor) % divisor;
export const wholes = (number, divisor) => (number - modulo(number, divisor)) / divisor;

// The checked view of what is asked of a model; `RangeError` names the argument.
export function makeView(description, request) {
  const asked = { seed: 0, top: 0, left: 0, frame: [0, 0], periodic: null, period: [0, 0] };
  [asked.height, asked.width] = description.shown;
  Object.assign(asked, request);
  checkNumbers("seed", [asked.seed], 0, 2 ** 32 - 1);
  for (const name of ["top", "left", "height", "width", "frame", "period"]) {
    checkNumbers(name, [asked[name]].flat(), 1 - FARTHEST, FARTHEST - 1);
  }
  const frame = SIDES.map(([side, corner], axis) => {
    checkNumbers(side, [asked[side]], 1, FARTHEST - 1 - asked[corner]);
    return frameOf(description, asked, axis);
  });
  const period = viewPeriods(description, asked.periodic, asked.period);
  return {
    description,
    seed: asked.seed,
    corner: [asked.top, asked.left],
    size: [asked.height, asked.width],
    frame,
    period,
    shift: shiftOf(asked.periodic, period),
  };
}

// The same cell in the one period that is computed.
export function wrapped(view, row, column) {
  const [height, width] = view.period.map((length) => length / CELL);
  const [down, right] = view.shift.map((length) => length / CELL);
  if (down) row -= wholes(column, width) * down;
  if (right) column -= wholes(row, height) * right;
  return [height ? modulo(row, height) : row, width ? modulo(column, width) : column];
}

// The generator's inputs for a window of cells, each with the border around it:
// `latent` (height + 6, width + 6, channels) and `positions` (height + 6, width + 6, 2), flat.
// A `blend` is another seed and its weight in each of the cells, 0 to 255.
export function inputs(view, top, left, height, width, blend = null) {
  const { description, seed } = view;
  const { globalChannels, localChannels } = description;
  const channels = globalChannels + localChannels;
  const [rows, columns] = [height + 2 * BORDER, width + 2 * BORDER];
  const latent = new Float32Array(rows * columns * channels);
  const plan = masterPlan(description, seed);
  const mixed = blend && blend.seed !== seed ? blend : null;
  const otherPlan = mixed && masterPlan(description, mixed.seed);
  for (let index = 0; index < rows * columns; index++) {
    const x = index % columns;
    const y = (index - x) / columns;
    const cell = wrapped(view, top - BORDER + y, left - BORDER + x);
    // A line crosses all repeats, so that where they are shifted it repeats after half a period.
    const line = cell.map((place, axis) =>
      view.shift[axis] ? modulo(place, view.shift[axis] / CELL) : place,
    );
    const weight = mixed ? Math.fround(mixed.weights[index] / 255) : 0;
    const [first, second] = shares(weight);
    for (let channel = 0; channel < channels; channel++) {
      const local = channel - globalChannels;
      const value = (of, master) =>
        local < 0 ? master[channel] : localValue(description, of, local, cell, line);
      let sum = weight < 1 ? first * value(seed, plan) : 0;
      if (weight > 0) sum += second * value(mixed.seed, otherPlan);
      latent[index * channels + channel] = sum;
    }
  }
  return { latent, positions: positionMap(view, [top, left], [rows, columns]), rows, columns };
}

function positionMap(view, corner, [rows, columns]) {
  const [y, x] = [rows, columns].map((count, axis) => centres(view, axis, corner[axis], count));
  const positions = new Float32Array(rows * columns * 2);
  for (let index = 0; index < rows * columns; index++) {
    positions[2 * index] = y[Math.floor(index / columns)];
    positions[2 * index + 1] = x[index % columns];
  }
  return positions;
}

// Cell centres on the frame, whose edges are -1 and 1. Whole frames are taken off the first cell,
// because far from the origin float32 would drift.
function centres(view, axis, first, count) {
  const length = view.frame[axis];
  if (view.description.repeats[axis]) first = modulo(first, length / CELL);
  return Float64Array.from(
    { length: count },
    (_, index) => (2 * (CELL * (first - BORDER + index) + CELL / 2)) / length - 1,
  );
}

function frameOf(description, asked, axis) {
  const frame = asked.frame[axis];
  const [side, corner] = SIDES[axis];
  const trained = description.frame[axis];
  if (description.repeats[axis]) {
    if (frame !== 0 && frame !== trained) {
      throw new RangeError(`frame must be ${trained}. Received: frame=${asked.frame.join("x")}`);
    }
    return trained;
  }
  checkNumbers("frame", [frame], 0, FARTHEST - 1);
  if (asked[corner] && !frame) {
    throw new RangeError(`${corner} needs a frame. Received: ${corner}=${asked[corner]}`);
  }
  return frame || asked[side];
}

function checkNumbers(name, numbers, least, most) {
  for (const number of numbers) {
    if (!Number.isInteger(number) || number < least || number > most) {
      throw new RangeError(
        `${name} must be whole, ${least} to ${most}. Received: ${name}=${numbers.join("x")}`,
      );
    }
  }
}
