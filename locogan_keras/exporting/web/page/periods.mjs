// Repeats of pictures, as `canvas/periods.py` has them. All lengths are pixels, (y, x).

const AXES = ["y", "x"];
// The axis along which every second column, or row, of repeats is shifted.
const SHIFTED = { "half-drop": 0, brick: 1 };
export const PERIODIC = ["none", "x", "y", "xy", "half-drop", "brick"];

// The kinds of repeats that a model can do.
export function possiblePeriodic(description) {
  return PERIODIC.filter((periodic) =>
    axesOf(periodic).every((asked, axis) => !asked || description.repeats[axis]),
  );
}

// What a period is a multiple of on an axis.
export function shortestPeriod(description, periodic, axis) {
  return description.frame[axis] * (SHIFTED[periodic] === axis ? 2 : 1);
}

// The periods of a picture; 0 on an axis where it does not repeat.
export function viewPeriods(description, periodic, period) {
  if (periodic !== null && !PERIODIC.includes(periodic)) {
    throw new RangeError(`periodic must be ${PERIODIC.join(", ")}. Received: ${periodic}`);
  }
  const repeats = periodic === null ? description.repeats : axesOf(periodic);
  return [0, 1].map((axis) => onePeriod(description, periodic, repeats[axis], period, axis));
}

// By how much every second column of repeats lies lower, or every second row farther right.
export function shiftOf(periodic, period) {
  return period.map((length, axis) => (SHIFTED[periodic] === axis ? length / 2 : 0));
}

function axesOf(periodic) {
  const axes = periodic in SHIFTED ? "xy" : periodic.replace("none", "");
  return AXES.map((axis) => axes.includes(axis));
}

function onePeriod(description, periodic, repeats, period, axis) {
  const asked = period[axis];
  const name = AXES[axis];
  const received = `Received: period=${period.join("x")}`;
  if (!repeats) {
    if (asked) {
      throw new RangeError(
        `period must be 0 in ${name}, where the picture does not repeat. ${received}`,
      );
    }
    return 0;
  }
  if (!description.repeats[axis]) {
    throw new RangeError(
      `periodic is refused in ${name}, where the model does not repeat. Received: ${periodic}`,
    );
  }
  const shortest = shortestPeriod(description, periodic, axis);
  if (asked < 0 || asked % shortest) {
    throw new RangeError(`period must be a multiple of ${shortest} in ${name}. ${received}`);
  }
  return asked || Math.ceil(description.shown[axis] / shortest) * shortest;
}
