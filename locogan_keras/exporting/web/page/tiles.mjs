// Bitmaps of tiles: those that were used last, as many as there is room for.

export class Tiles {
  constructor() {
    this.held = new Map();
    this.bytes = 0;
  }

  get(key) {
    const tile = this.held.get(key);
    if (tile) {
      // The last ones of a map are those that were set last.
      this.held.delete(key);
      this.held.set(key, tile);
    }
    return tile;
  }

  put(key, tile) {
    this.drop(key);
    this.held.set(key, tile);
    this.bytes += bytesOf(tile);
  }

  drop(key) {
    const tile = this.held.get(key);
    if (!tile) return;
    this.held.delete(key);
    this.bytes -= bytesOf(tile);
    tile.bitmap.close();
  }

  // All dropped that were not used lately and do not fit.
  trim(limit) {
    for (const key of this.held.keys()) {
      if (this.bytes <= limit) return;
      this.drop(key);
    }
  }

  clear() {
    for (const key of [...this.held.keys()]) this.drop(key);
  }
}

const bytesOf = ({ bitmap }) => 4 * bitmap.width * bitmap.height;
