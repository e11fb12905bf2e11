// The page: what is asked for goes to the scene, what the workers make onto the canvas.

import { readAddress, writeAddress } from "./address.mjs";
import { Camera } from "./camera.mjs";
import { Controls, find, showFailure } from "./controls.mjs";
import { describe } from "./description.mjs";
import { draw } from "./drawing.mjs";
import { ENGINES, factsOf, startEngine } from "./engines.mjs";
import { listen, nextZoom } from "./gestures.mjs";
import { Painting } from "./painting.mjs";
import { possiblePeriodic } from "./periods.mjs";
import { Pool } from "./pool.mjs";
import { addressOf, text } from "./resources.mjs";
import { commandFor, download, hasOther, maskOf, nameFor, pictureOf } from "./saving.mjs";
import { Scene } from "./scene.mjs";

// Milliseconds of rest before the address bar and the screen reader are told where one is.
const REST = 300;
// And before the panel is.
const TELLING = 100;

class Page {
  constructor(settings) {
    this.settings = settings;
    this.canvas = find("canvas");
    this.context = this.canvas.getContext("2d", { alpha: false });
    this.camera = new Camera();
    this.painting = new Painting();
    this.scene = new Scene(describe(settings.description), this.camera, this.painting);
    this.controls = new Controls(this.scene.description, this);
    this.engine = "";
    this.hovered = null;
    this.pool = new Pool({
      take: () => this.scene.take(),
      made: (job, bitmap) => {
        this.scene.put(job, bitmap);
        this.change();
      },
      failed: showFailure,
    });
    this.follow();
    listen(this.canvas, this);
    addEventListener("hashchange", () => this.follow());
    const colours = matchMedia("(prefers-color-scheme: dark)");
    colours.addEventListener("change", () => this.#dress());
    this.#dress();
    new ResizeObserver(([entry]) => this.#resize(entry)).observe(this.canvas);
  }

  // The place that the address bar says.
  follow() {
    if (location.hash === this.written) return;
    const { top = 0, left = 0, zoom = 1, workers, ...world } = readAddress(location.hash);
    if (!possiblePeriodic(this.scene.description).includes(world.periodic)) delete world.periodic;
    this.workers = workers;
    this.camera.zoom = zoom;
    this.camera.go(top, left);
    const usual = { seed: 0, other: 1, mix: 0, periodic: "none", period: [0, 0] };
    this.setWorld({ ...usual, ...world });
  }

  setWorld(values) {
    const world = { ...this.scene.world, ...values };
    try {
      this.scene.setWorld(world);
    } catch {
      // A period of no whole frames: the least there is.
      this.scene.setWorld({ ...world, period: [0, 0] });
    }
    this.change();
  }

  go(top, left) {
    this.camera.go(top, left);
    this.change();
  }

  move(down, right) {
    this.camera.move(down, right);
    this.change();
  }

  zoom(step, y, x) {
    this.zoomTo(nextZoom(this.camera.zoom, step), y, x);
  }

  zoomTo(zoom, y, x) {
    this.camera.zoomTo(zoom, y, x);
    this.change();
  }

  home() {
    this.go(0, 0);
  }

  isPainting() {
    return this.controls.tool !== "move";
  }

  paint(y, x) {
    const level = { other: 255, own: 0, erase: null }[this.controls.tool];
    const [pixelY, pixelX] = this.camera.pixel(y, x);
    this.painting.paint(this.scene.view, pixelY, pixelX, this.controls.brush, level);
    this.change();
  }

  clear() {
    this.painting.clear();
    this.change();
  }

  hover(y, x) {
    this.hovered = y === undefined ? null : { y, x };
    if (this.isPainting()) this.change();
  }

  async save() {
    find("save").disabled = true;
    const name = `${nameFor(this.scene)}.png`;
    const said = (done) => this.#said(`Saving: ${Math.round(100 * done)} %`);
    try {
      const picture = pictureOf(this.scene, said);
      this.pool.wake();
      download(await picture, name);
    } catch (error) {
      showFailure(`The window cannot be saved: ${error.message}`);
    }
    find("save").disabled = false;
    this.change();
  }

  // By itself, because browsers ask before they save two files at once.
  async saveMask() {
    download(await maskOf(this.scene), `${nameFor(this.scene)}-mask.png`);
  }

  async link() {
    this.#settle();
    try {
      await navigator.clipboard.writeText(location.href);
      this.#said("The link is copied.");
    } catch {
      this.#said("The address bar has the link.");
    }
  }

  // Everything made by one engine: what another one made is forgotten.
  async useWebGPU(asked) {
    this.pool.stop();
    this.scene.forget();
    if (asked) this.#said("Trying WebGPU …");
    const { engine, reason } = await startEngine(this.pool, this.settings, asked, this.workers);
    find("webgpu").checked = engine === "webgpu";
    this.engine = engine;
    this.controls.showFacts(factsOf(this.settings, engine, reason, this.pool.size));
    this.change();
  }

  // The next frame is drawn, and idle workers are given what it needs.
  change() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.#draw();
    });
    clearTimeout(this.rest);
    this.rest = setTimeout(() => this.#settle(), REST);
  }

