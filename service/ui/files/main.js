// Which view an address shows. A view is asked for its title and its content, and told when it is left.

import { h } from "./dom.js";
import { refusal } from "./states.js";
import { showComparison } from "./comparison.js";
import { showDataset } from "./dataset.js";
import { showHome } from "./home.js";
import { showVersion } from "./version.js";

const VIEWS = [
  [/^\/$/, showHome],
  [/^\/datasets\/([^/]+)$/, showDataset],
  [/^\/models\/([^/]+)$/, (model, left) => showVersion(model, null, left)],
  [/^\/models\/([^/]+)\/versions\/([^/]+)$/, showVersion],
  [/^\/models\/([^/]+)\/comparison\/([^/]+)\/([^/]+)$/, showComparison],
];
const LOST = { title: "There is nothing at this address.", detail: "Go back to the start and choose a dataset or a model." };
const content = document.getElementById("content");
let view = new AbortController();
let arrived = false;

function show() {
  if (location.hash === "#content") return;
  view.abort();
  view = new AbortController();
  const { title, parts } = opened(location.hash.slice(1) || "/");
  document.title = title === "Customer segments" ? title : `${title} · Customer segments`;
  content.replaceChildren(h("h1", { tabindex: "-1" }, title), ...parts);
  if (arrived) content.querySelector("h1").focus({ preventScroll: true });
  if (arrived) scrollTo(0, 0);
  arrived = true;
}

function opened(address) {
  for (const [pattern, open] of VIEWS) {
    const match = pattern.exec(address);
    const parts = match && decoded(match.slice(1));
    if (parts) return open(...parts, view.signal);
  }
  return { title: "Not found", parts: [refusal(LOST), h("p", {}, h("a", { href: "#/" }, "Go to the start"))] };
}

function decoded(parts) {
  try { return parts.map(decodeURIComponent); } catch { return null; }
}

// A file that misses its place would otherwise take the place of the page.
for (const event of ["dragover", "drop"]) addEventListener(event, (moved) => moved.preventDefault());
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  content.focus();
});
addEventListener("hashchange", show);
show();
