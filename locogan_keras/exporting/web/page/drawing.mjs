// The scene on its canvas: every tile on whole pixels, so that no hairline can show.

import { TILE, outlines } from "./pieces.mjs";

// All that is known of what is seen; gives how many tiles that is, and how many are as asked for.
export function draw(context, scene, marks) {
  const { camera } = scene;
  context.fillStyle = marks.ground;
  context.fillRect(0, 0, camera.width, camera.height);
  const pieces = scene.look();
  let ready = 0;
  for (const { row, column, top, left, height, width } of pieces) {
    if (scene.isFresh(row, column)) ready++;
    const tile = scene.tile(row, column);
    if (!tile) continue;
    const scale = tile.bitmap.width / TILE;
    const place = [left - camera.left, top - camera.top, width, height];
    context.drawImage(
      tile.bitmap,
      ...[0, 0, width * scale, height * scale],
      ...place.map((length) => length / camera.zoom),
    );
  }
  if (marks.outline) outline(context, scene);
  if (marks.brush) ring(context, marks.brush);
  return { tiles: pieces.length, ready };
}

// Dashes of black and white, to be seen on anything.
function stroke(context, trace) {
  ["#000a", "#fffa"].forEach((colour, turn) => {
    context.setLineDash([6, 6]);
    context.lineDashOffset = 6 * turn;
    context.strokeStyle = colour;
    context.beginPath();
    trace();
    context.stroke();
  });
}

function outline(context, { view, camera }) {
  stroke(context, () => {
    for (const { across, at, from, to } of outlines(view, camera.window)) {
      const origin = across ? [camera.top, camera.left] : [camera.left, camera.top];
      const place = (at - origin[0]) / camera.zoom + 0.5;
      for (const [index, end] of [from, to].entries()) {
        const point = [(end - origin[1]) / camera.zoom, place];
        if (!across) point.reverse();
        context[index ? "lineTo" : "moveTo"](...point);
      }
    }
  });
}

function ring(context, { y, x, radius }) {
  stroke(context, () => context.arc(x, y, radius, 0, 2 * Math.PI));
}
