// What is seen: which tiles it needs, which are made next, and which are known.

import { CELLS, piecesOf, worldView } from "./pieces.mjs";
import { ZOOMS } from "./camera.mjs";
import { tileLevels } from "./painting.mjs";
import { Tiles } from "./tiles.mjs";

// Pixels of the device around the window that are made when nothing else is to do.
const AHEAD = 128;
// Milliseconds over which the tiles of a second are counted.
const LATELY = 5000;

export class Scene {
  constructor(description, camera, painting) {
    Object.assign(this, { description, camera, painting });
    this.tiles = new Tiles();
    // Of tiles: which are being made, by their keys, and which somebody waits for.
    this.underway = new Map();
    this.asked = [];
    this.wanted = [];
    this.times = [];
    this.epoch = 0;
    this.made = 0;
  }

  // Its seed and how it repeats; the other world's seed and how much of it there is.
  setWorld(world) {
    const { seed, periodic, period, other, mix } = world;
    this.view = worldView(this.description, { seed, periodic, period });
    const [before, now] = [this.world, { seed, periodic, period: this.view.period, other, mix }];
    this.world = now;
    // Tiles of another mixture are shown until there are better ones, those of another seed not.
    this.painting.clock++;
    const names = ["seed", "periodic", "period"];
    if (names.some((name) => String(before?.[name]) !== String(now[name]))) this.forget();
  }

  forget() {
    this.epoch++;
    this.tiles.clear();
    this.underway.clear();
  }

  // The pieces that are seen; from now on these are made, and what has scrolled away is not.
  look() {
    const [top, left, height, width] = this.camera.window;
    const seen = piecesOf(this.view, [top, left, height, width]);
    const ahead = AHEAD * this.camera.zoom;
    const around = piecesOf(this.view, [
      ...[top - ahead, left - ahead],
      ...[height + 2 * ahead, width + 2 * ahead],
    ]);
    const distance = (piece) =>
      (piece.top + piece.height / 2 - top - height / 2) ** 2 +
      (piece.left + piece.width / 2 - left - width / 2) ** 2;
    const nearest = (first, second) => distance(first) - distance(second);
    this.wanted = [...seen.slice().sort(nearest), ...around.sort(nearest)];
    return seen;
  }

  // The next job: what somebody waits for, then what is nearest to the middle of the window.
  take() {
    if (this.asked.length) return this.asked.shift();
    for (const { row, column } of this.wanted) {
      const key = this.#key(row, column);
      if (this.isFresh(row, column)) continue;
      const blend = this.#blend(row, column);
      if (this.underway.has(key) && isSame(this.underway.get(key).work.blend, blend)) continue;
      const job = { ...this.#job(row, column, blend, this.camera.zoom), key };
      this.underway.set(key, job);
      return job;
    }
  }

  // A tile that was made.
  put(job, bitmap) {
    this.made++;
    const now = performance.now();
    this.times = [...this.times, now].filter((time) => time > now - LATELY);
    if (job.done) return job.done(bitmap);
    if (this.underway.get(job.key) === job) this.underway.delete(job.key);
    const late = this.tiles.held.get(job.key)?.number > job.number;
    if (job.epoch !== this.epoch || late) return bitmap.close();
    this.tiles.put(job.key, { bitmap, blend: job.work.blend, number: job.number });
    this.tiles.trim(this.#limit);
  }

  // The bitmap of a whole tile, for somebody who waits for it.
  ask(row, column, weights) {
    const blend = weights && { seed: this.world.other, weights };
    return new Promise((done) => {
      this.asked.push({ ...this.#job(row, column, blend, 1), done });
    });
  }

  // What is known of a tile, if need be of another zoom.
  tile(row, column) {
    for (const zoom of [this.camera.zoom, ...ZOOMS]) {
      const tile = this.tiles.get(this.#key(row, column, zoom));
      if (tile) return tile;
    }
  }

  // Whether a tile is known as it is asked for by now; found out once for each change.
  isFresh(row, column) {
    const tile = this.tiles.held.get(this.#key(row, column));
    if (!tile) return false;
    if (tile.clock !== this.painting.clock) {
      tile.fresh = isSame(tile.blend, this.#blend(row, column));
      tile.clock = this.painting.clock;
    }
    return tile.fresh;
  }

  // Tiles a second, lately.
  get rate() {
    const seconds = (this.times.at(-1) - this.times[0]) / 1000;
    return this.times.length > 2 ? (this.times.length - 1) / seconds : 0;
  }

  // Bytes: more than twice what is seen, and what the device can spare.
  get #limit() {
    const seen = 4 * this.camera.height * this.camera.width;
    return Math.max(2.5 * seen, ((navigator.deviceMemory ?? 8) > 4 ? 192 : 96) * 2 ** 20);
  }

  // The work for a worker, and what is to be known of it when it is done.
  #job(row, column, blend, zoom) {
    this.number = (this.number ?? 0) + 1;
    const { seed, periodic, period } = this.world;
    const work = { row, column, blend, zoom, world: { seed, periodic, period } };
    return { work, epoch: this.epoch, number: this.number };
  }

  #key(row, column, zoom = this.camera.zoom) {
    return `${zoom}/${row}/${column}`;
  }

  #blend(row, column) {
    const { other, mix } = this.world;
    if (!mix && !this.painting.cells.size) return null;
    const weights = tileLevels(this.painting.levels(this.view, mix), row, column, CELLS);
    return weights && { seed: other, weights };
  }
}

function isSame(first, second) {
  if (!first || !second) return first === second;
  const { seed, weights } = second;
  return first.seed === seed && first.weights.every((weight, index) => weight === weights[index]);
}
