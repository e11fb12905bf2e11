// What makes the tiles: WebAssembly, or WebGPU where it is there and right.

import { usualWorkers } from "./pool.mjs";
import { checked, text } from "./resources.mjs";

export const ENGINES = { wasm: "WebAssembly", webgpu: "WebGPU" };

// Workers started; gives the engine that they have and why it is not WebGPU if that was asked for.
export async function startEngine(pool, settings, asksWebGPU, workers) {
  let reason = "";
  if (asksWebGPU) {
    try {
      await start(pool, settings, "webgpu", 1);
      return { engine: "webgpu", reason };
    } catch (error) {
      reason = error.message;
      pool.stop();
    }
  }
  await start(pool, settings, "wasm", workers ?? usualWorkers());
  return { engine: "wasm", reason };
}

async function start(pool, settings, engine, count) {
  if (engine === "webgpu" && !navigator.gpu) throw new Error("this browser has none");
  const names = settings.engines[engine];
  const files = [names.script, names.program, "model.onnx"].map((name) => checked(settings, name));
  const [source, script, program, model] = await Promise.all([text("worker.js"), ...files]);
  await pool.start(count, source, { engine, script, program, model, settings });
}

// What is known of the model and of what makes its tiles, by names for people.
export function factsOf(settings, engine, reason, workers) {
  const model = settings.files["model.onnx"];
  const { parameters, fingerprint, recipe } = settings.description;
  return {
    "Made by": ENGINES[engine],
    ...(reason && { "Not WebGPU": reason }),
    Workers: workers,
    Runtime: settings.runtime,
    Model: `${(model.bytes / 1e6).toFixed(2)} MB, ${settings.weights} weights`,
    Parameters: parameters.toLocaleString("en"),
    ...(recipe && { Recipe: recipe }),
    Fingerprint: fingerprint,
    Version: settings.version,
  };
}
