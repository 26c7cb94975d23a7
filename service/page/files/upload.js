// A file becomes a dataset: dropped or chosen, then named.

import { ask, path } from "./api.js";
import { field, form, h } from "./dom.js";
import { attempt } from "./states.js";
import { nameFrom } from "./words.js";

const ACCEPTED = ".csv,.tsv,.txt,.json,.jsonl,.ndjson,.parquet,.arrow";

export function upload() {
  const next = h("div", { "aria-live": "polite" });
  const input = h("input", { type: "file", accept: ACCEPTED, change: () => input.files[0] && next.replaceChildren(naming(input.files[0], next)) });
  const zone = h("label", { class: "drop" }, input,
    h("strong", {}, "Drop a table here, or choose a file"),
    h("span", {}, "CSV, JSON, JSON lines, Parquet or Arrow, with a row for each customer"));
  for (const [event, over] of [["dragover", true], ["dragleave", false], ["drop", false]]) {
    zone.addEventListener(event, (moved) => { moved.preventDefault(); zone.classList.toggle("over", over); });
  }
  zone.addEventListener("drop", ({ dataTransfer: { files } }) => files[0] && next.replaceChildren(naming(files[0], next)));
  return h("section", { "aria-label": "Bring a table" }, zone, next);
}

function naming(file) {
  const name = h("input", { value: nameFrom(file.name), required: true, pattern: "[a-z][a-z0-9_\\-]{0,62}", maxlength: 63, autocomplete: "off", spellcheck: "false" });
  const status = h("div", { role: "status" });
  const outcome = h("div");
  const act = async () => {
    status.replaceChildren("Reading the table…");
    await attempt(outcome, () => put(file, name.value));
    status.replaceChildren();
  };
  return form({ class: "panel" }, act,
    h("p", {}, h("strong", {}, file.name)),
    field("Name of the dataset", name, "Small letters, digits, - and _. A name that is taken gets a further version."),
    h("p", { class: "actions" }, h("button", { class: "primary" }, "Upload")), status, outcome);
}

async function put(file, name) {
  const body = new FormData();
  body.append("file", file);
  const dataset = await ask(path("datasets", name), { method: "PUT", body });
  location.hash = `#/datasets/${dataset.dataset}`;
}
