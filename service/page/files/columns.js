// The columns of a dataset, and which of them segments are learned from.

import { h } from "./dom.js";
import { number } from "./words.js";

const USABLE = ["numeric", "categorical"];

export function columns({ columns: found }) {
  const boxes = found.filter((column) => USABLE.includes(column.kind)).map((column) => [column.name, box(column)]);
  const byName = new Map(boxes);
  const rows = found.map((column) => row(column, byName.get(column.name)));
  return {
    table: [h("p", {}, "Ticked columns are used to find segments."), framed(rows)],
    features: () => boxes.filter(([, each]) => each.checked).map(([name]) => name),
  };
}

function box(column) {
  return h("input", { type: "checkbox", checked: true, "aria-label": `Use ${column.name}` });
}

function framed(rows) {
  const heads = [["", "use"], ["Column"], ["Kind"], ["Missing", "figure"], ["Distinct", "figure"]];
  const head = h("tr", {}, heads.map(([text, kind]) => h("th", { scope: "col", class: kind }, text || h("span", { class: "unseen" }, "Use"))));
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Table of columns" }, h("table", {}, h("thead", {}, head), h("tbody", {}, rows)));
}

function row(column, use) {
  return h("tr", { class: use ? null : "unused" },
    h("td", { class: "use" }, use),
    h("th", { scope: "row" }, column.name, column.reason && h("small", {}, column.reason)),
    h("td", {}, column.kind),
    h("td", { class: "figure" }, number(column.missing)),
    h("td", { class: "figure" }, number(column.distinct)));
}
