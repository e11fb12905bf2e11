// The address bar: a link is a place. What is painted is not in it.

import { ZOOMS } from "./camera.mjs";
import { PERIODIC } from "./periods.mjs";

// What a link says, as `#seed=7&top=-1000&left=250000`; what makes no sense is left out.
export function readAddress(hash) {
  const asked = new URLSearchParams(hash.replace(/^#/, ""));
  const place = {};
  const whole = (name, least, most) => {
    const text = asked.get(name);
    if (/^-?\d{1,11}$/.test(text ?? "") && +text >= least && +text <= most) place[name] = +text;
  };
  whole("seed", 0, 2 ** 32 - 1);
  whole("other", 0, 2 ** 32 - 1);
  whole("mix", 0, 255);
  for (const name of ["top", "left"]) whole(name, -(2 ** 35), 2 ** 35);
  // For those who know better than the page how many.
  whole("workers", 1, 16);
  if (PERIODIC.includes(asked.get("periodic"))) place.periodic = asked.get("periodic");
  const period = /^(\d{1,10})x(\d{1,10})$/.exec(asked.get("period") ?? "");
  if (period) place.period = period.slice(1).map(Number);
  const zoom = ZOOMS.find((each) => asked.get("zoom") === `1/${each}`);
  if (zoom) place.zoom = zoom;
  return place;
}

export function writeAddress({ world, camera }, workers) {
  const parts = [`seed=${world.seed}`, `top=${camera.top}`, `left=${camera.left}`];
  if (camera.zoom > 1) parts.push(`zoom=1/${camera.zoom}`);
  if (world.periodic !== "none") {
    parts.push(`periodic=${world.periodic}`, `period=${world.period.join("x")}`);
  }
  if (world.mix) parts.push(`other=${world.other}`, `mix=${world.mix}`);
  if (workers) parts.push(`workers=${workers}`);
  return `#${parts.join("&")}`;
}