  #draw() {
    const { camera, scene, controls } = this;
    const brush = this.isPainting() && {
      ...(this.hovered ?? { y: camera.height / 2, x: camera.width / 2 }),
      radius: controls.brush / camera.zoom,
    };
    this.canvas.classList.toggle("painted", this.isPainting());
    const marks = { ground: this.ground, outline: controls.outlined, brush };
    const { tiles, ready } = draw(this.context, scene, marks);
    this.pool.wake();
    // Whoever waits for the picture looks here.
    const facts = { complete: ready === tiles, made: scene.made, bytes: scene.tiles.bytes };
    for (const [name, fact] of Object.entries({ ...facts, engine: this.engine })) {
      if (this.canvas.dataset[name] !== `${fact}`) this.canvas.dataset[name] = fact;
    }
    this.ready = [ready, tiles];
    // Not with every frame: to lay out the panel takes longer than to draw.
    this.telling ??= setTimeout(() => this.#tell(), TELLING);
  }

  #tell() {
    this.telling = null;
    const [ready, tiles] = this.ready;
    const { rate } = this.scene;
    find("progress").value = ready / tiles;
    if (this.engine) {
      const lately = rate && ready < tiles ? ` · ${rate.toFixed(1)} a second` : "";
      find("status").textContent = `${ready} of ${tiles} tiles${lately} · ${ENGINES[this.engine]}`;
    }
    this.controls.show(this.scene);
  }

  #settle() {
    const { scene, camera } = this;
    this.written = writeAddress(scene, this.workers);
    if (location.hash !== this.written) history.replaceState(null, "", this.written);
    find("command").value = commandFor(scene);
    find("save-mask").hidden = !hasOther(scene);
    const { complete } = this.canvas.dataset;
    const state = complete === "true" ? "All of it is made." : "It is being made.";
    this.#said(`Seed ${scene.world.seed}, top ${camera.top}, left ${camera.left}. ${state}`);
  }

  #said(sentence) {
    if (find("place").textContent !== sentence) find("place").textContent = sentence;
  }

  #dress() {
    this.ground = getComputedStyle(this.canvas).backgroundColor;
    this.change();
  }

  #resize(entry) {
    const css = entry.contentBoxSize[0];
    const exact = entry.devicePixelContentBoxSize?.[0];
    const [height, width] = ["blockSize", "inlineSize"].map((side) => {
      const about = Math.round(css[side] * devicePixelRatio);
      // A browser that acts as another device tells its own pixels here.
      return Math.max(1, Math.abs(exact?.[side] - about) <= 1 ? exact[side] : about);
    });
    Object.assign(this.canvas, { height, width });
    this.camera.resize(height, width);
    this.#draw();
  }
}

async function open() {
  const settings = JSON.parse(await text("settings.json"));
  const page = new Page(settings);
  find("webgpu").disabled = !settings.engines.webgpu;
  await page.useWebGPU(false);
  find("licenses").href = await addressOf("licenses.txt", "text/plain");
  find("model").href = await addressOf("model.onnx", "application/octet-stream");
}

open().catch((error) => {
  find("status").textContent = "Nothing can be shown.";
  showFailure(error.message);
});
