// One version of a model: its segments, how good they are, and what can be done with them.

import { ask, list, path } from "./api.js";
import { cards } from "./cards.js";
import { h, section } from "./dom.js";
import { save } from "./downloads.js";
import { figures } from "./figures.js";
import { furtherVersion } from "./fitting.js";
import { placing } from "./placing.js";
import { watch } from "./progress.js";
import { attempt, empty, fill, refusal, warnings } from "./states.js";
import { algorithm, count, metrics, moment, number } from "./words.js";

const NONE_READY = "No version is ready. Choose a dataset and learn segments again.";

export function showVersion(model, number, left) {
  const place = h("div");
  fill(place, () => load(model, number), (loaded) => parts(loaded, left), "Fetching the segments…");
  return { title: model, parts: [place] };
}

async function load(model, number) {
  const versions = await list(path("models", model, "versions"), "versions");
  const best = versions.find(({ aliases }) => aliases.includes("production")) ?? versions.at(-1);
  const version = number ? await ask(path("models", model, "versions", number)) : best;
  if (!version) return { versions };
  const ready = version.state === "ready";
  const segments = ready ? (await ask(path("models", model, "versions", version.version, "segments"))).segments : [];
  return { version, versions, segments };
}

function parts({ version, versions, segments }, left) {
  if (!version) return empty(NONE_READY);
  if (version.state !== "ready") return [otherVersions(version, versions), unready(version, left)];
  const address = path("models", version.model, "versions", version.version);
  return [
    h("p", { class: "lead" }, told(version)),
    otherVersions(version, versions),
    actions(version, address),
    warnings(version.warnings),
    section("Segments", cards(version, segments)),
    section("Which segment is this customer?", placing(version, segments, address)),
    section("Figures", figures(address)),
    section("How good they are", quality(version)),
    section("Learn again", h("p", {}, "A further version by the newest customers; segments that go on keep their names."), furtherVersion(version, left)),
  ];
}

function told(version) {
  const by = new Intl.ListFormat("en").format(version.features.map(({ name }) => name));
  return [`${count(version.k, "segment")} of ${count(version.n_customers, "customer")}, found by ${algorithm(version.algorithm)} from ${by}. Dataset `,
    h("a", { href: `#/datasets/${version.dataset}` }, version.dataset), ` (version ${version.dataset_version}), ${moment(version.created_at)}.`];
}

function otherVersions(version, versions) {
  const links = versions.map((each) => h("li", {}, h("a", {
    href: `#/models/${each.model}/versions/${each.version}`, "aria-current": each.version === version.version ? "page" : null,
  }, `Version ${each.version}`, each.aliases.map((alias) => h("span", { class: "badge" }, alias)))));
  return h("nav", { "aria-label": "Versions" }, h("ul", { class: "tabs" }, links));
}

function unready(version, left) {
  if (version.state === "failed") return failed(version);
  const place = h("div");
  attempt(place, async () => {
    if (await watch(place, { job: version.job }, left)) dispatchEvent(new HashChangeEvent("hashchange"));
  });
  return place;
}

function failed(version) {
  const place = h("div");
  fill(place, () => ask(path("jobs", version.job)), ({ state, problem }) => (state === "cancelled"
    ? empty("This fit was cancelled. Choose another version, or learn again.")
    : refusal(problem ?? {})));
  return place;
}

function actions(version, address) {
  const outcome = h("div");
  const promote = () => attempt(outcome, async () => {
    await ask(path("models", version.model, "aliases", "production"), { method: "PUT", json: { version: version.version } });
    dispatchEvent(new HashChangeEvent("hashchange"));
  });
  const name = `${version.model}-${version.version}`;
  return h("div", {},
    h("p", { class: "actions" },
      !version.aliases.includes("production") && h("button", { type: "button", class: "primary", click: promote }, "Put into production"),
      save(`${address}/report.html`, `${name}.html`, "Download the report"),
      save(`${address}/artifact`, `${name}.joblib`, "Download the model"),
      version.version > 1 && h("a", { href: `#/models/${version.model}/comparison/${version.version - 1}/${version.version}` }, "Compare versions")),
    outcome);
}

function quality({ metrics: found }) {
  const measured = metrics(found).filter(([, , value]) => value !== null);
  return h("dl", { class: "metrics" }, measured.map(([name, hint, value]) =>
    h("div", {}, h("dt", {}, name), h("dd", {}, number(value)), hint && h("dd", { class: "muted" }, hint))));
}
