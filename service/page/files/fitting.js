// Forms that learn: a new model of a dataset, a further version of a model.

import { list, path, start } from "./api.js";
import { field, form, h } from "./dom.js";
import { watch } from "./progress.js";
import { attempt } from "./states.js";

export function newModel(dataset, features, left) {
  const name = h("input", { required: true, pattern: "[a-z][a-z0-9_\\-]{0,62}", maxlength: 63, autocomplete: "off", spellcheck: "false" });
  proposeName(name, dataset.dataset);
  const k = segments();
  const algorithm = algorithms();
  const plan = () => start(path("models"), { name: name.value, dataset: dataset.dataset, features: features(), k: k.asked(), algorithm: algorithm.asked() });
  return {
    form: learning(plan, left, "Learn segments", field("Name of the model", name), k.field, algorithm.field),
    take: (chosen) => { k.choose(chosen); name.focus(); },
  };
}

export function furtherVersion(version, left) {
  const k = segments(version.k);
  const plan = () => start(path("models", version.model, "versions"), { k: k.asked() });
  return learning(plan, left, "Learn a further version", k.field);
}

function learning(plan, left, text, ...fields) {
  const progress = h("div");
  const act = async () => {
    const result = await attempt(progress, async () => watch(progress, await plan(), left));
    if (result) location.hash = `#/models/${result.model}/versions/${result.version}`;
  };
  return form({ class: "panel" }, act, h("div", { class: "fields" }, fields), h("p", { class: "actions" }, h("button", { class: "primary" }, text)), progress);
}

function segments(given = "auto") {
  const choices = Array.from({ length: 30 }, (_, i) => h("option", { value: i + 1 }, String(i + 1)));
  const select = h("select", {}, h("option", { value: "auto" }, "As many as there are"), choices);
  select.value = given;
  return {
    field: field("Number of segments", select),
    asked: () => (select.value === "auto" ? "auto" : Number(select.value)),
    choose: (k) => { select.value = k; },
  };
}

export function algorithms() {
  const names = [["kmeans", "K-Means"], ...["ward", "average", "complete", "single"].map((linkage) => [linkage, `Hierarchical (${linkage})`])];
  const select = h("select", {}, names.map(([value, text]) => h("option", { value }, text)));
  return {
    field: field("Algorithm", select),
    asked: () => (select.value === "kmeans" ? { name: "kmeans" } : { name: "hierarchical", linkage: select.value }),
  };
}

async function proposeName(input, wanted) {
  const taken = new Set((await list(path("models"), "models").catch(() => [])).map(({ model }) => model));
  let proposed = wanted;
  for (let n = 2; taken.has(proposed); n += 1) proposed = `${wanted.slice(0, 58)}-${n}`;
  input.value ||= proposed;
}
