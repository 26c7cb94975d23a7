// Which segment is this customer? A form made of the version's features, and the answer with its reasons.

import { ask } from "./api.js";
import { dot } from "./colours.js";
import { field, form, h } from "./dom.js";
import { attempt } from "./states.js";
import { number, percent } from "./words.js";

const NEAR_BORDER = 0.2;

export function placing(version, segments, address) {
  const inputs = version.features.map((feature) => [feature.name, control(feature)]);
  const answer = h("div", { role: "status" });
  const act = () => attempt(answer, async () => {
    const known = inputs.filter(([, input]) => input.value !== "").map(([name, input]) => [name, input.value]);
    const placed = await ask(`${address}/assignments?explain=true`, { method: "POST", json: { customers: [Object.fromEntries(known)] } });
    answer.replaceChildren(shown(placed.assignments[0], segments));
  });
  const fields = inputs.map(([name, input]) => field(name, input));
  return [form({ class: "panel" }, act,
    h("p", { class: "muted" }, "Leave empty what you do not know."), h("div", { class: "fields" }, fields),
    h("p", { class: "actions" }, h("button", { class: "primary" }, "Find the segment"))), answer];
}

function control({ kind, categories }) {
  if (kind === "numeric") return h("input", { type: "number", step: "any" });
  const choices = (categories ?? []).map((category) => h("option", { value: category }, category));
  return h("select", {}, h("option", { value: "" }, "Not known"), choices);
}

function shown(found, segments) {
  const [mine, next] = [found.segment, found.runner_up].map((id) => segments.find(({ segment }) => segment === id));
  return h("div", { class: "panel placed" },
    h("p", { class: "answer" }, dot(mine?.index ?? 0), found.segment_name),
    next && h("p", {}, margin(found.margin, next.name)),
    found.reasons?.length > 0 && reasons(found.reasons, next),
    (found.outlier_reasons ?? []).map(({ feature, detail }) => h("p", { class: "muted" }, `Unusual: ${feature ? `${feature} ` : ""}${detail}`)),
    found.imputed?.length > 0 && h("p", { class: "muted" }, `Taken as typical, because not known: ${found.imputed.join(", ")}.`));
}

function margin(value, other) {
  return value < NEAR_BORDER ? `A close call: nearly as much like “${other}”.` : `Clearly so; the next best would be “${other}” (margin ${number(value, 2)}).`;
}

function reasons(found, next) {
  const most = Math.max(...found.map(({ contribution }) => Math.abs(contribution)));
  return [
    h("p", { class: "muted" }, next ? `What speaks for it, and against “${next.name}”:` : "What speaks for it:"),
    h("ul", { class: "bars" }, found.map(({ feature, value, contribution }) => h("li", { class: contribution < 0 ? "against" : null },
      h("span", {}, `${feature}: ${typeof value === "number" ? number(value) : (value ?? "not known")}`),
      h("meter", { value: Math.abs(contribution), min: 0, max: most || 1, "aria-hidden": "true" }),
      h("span", { class: "figure" }, `${contribution < 0 ? "against " : ""}${percent(Math.abs(contribution))}`)))),
  ];
}
