// A file becomes a dataset: dropped or chosen, then named.

import { ask, path } from "./api.js";
import { field, form, freshId, h } from "./dom.js";
import { headings } from "./headings.js";
import { attempt } from "./states.js";
import { nameFrom } from "./words.js";

const ACCEPTED = ".csv,.tsv,.txt,.json,.jsonl,.ndjson,.parquet,.arrow";
const LIKELY = {
  customer: /customer|client|user|buyer/i,
  date: /date|time|day/i,
  amount: /amount|total|price|value|revenue|sales/i,
  order: /^(invoice|order|receipt|transaction)[ _-]?(id|no|nr|num|number)\b/i,
};

export function upload() {
  const next = h("div", { "aria-live": "polite" });
  const take = async ([file]) => {
    if (!file) return;
    next.replaceChildren(naming(file, await headings(file)));
    next.querySelector("input").focus();
  };
  // Emptied, so that a file that was corrected can be chosen again.
  const input = h("input", { type: "file", accept: ACCEPTED, change: () => take([...input.files]).finally(() => { input.value = ""; }) });
  const zone = h("label", { class: "drop" }, input,
    h("strong", {}, "Drop a table here, or choose a file"),
    h("span", {}, "CSV, JSON, JSON lines, Parquet or Arrow, with a row for each customer or each purchase"));
  for (const [event, over] of [["dragover", true], ["dragleave", false], ["drop", false]]) {
    zone.addEventListener(event, (moved) => { moved.preventDefault(); zone.classList.toggle("over", over); });
  }
  zone.addEventListener("drop", ({ dataTransfer: { files } }) => take([...files]));
  return h("section", { "aria-label": "Bring a table" }, zone, next);
}

function naming(file, names) {
  const name = h("input", { value: nameFrom(file.name), required: true, pattern: "[a-z][a-z0-9_\\-]{0,62}", maxlength: 63, autocomplete: "off", spellcheck: "false" });
  const [status, outcome] = [h("div", { role: "status" }), h("div")];
  const rows = shape(names);
  const act = async () => {
    status.replaceChildren("Reading the table…");
    const dataset = await attempt(outcome, () => put(file, name.value, rows.asked()));
    status.replaceChildren();
    if (dataset) location.hash = `#/datasets/${dataset.dataset}`;
    else outcome.append(h("p", {}, "Nothing was kept. Say above how the table shall be read, or correct the file and choose it again."));
  };
  return form({ class: "panel" }, act,
    h("p", {}, h("strong", {}, file.name)),
    h("div", { class: "fields" }, field("Name of the dataset", name, "Small letters, digits, - and _. A name that is taken gets a further version."), rows.choice),
    rows.details,
    h("p", { class: "actions" }, h("button", { class: "primary" }, "Upload")), status, outcome);
}

// What a row is, and which columns then need to be named.
function shape(names) {
  const known = h("datalist", { id: freshId() }, names.map((value) => h("option", { value })));
  const details = { customers: ofCustomers(known), transactions: ofPurchases(known, names) };
  const select = h("select", { change: () => show() }, h("option", { value: "customers" }, "A customer"), h("option", { value: "transactions" }, "A purchase"));
  const show = () => Object.entries(details).forEach(([kind, group]) => { group.hidden = group.disabled = kind !== select.value; });
  show();
  return {
    choice: field("Each row is", select, "Purchases are summed up: how lately, how often, for how much."),
    details: [known, Object.values(details)],
    asked: () => ({ ...(select.value !== "customers" && { shape: select.value }), ...filled(details[select.value]) }),
  };
}

function ofCustomers(known) {
  return group("How to read it", field("Column that names the customer", column("customer_id", known), "Left empty, it is found by its heading."));
}

function ofPurchases(known, names) {
  const likely = (kind) => names.find((name) => LIKELY[kind].test(name)) ?? "";
  return group("Where it stands",
    field("Column of the customer", column("customer", known, { value: likely("customer"), required: true })),
    field("Column of the date", column("date", known, { value: likely("date"), required: true })),
    field("Column of the amount", column("amount", known, { value: likely("amount") }), "Left empty, purchases are only counted."),
    field("Column of the order", column("order", known, { value: likely("order") }), "Rows with the same number are lines of one order. Left empty, each row is an order."),
    field("Column that marks returns", column("returned", known), "By yes or true, 1 of 0 and 1, or a negative number. Negative amounts are returns without it."),
    field("Count days back from", h("input", { type: "date", name: "reference" }), "Left empty: from the newest plausible date."));
}

function group(legend, ...fields) {
  return h("fieldset", {}, h("legend", {}, legend), h("div", { class: "fields" }, fields));
}

function column(name, known, attributes) {
  return h("input", { name, list: known.id, autocomplete: "off", spellcheck: "false", ...attributes });
}

function filled(details) {
  return Object.fromEntries([...details.querySelectorAll("input")].filter(({ value }) => value).map(({ name, value }) => [name, value]));
}

function put(file, name, asked) {
  const body = new FormData();
  body.append("file", file);
  return ask(`${path("datasets", name)}?${new URLSearchParams(asked)}`, { method: "PUT", body });
}
