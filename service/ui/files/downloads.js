// A file of the API to keep. The page fetches it, because a plain link can carry no key and tell of no problem.

import { send } from "./api.js";
import { h } from "./dom.js";
import { attempt } from "./states.js";

const FREED_AFTER_MS = 60_000;

export function save(address, name, text, label) {
  const trouble = h("span");
  const link = h("a", { href: address, download: name, "aria-label": label, click: (event) => {
    event.preventDefault();
    attempt(trouble, () => hand(address, name));
  } }, text);
  return [link, trouble];
}

async function hand(address, name) {
  const source = URL.createObjectURL(await (await send(address)).blob());
  h("a", { href: source, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(source), FREED_AFTER_MS);
}
