// The page's canvas, asked from outside: `node page_canvas.mjs PAGE < questions.json`.
// A question is {model, request, cells} with or without a blend, or {normals: [[seed, channel,
// row, column], ...]}; answers are lines of JSON, with arrays as base64 of little-endian float32.

import { readFileSync } from "node:fs";

const page = (name) => import(`${process.argv[2]}/${name}`);
const { describe } = await page("description.mjs");
const { normal } = await page("latents.mjs");
const { inputs, makeView } = await page("views.mjs");

const text = (array) => Buffer.from(array.buffer).toString("base64");

function answer({ model, request, cells, blend, normals }) {
  if (normals) return { normals: text(Float32Array.from(normals, (each) => normal(...each))) };
  const view = makeView(describe(model), request);
  if (!cells) return {};
  const { latent, positions } = inputs(view, ...cells, blend);
  return { latent: text(latent), positions: text(positions) };
}

for (const question of JSON.parse(readFileSync(0, "utf-8"))) {
  let told;
  try {
    told = answer(question);
  } catch (error) {
    told = { refused: error.message };
  }
  console.log(JSON.stringify(told));
}
