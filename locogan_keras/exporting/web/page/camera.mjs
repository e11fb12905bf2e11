// Where the page looks: at whole pixels of the canvas, so that tiles lie on whole ones of the device.

import { FARTHEST } from "./views.mjs";

export const ZOOMS = [1, 2, 4];

export class Camera {
  constructor() {
    Object.assign(this, { top: 0, left: 0, zoom: 1, height: 1, width: 1 });
    // What was moved by less than a pixel.
    this.rest = [0, 0];
  }

  // The window of the canvas that is seen: (top, left, height, width).
  get window() {
    return [this.top, this.left, this.height * this.zoom, this.width * this.zoom];
  }

  resize(height, width) {
    Object.assign(this, { height, width });
    this.go(this.top, this.left);
  }

  go(top, left) {
    this.top = this.#placed(top, this.height);
    this.left = this.#placed(left, this.width);
    this.rest = [0, 0];
  }

  // Moved over the canvas, in pixels of the device.
  move(down, right) {
    const asked = [down * this.zoom + this.rest[0], right * this.zoom + this.rest[1]];
    const moved = asked.map((distance) => Math.trunc(distance / this.zoom) * this.zoom);
    this.go(this.top + moved[0], this.left + moved[1]);
    this.rest = asked.map((distance, axis) => distance - moved[axis]);
  }

  // Zoomed around a pixel of the device, which stays where it is.
  zoomTo(zoom, y = this.height / 2, x = this.width / 2) {
    const [top, left] = this.pixel(y, x);
    this.zoom = zoom;
    this.go(top - Math.round(y) * zoom, left - Math.round(x) * zoom);
  }

  // The canvas's pixel under one of the device.
  pixel(y, x) {
    return [this.top + Math.round(y) * this.zoom, this.left + Math.round(x) * this.zoom];
  }

  #placed(place, length) {
    const zoom = this.zoom;
    const most = FARTHEST - (length + 1) * zoom;
    const inside = Math.max(zoom - FARTHEST, Math.min(place, most));
    return Math.floor(inside / zoom) * zoom;
  }
}
