// Forms that learn: a new model of a dataset, a further version of a model.

import { Problem, ask, list, path, start } from "./api.js";
import { field, form, h } from "./dom.js";
import { watch } from "./progress.js";
import { attempt, fill } from "./states.js";

const LINKAGES = ["ward", "average", "complete", "single"];
const USABLE = ["numeric", "categorical"];
const MOST_OFFERED = 30;
const NONE_TICKED = { title: "No column is ticked.", detail: "Tick at least one to learn from." };

export function newModel(dataset, features, left) {
  const name = h("input", { required: true, pattern: "[a-z][a-z0-9_\\-]{0,62}", maxlength: 63, autocomplete: "off", spellcheck: "false" });
  proposeName(name, dataset.dataset);
  const k = segments();
  const algorithm = algorithms();
  const plan = () => start(path("models"), { name: name.value, dataset: dataset.dataset, features: features(), k: k.asked(), algorithm: algorithm.asked() });
  return {
    form: learning(plan, left, "Learn segments", [field("Name of the model", name), k.field, algorithm.field]),
    take: (chosen) => { k.choose(chosen); name.focus(); },
  };
}

// What is not changed is left to the service, which goes on as before.
export function furtherVersion(version, left) {
  const place = h("div");
  fill(place, () => usable(version.dataset), (names) => {
    const k = segments(version.k);
    const algorithm = algorithms(version.algorithm);
    const features = boxes(names, version.features);
    const plan = () => start(path("models", version.model, "versions"), { k: k.asked(), algorithm: algorithm.asked(), features: features.asked() });
    return learning(plan, left, "Learn a further version", [k.field, algorithm.field], features.fieldset);
  });
  return place;
}

async function usable(dataset) {
  try {
    return (await ask(path("datasets", dataset))).columns.filter(({ kind }) => USABLE.includes(kind)).map(({ name }) => name);
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return [];
    throw error;
  }
}

function learning(plan, left, text, fields, ...more) {
  const progress = h("div");
  const act = async () => {
    const result = await attempt(progress, async () => watch(progress, await plan(), left));
    if (result) location.hash = `#/models/${result.model}/versions/${result.version}`;
  };
  return form({ class: "panel" }, act, h("div", { class: "fields" }, fields), more, h("p", { class: "actions" }, h("button", { class: "primary" }, text)), progress);
}

function segments(given = "auto") {
  const choices = Array.from({ length: Math.max(MOST_OFFERED, Number(given) || 0) }, (_, i) => h("option", { value: i + 1 }, String(i + 1)));
  const select = h("select", {}, h("option", { value: "auto" }, "As many as there are"), choices);
  select.value = given;
  return {
    field: field("Number of segments", select),
    asked: () => (select.value === "auto" ? "auto" : Number(select.value)),
    choose: (k) => { select.value = k; },
  };
}

export function algorithms(given) {
  const names = [["kmeans", "K-Means"], ...LINKAGES.map((linkage) => [linkage, `Hierarchical (${linkage})`])];
  const select = h("select", {}, names.map(([value, text]) => h("option", { value }, text)));
  const before = given?.linkage ?? given?.name;
  if (before) select.value = before;
  const goesOn = () => select.value === before && !given.distance; // a distance would contradict a number of segments
  return {
    field: field("Algorithm", select),
    asked: () => (goesOn() ? undefined : select.value === "kmeans" ? { name: "kmeans" } : { name: "hierarchical", linkage: select.value }),
  };
}

function boxes(names, before) {
  const known = new Map(before.map(({ name, scale, log, weight }) => [name, { name, scale, log, weight }]));
  const all = names.map((name) => [name, h("input", { type: "checkbox", checked: known.has(name), "aria-label": `Use ${name}` })]);
  const ticked = () => all.filter(([, { checked }]) => checked).map(([name]) => name);
  return {
    fieldset: names.length > 0 && h("fieldset", {}, h("legend", {}, "Columns"), h("div", { class: "boxes" }, all.map(([name, box]) => h("label", {}, box, " ", name)))),
    asked: () => (all.every(([name, { checked }]) => checked === known.has(name)) ? undefined : chosen(ticked(), known)),
  };
}

function chosen(names, known) {
  if (names.length === 0) throw new Problem(NONE_TICKED, 0);
  return names.map((name) => known.get(name) ?? name);
}

// There is a name at once, for who learns without a look at it; it gives way if it turns out to be taken.
async function proposeName(input, wanted) {
  input.value = wanted;
  const taken = new Set((await list(path("models"), "models").catch(() => [])).map(({ model }) => model));
  let proposed = wanted;
  for (let n = 2; taken.has(proposed); n += 1) proposed = `${wanted.slice(0, 58)}-${n}`;
  if (input.value === wanted) input.value = proposed;
}
