// The start: a table to bring along, the datasets and models that are there.

import { list, path } from "./api.js";
import { h, section } from "./dom.js";
import { empty, fill } from "./states.js";
import { upload } from "./upload.js";
import { count, moment } from "./words.js";

export function showHome() {
  const datasets = h("div");
  const models = h("div");
  fill(datasets, () => list(path("datasets"), "datasets"), datasetCards);
  fill(models, () => list(path("models"), "models"), modelCards);
  return {
    title: "Customer segments",
    parts: [
      h("p", { class: "lead" }, "Bring a table of customers, see how many segments it holds, and what they are like."),
      upload(),
      section("Datasets", datasets),
      section("Models", models),
    ],
  };
}

function datasetCards(datasets) {
  if (datasets.length === 0) return empty("No datasets yet. Drop a table above to make the first one.");
  return h("ul", { class: "tiles" }, datasets.map((each) =>
    tile(`#/datasets/${encodeURIComponent(each.dataset)}`, each.dataset,
      `${count(each.n_customers, "customer")}, ${count(each.columns.length, "column")}`, `Changed ${moment(each.updated_at)}`)));
}

function modelCards(models) {
  if (models.length === 0) return empty("No models yet. Choose a dataset, then learn segments from it.");
  return h("ul", { class: "tiles" }, models.map((each) =>
    tile(`#/models/${encodeURIComponent(each.model)}`, each.model, count(each.versions, "version"), production(each.aliases))));
}

function production({ production: version }) {
  return version ? `Version ${version} is in production` : "Nothing in production yet";
}

function tile(href, name, ...lines) {
  return h("li", {}, h("a", { class: "tile", href }, h("strong", {}, name), lines.map((line) => h("span", {}, line))));
}
