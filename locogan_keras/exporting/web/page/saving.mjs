// A window as a PNG file, and the command line that makes the same.

import { CELL } from "./latents.mjs";
import { CELLS, piecesOf } from "./pieces.mjs";
import { cellsOf, tileLevels } from "./painting.mjs";
import { modulo } from "./views.mjs";

// The window's picture at full size, a PNG file. `progress` is called with what part is done.
export async function pictureOf(scene, progress) {
  const { view, world, painting, camera } = scene;
  const window = camera.window;
  const [top, left, height, width] = window;
  const level = hasOther(scene) ? painting.levelsOfMask(view, world.mix, window) : () => 0;
  const picture = new OffscreenCanvas(width, height);
  const context = picture.getContext("2d");
  const pieces = piecesOf(view, window);
  const tiles = new Map(pieces.map((piece) => [`${piece.row}/${piece.column}`, []]));
  for (const piece of pieces) tiles.get(`${piece.row}/${piece.column}`).push(piece);
  let done = 0;
  const draw = async (places) => {
    const [{ row, column }] = places;
    const bitmap = await scene.ask(row, column, tileLevels(level, row, column, CELLS));
    for (const place of places) {
      const size = [place.width, place.height];
      context.drawImage(bitmap, 0, 0, ...size, place.left - left, place.top - top, ...size);
    }
    bitmap.close();
    progress(++done / tiles.size);
  };
  await Promise.all([...tiles.values()].map(draw));
  return picture.convertToBlob({ type: "image/png" });
}

// A mask of the window, a PNG file: grey as much as a cell is of the other world.
export async function maskOf({ view, world, painting, camera }) {
  const [top, left, height, width] = camera.window;
  const level = painting.levels(view, world.mix);
  const mask = new OffscreenCanvas(width, height);
  const context = mask.getContext("2d");
  const [rows, columns] = cellsOf(camera.window);
  const origin = [modulo(top, CELL), modulo(left, CELL)];
  rows.forEach((row, y) =>
    columns.forEach((column, x) => {
      const grey = level(row, column);
      context.fillStyle = `rgb(${grey} ${grey} ${grey})`;
      context.fillRect(x * CELL - origin[1], y * CELL - origin[0], CELL, CELL);
    }),
  );
  return mask.convertToBlob({ type: "image/png" });
}

// What the window's files are called.
export function nameFor({ world, camera }) {
  return `seed-${world.seed}_top_${camera.top}_left_${camera.left}`;
}

// The command that makes the window again, from the model that lies beside the page.
export function commandFor(scene) {
  const { world, camera, description } = scene;
  const [top, left, height, width] = camera.window;
  const name = nameFor(scene);
  const plans = hasOther(scene)
    ? ["edit transplant", `--from ${world.other} --to ${world.seed} --region ${name}-mask.png`]
    : ["render", `--seed ${world.seed}`];
  const parts = [`locogan ${plans[0]} model.onnx --out ${name}.png ${plans[1]}`];
  parts.push(`--height ${height} --width ${width} --top ${top} --left ${left}`);
  if (description.repeats.includes(false)) {
    const frame = description.frame.map((length, axis) => (description.repeats[axis] ? 0 : length));
    parts.push(`--frame ${frame.join("x")}`);
  }
  parts.push(`--periodic ${world.periodic}`);
  if (world.periodic !== "none") parts.push(`--period ${world.period.join("x")}`);
  return parts.join(" ");
}

// Whether anything of the other world is in the window.
export function hasOther({ world, painting, view, camera }) {
  if (world.other === world.seed) return false;
  if (!painting.cells.size) return world.mix > 0;
  const level = painting.levels(view, world.mix);
  const [rows, columns] = cellsOf(camera.window);
  return rows.some((row) => columns.some((column) => level(row, column) > 0));
}

// A file given to the person at the page.
export function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}
