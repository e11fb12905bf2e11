// The panel: what is set there, and what it shows.

import { possiblePeriodic, shortestPeriod } from "./periods.mjs";

const REPEATS = {
  none: "never",
  x: "in x",
  y: "in y",
  xy: "in x and y",
  "half-drop": "half-drop",
  brick: "brick bond",
};
export const find = (id) => document.getElementById(id);
const chosen = (name) => document.querySelector(`input[name="${name}"]:checked`)?.value;

export class Controls {
  // `hands` is the page.
  constructor(description, hands) {
    this.description = description;
    for (const periodic of possiblePeriodic(description)) {
      find("periodic").append(new Option(REPEATS[periodic], periodic));
    }
    find("periodic").disabled = find("periodic").options.length === 1;
    const valid = (does) => ({ target }) => target.checkValidity() && does(target);
    const onChange = (id, does) => find(id).addEventListener("change", valid(does));
    onChange("seed", ({ value }) => hands.setWorld({ seed: +value }));
    onChange("other", ({ value }) => hands.setWorld({ other: +value }));
    onChange("periodic", ({ value }) => hands.setWorld({ periodic: value, period: [0, 0] }));
    for (const id of ["period-y", "period-x"]) {
      onChange(id, () => {
        hands.setWorld({ period: [this.#number("period-y"), this.#number("period-x")] });
      });
    }
    for (const id of ["top", "left"]) {
      onChange(id, () => hands.go(this.#number("top"), this.#number("left")));
    }
    onChange("outline", () => hands.change());
    find("mix").addEventListener("input", ({ target }) => hands.setWorld({ mix: +target.value }));
    for (const radio of document.getElementsByName("zoom")) {
      radio.addEventListener("change", () => hands.zoomTo(+radio.value));
    }
    for (const radio of document.getElementsByName("tool")) {
      radio.addEventListener("change", () => hands.change());
    }
    find("another").addEventListener("click", () => {
      hands.setWorld({ seed: crypto.getRandomValues(new Uint32Array(1))[0] });
    });
    find("clear").addEventListener("click", () => hands.clear());
    find("save").addEventListener("click", () => hands.save());
    find("save-mask").addEventListener("click", () => hands.saveMask());
    find("link").addEventListener("click", () => hands.link());
    find("webgpu").addEventListener("change", ({ target }) => hands.useWebGPU(target.checked));
    find("form").addEventListener("submit", (event) => event.preventDefault());
    // A phone shows the picture first.
    if (matchMedia("(max-width: 40rem)").matches) find("panel").open = false;
  }

  // "move", or whose plan is painted: "other", "own", or neither any more, "erase".
  get tool() {
    return chosen("tool");
  }

  // Pixels of the canvas.
  get brush() {
    return this.#number("brush");
  }

  get outlined() {
    return find("outline").checked;
  }

  // The panel made to show a world and where the camera is.
  show({ world, camera }) {
    const set = (id, value) => {
      if (document.activeElement !== find(id)) find(id).value = value;
    };
    set("seed", world.seed);
    set("other", world.other);
    set("mix", world.mix);
    const percent = Math.round(world.mix / 2.55);
    find("mix").setAttribute("aria-valuetext", `${percent} % of seed ${world.other}`);
    set("top", camera.top);
    set("left", camera.left);
    set("periodic", world.periodic);
    find("periods").hidden = world.periodic === "none";
    ["period-y", "period-x"].forEach((id, axis) => {
      const shortest = shortestPeriod(this.description, world.periodic, axis);
      Object.assign(find(id), { min: shortest, step: shortest, disabled: !world.period[axis] });
      set(id, world.period[axis]);
    });
    for (const radio of document.getElementsByName("zoom")) {
      radio.checked = +radio.value === camera.zoom;
    }
  }

  // What is known of the model and of what makes the tiles, as a list of names and values.
  showFacts(facts) {
    find("facts").replaceChildren(
      ...Object.entries(facts).flatMap(([name, value]) => {
        const [term, detail] = ["dt", "dd"].map((tag) => document.createElement(tag));
        [term.textContent, detail.textContent] = [name, value];
        return [term, detail];
      }),
    );
  }

  #number(id) {
    return +find(id).value;
  }
}

// One sentence in the place of what was meant to be seen; an empty one takes it away.
export function showFailure(sentence) {
  find("failure").hidden = !sentence;
  find("failure").textContent = sentence;
}
