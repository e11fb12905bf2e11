// The noise-like image: every value is a function of a seed and integers.
// The twin of `canvas/latents.py` and `canvas/plans.py`: the same bits.

export const CELL = 16;
export const BORDER = 3;
export const SCHEME = "threefry2x32-20/box-muller/1";

const ROTATIONS = [
  [13, 15, 26, 6],
  [17, 29, 16, 24],
];

// Threefry-2x32 with 20 rounds, then Box-Muller. Any integers: they are taken modulo 2^32.
export function normal(seed, channel, row, column) {
  const keys = [seed | 0, channel | 0, seed ^ channel ^ 0x1bd11bda];
  let first = (row + keys[0]) | 0;
  let second = (column + keys[1]) | 0;
  for (let block = 0; block < 5; block++) {
    for (const bits of ROTATIONS[block % 2]) {
      first = (first + second) | 0;
      second = ((second << bits) | (second >>> (32 - bits))) ^ first;
    }
    first = (first + keys[(block + 1) % 3]) | 0;
    second = (second + keys[(block + 2) % 3] + block + 1) | 0;
  }
  const radius = Math.sqrt(-2 * Math.log(((first >>> 0) + 1) / 2 ** 32));
  return Math.fround(radius * Math.cos((second >>> 0) * ((2 * Math.PI) / 2 ** 32)));
}

// The master plan of a seed: one value for each global channel.
export function masterPlan(description, seed) {
  return Array.from({ length: description.globalChannels }, (_, channel) =>
    normal(seed, -1 - channel, 0, 0),
  );
}

// A local channel's value in a cell. The first channels have one value for a row of cells, the
// next ones one for a column: `line` is the cell's address for those.
export function localValue(description, seed, channel, cell, line) {
  const [rows, columns] = description.lineChannels;
  if (channel < rows) return normal(seed, channel, line[0], 0);
  if (channel < rows + columns) return normal(seed, channel, 0, line[1]);
  return normal(seed, channel, cell[0], cell[1]);
}

// How much of two seeds is in a cell: the squares add up to 1, so that a blend of normals is a
// standard normal again, which is what the generator knows.
export function shares(weight) {
  const first = 1 - weight;
  const length = Math.sqrt(first * first + weight * weight);
  return [first / length, weight / length];
}
