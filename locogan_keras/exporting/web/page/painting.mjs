// How much of the other world is in each cell, 0 to 255: what the slider says, and what is painted.

import { BORDER, CELL } from "./latents.mjs";
import { wrapped, wholes } from "./views.mjs";

const key = ([row, column]) => `${row},${column}`;

export class Painting {
  constructor() {
    this.cells = new Map();
    // Goes on with every change.
    this.clock = 0;
  }

  // A disc of cells around a pixel of the canvas; `level` null takes off what was painted.
  paint(view, pixelY, pixelX, radius, level) {
    const [row, column] = [pixelY, pixelX].map((pixel) => wholes(Math.floor(pixel), CELL));
    const reach = Math.ceil(radius / CELL);
    for (let y = row - reach; y <= row + reach; y++) {
      for (let x = column - reach; x <= column + reach; x++) {
        const [dy, dx] = [(y + 0.5) * CELL - pixelY, (x + 0.5) * CELL - pixelX];
        const isUnder = y === row && x === column;
        if (!isUnder && dy ** 2 + dx ** 2 > radius ** 2) continue;
        const cell = key(wrapped(view, y, x));
        if (level === null) this.cells.delete(cell);
        else this.cells.set(cell, level);
      }
    }
    this.clock++;
  }

  clear() {
    this.cells.clear();
    this.clock++;
  }

  // The level of any cell, where nothing is painted that of the slider.
  levels(view, mix) {
    return (row, column) => this.cells.get(key(wrapped(view, row, column))) ?? mix;
  }

  // The same as a mask of a window has it, which knows no cell beyond the window: around it the
  // cells are as those at its edge, but where the picture repeats (`rendering/masks.py`).
  levelsOfMask(view, mix, window) {
    const level = this.levels(view, mix);
    const [rows, columns] = cellsOf(window);
    const known = new Map();
    for (const y of rows) for (const x of columns) known.set(key(wrapped(view, y, x)), level(y, x));
    const around = new Map();
    const near = (numbers) => range(numbers[0] - BORDER, numbers.at(-1) + BORDER + 1);
    for (const y of near(rows)) {
      for (const x of near(columns)) {
        const cell = key(wrapped(view, y, x));
        const edge = level(clamp(y, rows), clamp(x, columns));
        if (!known.has(cell)) around.set(cell, Math.max(edge, around.get(cell) ?? 0));
      }
    }
    return (row, column) => {
      const cell = key(wrapped(view, row, column));
      return known.get(cell) ?? around.get(cell) ?? 0;
    };
  }
}

// The levels of a tile's cells and of those around it, or null where all is the first world.
export function tileLevels(level, row, column, cells) {
  const edge = cells + 2 * BORDER;
  const found = new Uint8Array(edge * edge);
  for (let y = 0; y < edge; y++) {
    for (let x = 0; x < edge; x++) {
      found[y * edge + x] = level(row * cells - BORDER + y, column * cells - BORDER + x);
    }
  }
  return found.some(Boolean) ? found : null;
}

// The rows and the columns of cells that a window shows.
export function cellsOf([top, left, height, width]) {
  return [
    range(wholes(top, CELL), wholes(top + height - 1, CELL) + 1),
    range(wholes(left, CELL), wholes(left + width - 1, CELL) + 1),
  ];
}

const range = (first, stop) => Array.from({ length: stop - first }, (_, index) => first + index);
const clamp = (number, numbers) => Math.max(numbers[0], Math.min(number, numbers.at(-1)));
