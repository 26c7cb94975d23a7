// Two versions of a model side by side, and who would move.

import { ask, list, path } from "./api.js";
import { dot } from "./colours.js";
import { field, h, section } from "./dom.js";
import { figures } from "./figures.js";
import { empty, fill } from "./states.js";
import { algorithm, count, metrics, number, percent } from "./words.js";

export function showComparison(model, before, after) {
  const place = h("div");
  fill(place, () => load(model, before, after), parts);
  return { title: `Versions of ${model}`, parts: [place] };
}

async function load(model, before, after) {
  const one = (number) => ask(path("models", model, "versions", number));
  const [a, b, versions] = await Promise.all([one(before), one(after), list(path("models", model, "versions"), "versions")]);
  return { model, a, b, ready: versions.filter(({ state }) => state === "ready") };
}

function parts({ model, a, b, ready }) {
  if ([a, b].some(({ state }) => state !== "ready")) return empty("One of them is not ready. Choose another one.");
  const go = (from, to) => { location.hash = `#/models/${model}/comparison/${from}/${to}`; };
  return [
    h("p", {}, h("a", { href: `#/models/${model}` }, `Back to ${model}`)),
    h("div", { class: "fields" }, chooser("From version", ready, a, (number) => go(number, b.version)), chooser("To version", ready, b, (number) => go(a.version, number))),
    section("Who moves", moves(path("models", model, "comparison"), { from: a.version, to: b.version })),
    section("What was asked and learned", compared("Facts of both versions", a, b, facts(a, b))),
    section("Segments", h("p", { class: "muted" }, "A segment that goes on stands in one row."), compared("Segments of both versions", a, b, segments(a, b))),
  ];
}

function chooser(text, versions, chosen, act) {
  const select = h("select", { change: () => act(select.value) }, versions.map(({ version, aliases }) =>
    h("option", { value: version, selected: version === chosen.version }, [`Version ${version}`, ...aliases].join(", "))));
  return field(text, select);
}

function moves(of, asked) {
  const place = h("div");
  fill(place, () => ask(`${of}?${new URLSearchParams(asked)}`), (found) => [h("p", { class: "lead" }, told(found)), figures(of, asked)], "Placing every customer by both versions…");
  return place;
}

function told({ n_customers, n_moved, share_moved, n_unplaced, adjusted_rand_index, dataset, dataset_version }) {
  const left = n_unplaced ? ` ${count(n_unplaced, "customer")} cannot be placed by both.` : "";
  if (n_customers === 0) return `No customer is placed by both.${left}`;
  const agree = `The versions agree by ${adjusted_rand_index.toFixed(2)} (1: the same customers are together; 0: as by chance).`;
  return `${number(n_moved)} of ${count(n_customers, "customer")} (${percent(share_moved)}) would be in another segment. ${agree}${left} Dataset ${dataset}, version ${dataset_version}.`;
}

function facts(a, b) {
  const shown = [
    ["Segments", ({ k }) => number(k)],
    ["Algorithm", (version) => algorithm(version.algorithm)],
    ["Columns", ({ features }) => features.map(({ name }) => name).join(", ")],
    ["Customers", (version) => `${count(version.n_customers, "customer")} of ${version.dataset}, version ${version.dataset_version}`],
  ];
  const measured = metrics({ ...a.metrics, ...b.metrics }).map(([name], i) => [name, (version) => number(metrics({ ...a.metrics, ...b.metrics, ...version.metrics })[i][2])]);
  return [...shown, ...measured].map(([name, tell]) => [name, tell(a), tell(b)]);
}

function segments(a, b) {
  const [left, right] = [a, b].map((version) => new Map(version.segments.map((each) => [each.segment, each])));
  return [...new Set([...left.keys(), ...right.keys()])].map((id) => {
    const [from, to] = [left.get(id), right.get(id)];
    return [[dot((to ?? from).index), (to ?? from).name], size(from), size(to)];
  });
}

function size(segment) {
  return segment ? `${percent(segment.share)} (${number(segment.n_customers)})` : "–";
}

function compared(label, a, b, rows) {
  const head = h("tr", {}, h("td"), [a, b].map(({ version }) => h("th", { scope: "col" }, `Version ${version}`)));
  const body = rows.map(([name, ...cells]) => h("tr", {}, h("th", { scope: "row" }, name), cells.map((cell) => h("td", {}, cell))));
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label }, h("table", {}, h("thead", {}, head), h("tbody", {}, body)));
}
