// What has to be known of a generator to call it; as `canvas/description.py` writes it.

import { BORDER, CELL, SCHEME } from "./latents.mjs";

const FORMATS = [1, 2, 3];
// Which axes (y, x) an encoding repeats on.
const ENCODINGS = {
  linear: [false, false],
  cylinder: [false, true],
  torus: [true, true],
  rows: [true, true],
  columns: [true, true],
  none: [true, true],
};
// Pixels: a training crop, and a picture of a lattice whose repeats are smaller than one.
const CROP = 64;
const LATTICE_SHOWN = 256;

// A description's values with those that its format does not name; an error in one sentence if it
// is of a model that this page cannot call.
export function describe(values) {
  const told = { format: 1, cell: CELL, border: BORDER, latents: SCHEME, ...values };
  const possible = { format: FORMATS, cell: [CELL], border: [BORDER], latents: [SCHEME] };
  possible.encoding = Object.keys(ENCODINGS);
  for (const [name, known] of Object.entries(possible)) {
    if (!known.includes(told[name])) {
      throw new Error(
        `The model is of ${name} ${told[name]}; this page knows ${known.join(", ")}.`,
      );
    }
  }
  const frame = told.frame;
  const repeats = ENCODINGS[told.encoding];
  return {
    frame,
    repeats,
    globalChannels: told.global_channels,
    localChannels: told.local_channels,
    lineChannels: told.line_channels ?? [0, 0],
    imageChannels: told.image_channels ?? 3,
    fingerprint: told.fingerprint,
    // (height, width) in pixels of a picture that shows the model.
    shown: frame.map((length) =>
      length >= CROP ? length : Math.ceil(LATTICE_SHOWN / length) * length,
    ),
  };
}
