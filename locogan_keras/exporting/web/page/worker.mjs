// A worker: the runtime, the model, and one tile after another.

import { BORDER } from "./latents.mjs";
import { describe } from "./description.mjs";
import { CELLS, TILE, worldView } from "./pieces.mjs";
import { inputs } from "./views.mjs";

// In its usual layout, NHWC, WebGPU's convolutions of ONNX Runtime 1.30 come out wrong.
const PROVIDERS = { wasm: "wasm", webgpu: { name: "webgpu", preferredLayout: "NCHW" } };
// Levels by which another way to compute may be off.
const MOST_OFF = 2;

let runtime;
let session;
let description;

onmessage = async ({ data }) => {
  try {
    if (data.start) {
      await start(data.start);
      postMessage({ ready: true });
    } else {
      const bitmap = await bitmapOf(await levelsOf(data.work), data.work.zoom);
      postMessage({ bitmap }, [bitmap]);
    }
  } catch (error) {
    postMessage({ failed: String(error.message ?? error) });
  }
};

async function start({ engine, script, program, model, settings }) {
  description = describe(settings.description);
  const blob = new Blob([script], { type: "text/javascript" });
  runtime = await import(URL.createObjectURL(blob));
  runtime.env.logLevel = "error";
  // More threads than one would need headers of the host.
  runtime.env.wasm.numThreads = 1;
  runtime.env.wasm.wasmBinary = program;
  const executionProviders = [PROVIDERS[engine]];
  session = await runtime.InferenceSession.create(model, { executionProviders });
  if (engine !== "wasm") await tryTile(settings.probe);
}

// A tile against what the export says that it looks like.
async function tryTile(probe) {
  const levels = await levelsOf({ ...probe, world: { seed: probe.seed, periodic: "none" } });
  const expected = Uint8Array.from(atob(probe.levels), (each) => each.charCodeAt(0));
  const channels = description.imageChannels;
  let [off, place] = [0, 0];
  for (let y = 0; y < TILE; y += probe.step) {
    for (let x = 0; x < TILE; x += probe.step) {
      for (let channel = 0; channel < channels; channel++) {
        const found = levels[(y * TILE + x) * channels + channel];
        off = Math.max(off, Math.abs(found - expected[place++]));
      }
    }
  }
  if (off > MOST_OFF) throw new Error(`a tile is ${off} levels off`);
}

// A tile's levels, (TILE, TILE, channels) of uint8.
async function levelsOf({ world, row, column, blend }) {
  const view = worldView(description, world);
  const made = inputs(view, row * CELLS, column * CELLS, CELLS, CELLS, blend);
  const edge = CELLS + 2 * BORDER;
  const tensor = (values) =>
    new runtime.Tensor("float32", values, [1, edge, edge, values.length / edge ** 2]);
  const feeds = { latent: tensor(made.latent), positions: tensor(made.positions) };
  const { image } = await session.run(feeds);
  const values = image.data;
  if (values.length !== TILE * TILE * description.imageChannels || values.some(Number.isNaN)) {
    throw new Error("The model gives no image of finite numbers: it is damaged.");
  }
  const levels = new Uint8ClampedArray(values.length);
  for (let index = 0; index < values.length; index++) {
    // In float32, and half to even as the array does it: the levels of `locogan render`.
    levels[index] = Math.fround(Math.fround(values[index] + 1) * 127.5);
  }
  image.dispose();
  return levels;
}

// The levels as a bitmap, of which each pixel is the mean of zoom x zoom.
async function bitmapOf(levels, zoom) {
  const edge = TILE / zoom;
  const channels = description.imageChannels;
  const pixels = new Uint8ClampedArray(edge * edge * 4).fill(255);
  // Grey is shown as three equal channels, and more than four as the first three.
  const shown = channels === 4 ? [0, 1, 2, 3] : channels < 3 ? [0, 0, 0] : [0, 1, 2];
  for (let y = 0; y < edge; y++) {
    for (let x = 0; x < edge; x++) {
      shown.forEach((channel, target) => {
        let sum = 0;
        for (let dy = 0; dy < zoom; dy++) {
          for (let dx = 0; dx < zoom; dx++) {
            sum += levels[((y * zoom + dy) * TILE + x * zoom + dx) * channels + channel];
          }
        }
        pixels[(y * edge + x) * 4 + target] = sum / zoom ** 2;
      });
    }
  }
  return createImageBitmap(new ImageData(pixels, edge, edge), {
    premultiplyAlpha: "none",
    colorSpaceConversion: "none",
  });
}
