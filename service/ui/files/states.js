// What a place shows while it waits, when it is empty, and when something went wrong.

import { h } from "./dom.js";
import { changeKey, storedKey } from "./key.js";

const SHOWN = 10;

export function loading(text = "Loading…") {
  return h("p", { class: "loading", role: "status" }, text);
}

export function empty(...children) {
  return h("p", { class: "empty" }, ...children);
}

export function refusal(problem, retry) {
  return h("div", { class: "panel refusal", role: "alert" },
    h("p", {}, h("strong", {}, problem.title ?? "Something on this page went wrong.")),
    problem.detail === problem.title ? null : h("p", {}, problem.detail ?? "Load the page again."),
    faults(problem.errors ?? [], problem.total),
    problem.status === 403 && storedKey() && h("button", { type: "button", click: changeKey }, "Use another key"),
    retry && h("button", { type: "button", click: retry }, "Try again"));
}

export function warnings(texts) {
  if (texts.length === 0) return null;
  const items = h("ul", {}, texts.map((text) => h("li", {}, text)));
  const title = texts.length === 1 ? "One thing to know" : `${texts.length} things to know`;
  return h("details", { class: "panel warnings", open: texts.length <= 3 }, h("summary", {}, title), items);
}

// Load into a place: waiting, shown, or refused with a way to try again.
export async function fill(place, load, render, waiting) {
  place.replaceChildren(loading(waiting));
  try {
    const loaded = await load();
    place.replaceChildren(...[render(loaded)].flat(Infinity).filter(Boolean));
  } catch (error) {
    place.replaceChildren(refused(error, () => fill(place, load, render, waiting)));
  }
}

// Show why an action failed where it was asked for; gives what it made, or undefined.
export async function attempt(place, action) {
  place.replaceChildren();
  try {
    return await action();
  } catch (error) {
    if (error.name !== "AbortError") place.replaceChildren(refused(error));
    return undefined;
  }
}

function refused(error, retry) {
  if (!error.title) console.error(error);
  return refusal(error.title ? error : {}, retry);
}

function faults(errors, total = errors.length) {
  if (errors.length === 0) return null;
  const items = errors.slice(0, SHOWN).map((error) => h("li", {}, [error.row && `Row ${error.row}`, error.customer_id, error.detail].filter(Boolean).join(": ")));
  const more = total > items.length ? h("li", {}, `… and ${total - items.length} more`) : null;
  return h("ul", {}, items, more);
}
