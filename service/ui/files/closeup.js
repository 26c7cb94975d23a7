// A figure closer up: its own page to point and zoom in, or the numbers behind it.

import { ask } from "./api.js";
import { freshId, h } from "./dom.js";
import { save } from "./downloads.js";
import { fill } from "./states.js";
import { cell, count } from "./words.js";

const MOST_ROWS = 200;

// The page's scripts run in a frame with an origin of its own: it gets a text, and can ask for nothing.
export function pointable(title, send) {
  fill(opened(title), async () => (await send()).text(), (page) => {
    const frame = h("iframe", { title, src: "/page/frame.html", sandbox: "allow-scripts" });
    frame.addEventListener("load", () => frame.contentWindow.postMessage(page, "*"), { once: true });
    return h("div", { class: "frame", tabindex: "0", role: "group", "aria-label": title }, frame);
  });
}

export function numbers(title, address, file) {
  fill(opened(title), () => ask(address), ({ columns, rows, notes }) => [
    notes.map((note) => h("p", { class: "muted" }, note)),
    h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Numbers" }, table(columns, rows.slice(0, MOST_ROWS))),
    rows.length > MOST_ROWS && h("p", { class: "muted" }, `The first ${MOST_ROWS} of ${count(rows.length, "row")}.`),
    h("p", { class: "links" }, save(address, file, "All of them (JSON)")),
  ]);
}

function opened(title) {
  const place = h("div");
  const heading = h("h2", { id: freshId() }, title);
  const dialog = h("dialog", { class: "closeup", "aria-labelledby": heading.id },
    h("div", { class: "top" }, heading, h("button", { type: "button", class: "quiet", click: () => dialog.close() }, "Close")), place);
  const leave = () => dialog.close();
  addEventListener("hashchange", leave);
  dialog.addEventListener("close", () => { removeEventListener("hashchange", leave); dialog.remove(); });
  document.body.append(dialog);
  dialog.showModal();
  return place;
}

function table(columns, rows) {
  const head = h("tr", {}, columns.map((name) => h("th", { scope: "col" }, name)));
  return h("table", {}, h("thead", {}, head), h("tbody", {}, rows.map((row) => h("tr", {}, row.map((value) => h("td", { class: typeof value === "number" ? "figure" : null }, cell(value)))))));
}
