// The columns of a dataset: what each is taken for, and which of them segments are learned from.

import { Problem, ask, path } from "./api.js";
import { form, h } from "./dom.js";
import { attempt, warnings } from "./states.js";
import { number } from "./words.js";

const KINDS = ["numeric", "categorical", "identifier", "ignored"];
const USABLE = KINDS.slice(0, 2);
const NONE_TICKED = { title: "No column is ticked.", detail: "Tick at least one in the table of columns above." };

// `changed` is told when the columns are read as something else.
export function columns(dataset, changed) {
  const [place, said, outcome] = [h("div"), h("p", { class: "muted", role: "status" }), h("div")];
  const unused = new Set();
  let rows = [];
  const show = (found) => {
    rows = found.columns.map((column) => row(column, found.customer_id, unused));
    place.replaceChildren(...[warnings(found.warnings), framed(rows)].filter(Boolean));
  };
  const act = async () => {
    const read = await attempt(outcome, () => ask(path("datasets", dataset.dataset), { method: "PATCH", json: { columns: asked(rows) } }));
    if (!read) return;
    show(read);
    said.textContent = `The columns are read anew, as version ${read.dataset_version}.`;
    place.querySelector(".scroll").focus();
    changed();
  };
  show(dataset);
  return { table: form({ class: "columns" }, act, h("p", {}, "Segments are found by the columns that are ticked."), place, said, outcome), features: () => ticked(rows) };
}

function ticked(rows) {
  const names = rows.filter(({ use }) => use?.checked).map(({ name }) => name);
  if (names.length === 0) throw new Problem(NONE_TICKED, 0);
  return names;
}

function asked(rows) {
  return Object.fromEntries(rows.filter(isChanged).map(({ name, select }) => [name, { kind: select.value }]));
}

function isChanged({ select, kind }) {
  return select !== null && select.value !== kind;
}

function framed(rows) {
  const heads = [["Use", "use"], ["Column"], ["Taken for"], ["Missing", "figure"], ["Distinct", "figure"]];
  const head = h("tr", {}, heads.map(([text, kind]) => h("th", { scope: "col", class: kind }, text)));
  const save = h("p", { class: "actions", hidden: true }, h("button", { class: "primary" }, "Read the columns so"));
  const changed = () => { save.hidden = !rows.some(isChanged); };
  return h("div", { change: changed },
    h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Table of columns" }, h("table", {}, h("thead", {}, head), h("tbody", {}, rows.map(({ element }) => element)))),
    save);
}

function row({ name, kind, missing, distinct, reason }, customerId, unused) {
  const use = USABLE.includes(kind) ? box(name, unused, distinct > 1) : null;
  const select = name === customerId ? null : kinds(name, kind);
  const element = h("tr", { class: use ? null : "unused" },
    h("td", { class: "use" }, use),
    h("th", { scope: "row" }, name, reason && h("small", {}, reason)),
    h("td", {}, select ?? "names the customer"),
    h("td", { class: "figure" }, number(missing)),
    h("td", { class: "figure" }, number(distinct)));
  return { name, kind, use, select, element };
}

// A column that is the same for every customer distinguishes no segments, so it is not ticked.
function box(name, unused, varies) {
  return h("input", { type: "checkbox", checked: varies && !unused.has(name), "aria-label": `Use ${name}`, change: ({ target }) => (target.checked ? unused.delete(name) : unused.add(name)) });
}

function kinds(name, chosen) {
  return h("select", { "aria-label": `Kind of ${name}`, autocomplete: "off" }, KINDS.map((kind) => h("option", { value: kind, selected: kind === chosen }, kind)));
}
