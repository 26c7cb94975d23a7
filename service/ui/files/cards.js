// The segments of a version, each on its card, by size.

import { ask, path } from "./api.js";
import { dot } from "./colours.js";
import { field, form, h } from "./dom.js";
import { save } from "./downloads.js";
import { attempt } from "./states.js";
import { count, number, percent, stability } from "./words.js";

const MOST_DIFFERENCES = 4;

export function cards(version, segments) {
  const bySize = [...segments].sort((a, b) => b.n_customers - a.n_customers);
  return h("ul", { class: "cards" }, bySize.map((segment) => card(version, segment)));
}

function card(version, segment) {
  const name = h("span", {}, segment.name);
  const description = h("p", {}, segment.description ?? "");
  const editor = h("div");
  const rename = h("button", { type: "button", class: "quiet", "aria-label": `Rename ${segment.name}`, click: () => open() }, "Rename");
  const close = (given) => {
    if (given) show(segment, given, name, description, rename);
    editor.replaceChildren();
    rename.focus();
  };
  const open = () => { editor.replaceChildren(naming(version, segment, close)); editor.querySelector("input").focus(); };
  return h("li", { class: "card" },
    h("h3", {}, dot(segment.index), name), description,
    h("p", { class: "size" }, h("strong", {}, percent(segment.share)), ` ${count(segment.n_customers, "customer")}`),
    h("meter", { value: segment.share, min: 0, max: 1, "aria-hidden": "true" }),
    about(segment),
    h("p", { class: "links" }, rename, save(`${path("models", version.model, "versions", version.version, "segments", segment.segment, "customers")}?format=csv`,
      `${version.model}-${version.version}-${segment.index}.csv`, "Members (CSV)", `Members of ${segment.name} (CSV)`)),
    editor);
}

function about(segment) {
  const told = segment.differs_by.slice(0, MOST_DIFFERENCES).map((each) => h("li", {}, each.text));
  const typical = Object.entries(segment.typical).map(([feature, value]) => h("div", {}, h("dt", {}, feature), h("dd", {}, worth(value))));
  return [
    told.length ? h("ul", { class: "differences" }, told) : h("p", { class: "muted" }, "Much like all customers taken together."),
    segment.rule && h("p", { class: "rule" }, h("strong", {}, "In short: "), segment.rule.text, trust(segment.rule)),
    h("p", { class: "muted" }, stability(segment.stability)),
    h("details", {}, h("summary", {}, "A typical customer"), h("dl", { class: "typical" }, typical)),
  ];
}

function worth(value) {
  if (value === null || typeof value === "number") return number(value);
  return Object.entries(value).sort(([, a], [, b]) => b - a).slice(0, 3).map(([category, share]) => `${category} ${percent(share)}`).join(", ");
}

function trust({ precision, recall }) {
  if (precision === null || recall === null) return null;
  return h("small", {}, `${percent(precision)} of those whom this names belong here, and it names ${percent(recall)} of those who do.`);
}

function naming(version, segment, close) {
  const name = h("input", { value: segment.name, required: true, maxlength: 100, autocomplete: "off" });
  const description = h("textarea", { rows: 2, maxlength: 2000 });
  description.value = segment.description ?? "";
  const outcome = h("div");
  const act = async () => {
    const json = { name: name.value, description: description.value || null };
    const given = await attempt(outcome, () => ask(path("models", version.model, "segments", segment.segment), { method: "PATCH", json }));
    if (given) close(given);
  };
  return form({ class: "rename", keydown: (event) => event.key === "Escape" && close() }, act,
    field("Name", name), field("Description", description),
    h("p", { class: "actions" }, h("button", { class: "primary" }, "Save"), h("button", { type: "button", class: "quiet", click: () => close() }, "Cancel")), outcome);
}

function show(segment, given, name, description, rename) {
  Object.assign(segment, { name: given.name, description: given.description });
  name.textContent = given.name;
  description.textContent = given.description ?? "";
  rename.setAttribute("aria-label", `Rename ${given.name}`);
}
