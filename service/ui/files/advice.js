// How many segments: the question, the answer, and what it rests on.

import { ask, path, start } from "./api.js";
import { chart } from "./curves.js";
import { field, form, h } from "./dom.js";
import { algorithms } from "./fitting.js";
import { figures } from "./figures.js";
import { watch } from "./progress.js";
import { attempt, empty, fill, warnings } from "./states.js";
import { algorithm, count, criterion, number, percent } from "./words.js";

const LEAST_SHOWN = 0.005;

export function advice(dataset, features, take, left) {
  const place = path("datasets", dataset.dataset, "recommendations");
  const [answer, progress] = [h("div"), h("div")];
  const [most, how] = [limit(), algorithms()];
  const show = (found) => (found ? shown(found, place, take) : empty("Not asked yet. Press the button: the columns that are ticked above are looked at."));
  const act = () => attempt(progress, async () => {
    const made = await watch(progress, await start(place, { features: features(), k_max: Number(most.value), algorithm: how.asked() }), left);
    if (made) await fill(answer, () => ask(`${place}/${made.recommendation}`), show);
  });
  fill(answer, () => newest(place), show);
  return [form({ class: "panel" }, act, h("div", { class: "fields" }, field("At most", most), how.field),
    h("p", { class: "actions" }, h("button", { class: "primary" }, "How many segments?")), progress), answer];
}

function limit() {
  return h("input", { type: "number", min: 1, max: 30, value: 10, required: true });
}

async function newest(place) {
  const { recommendations } = await ask(`${place}?page_size=1`);
  return recommendations[0];
}

function shown(found, place, take) {
  const by = `${found.features.map(({ name }) => name).join(", ")}; ${algorithm(found.algorithm)}, ${count(found.n_sampled, "customer")} looked at`;
  return [
    h("div", { class: "advice" },
      h("p", { class: "answer" }, found.text), h("p", { class: "muted" }, `By ${by}.`),
      h("p", { class: "actions" }, h("button", { type: "button", click: () => take(found.k) }, `Go on with ${count(found.k, "segment")}`))),
    warnings(found.warnings),
    found.probabilities && probabilities(found),
    criteria(found),
    h("h3", {}, "Pictures of this advice"),
    figures(`${place}/${found.recommendation}`),
  ];
}

function probabilities({ probabilities: all, credible_set: credible }) {
  const rows = Object.entries(all).map(([k, p]) => [Number(k), p]).filter(([k, p]) => p >= LEAST_SHOWN || credible.includes(k));
  return [
    h("h3", {}, "How probable each number is"),
    h("ul", { class: "bars" }, rows.map(([k, p]) => h("li", { class: credible.includes(k) ? "credible" : null },
      h("span", {}, count(k, "segment")), h("meter", { value: p, min: 0, max: 1, "aria-hidden": "true" }), h("span", { class: "figure" }, percent(p))))),
    h("p", { class: "muted" }, `With 90% certainty the number is ${new Intl.ListFormat("en", { type: "disjunction" }).format(credible.map(String))}.`),
  ];
}

function criteria({ verdicts }) {
  const title = verdicts.length === 1 ? "What the criterion says" : `What each of ${verdicts.length} criteria says`;
  return h("details", { class: "fold" }, h("summary", {}, h("h3", {}, title)), h("ul", { class: "verdicts" }, verdicts.map(verdict)));
}

function verdict({ criterion: name, k, scores, higher_is_better: higher }) {
  const points = Object.entries(scores).map(([at, score]) => [Number(at), score]).sort(([a], [b]) => a - b);
  const says = k === null ? "says nothing" : count(k, "segment");
  return h("li", { class: "card" },
    h("h4", {}, criterion(name), h("span", { class: "says" }, says)),
    points.length > 1 ? chart(points, k, `${criterion(name)} for ${points[0][0]} to ${points.at(-1)[0]} segments; it ${k === null ? says : `says ${says}`}`) : null,
    points.length > 1 ? h("p", { class: "muted" }, higher ? "Higher is better" : "Lower is better") : null,
    points.length > 0 ? numbers(points) : null);
}

function numbers(points) {
  const rows = points.map(([k, score]) => h("tr", {}, h("th", { scope: "row" }, String(k)), h("td", { class: "figure" }, number(score))));
  const head = h("tr", {}, h("th", { scope: "col" }, "Segments"), h("th", { scope: "col", class: "figure" }, "Score"));
  return h("details", {}, h("summary", {}, "As numbers"), h("table", {}, h("thead", {}, head), h("tbody", {}, rows)));
}
