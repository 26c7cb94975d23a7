// One dataset: its columns, how many segments it holds, and what was learned from it.

import { advice } from "./advice.js";
import { ask, list, path } from "./api.js";
import { columns } from "./columns.js";
import { h, section } from "./dom.js";
import { figures } from "./figures.js";
import { newModel } from "./fitting.js";
import { empty, fill } from "./states.js";
import { count, moment } from "./words.js";

export function showDataset(name, left) {
  const place = h("div");
  fill(place, () => ask(path("datasets", name)), (dataset) => parts(dataset, left), "Looking at the columns…");
  return { title: name, parts: [place] };
}

function parts(dataset, left) {
  const pictures = h("div");
  const draw = () => pictures.replaceChildren(figures(path("datasets", dataset.dataset)));
  const chosen = columns(dataset, draw);
  const fitting = newModel(dataset, chosen.features, left);
  draw();
  return [
    h("p", { class: "lead" }, `${count(dataset.n_customers, "customer")}, each named by ${dataset.customer_id}. Version ${dataset.dataset_version}, ${moment(dataset.updated_at)}.`),
    section("Columns", chosen.table),
    section("How many segments?", advice(dataset, chosen.features, fitting.take, left)),
    section("Learn segments", fitting.form),
    section("Models of this dataset", models(dataset)),
    section("Figures", pictures),
  ];
}

function models(dataset) {
  const place = h("div");
  fill(place, () => learned(dataset.dataset), (found) => shown(found));
  return place;
}

async function learned(dataset) {
  const models = await list(path("models"), "models");
  const versions = await Promise.all(models.map((each) => list(path("models", each.model, "versions"), "versions")));
  return versions.map((each) => each.filter((version) => version.dataset === dataset).at(-1)).filter(Boolean);
}

function shown(versions) {
  if (versions.length === 0) return empty("None yet. Learn segments above.");
  return h("ul", { class: "tiles" }, versions.map((each) => h("li", {}, h("a", { class: "tile", href: `#/models/${each.model}/versions/${each.version}` },
    h("strong", {}, each.model), h("span", {}, `Version ${each.version}`),
    h("span", {}, each.state === "ready" ? count(each.k, "segment") : each.state)))));
}
