// One colour for each segment, wherever it appears: those of the figures.

import { h } from "./dom.js";

const N_COLOURS = 28;

export function dot(index) {
  return h("span", { class: `dot colour-${index % N_COLOURS}`, "aria-hidden": "true" });
}
