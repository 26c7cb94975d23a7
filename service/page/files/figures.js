// Pictures of a dataset, a recommendation or a version, in the colours of the theme.

import { Problem, ask, send } from "./api.js";
import { numbers, pointable } from "./closeup.js";
import { h } from "./dom.js";
import { save } from "./downloads.js";
import { empty, fill, refusal } from "./states.js";
import { count } from "./words.js";

const NONE = "No figures yet.";
const NARROW = matchMedia("(max-width: 40rem)"); // there a picture is wider than its place, and scrolls

export function figures(of) {
  const place = h("div");
  fill(place, () => listed(`${of}/figures`), (found) => (found.length ? [drawn(of, found.filter(({ exists }) => exists)), missing(found.filter(({ exists }) => !exists))] : empty(NONE)));
  return place;
}

async function listed(address) {
  try {
    return (await ask(address)).figures;
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return [];
    throw error;
  }
}

function drawn(of, found) {
  const pictures = found.map(({ figure, shows }) => picture(`${of}/figures/${figure}`, shows));
  setTimeout(inTurn, 0, pictures);
  return h("ul", { class: "figures" }, found.map((each, i) => card(`${of}/figures/${each.figure}`, each, pictures[i].place)));
}

function missing(found) {
  if (found.length === 0) return null;
  const reasons = found.map(({ shows, reason }) => h("li", {}, `${shows} ${reason}`));
  return h("details", { class: "absent" }, h("summary", {}, `${count(found.length, "figure")} not to be had, and why`), h("ul", {}, reasons));
}

// One after another, so that a print has them all; what comes into sight does not wait for its turn.
async function inTurn(pictures) {
  for (const { place, show } of pictures) if (place.isConnected) await show();
}

function picture(address, title) {
  const place = h("div", { class: "picture", ...(NARROW.matches && { tabindex: "0", role: "region", "aria-label": title }) });
  let showing = null;
  const redraw = () => (place.isConnected ? draw(place, address, title) : removeEventListener("themechange", redraw));
  const show = () => {
    if (!showing) addEventListener("themechange", redraw);
    showing ??= draw(place, address, title);
    return showing;
  };
  new IntersectionObserver(([entry], observer) => {
    if (!entry.isIntersecting) return;
    observer.disconnect();
    show();
  }, { rootMargin: "300px" }).observe(place);
  return { place, show };
}

async function draw(place, address, title) {
  try {
    const answer = await send(`${address}.svg?theme=${theme()}`);
    const source = URL.createObjectURL(await answer.blob());
    const image = h("img", { src: source, alt: `${title} Its numbers are under “Numbers”.`, load: () => URL.revokeObjectURL(source) });
    place.replaceChildren(image);
  } catch (error) {
    place.replaceChildren(refusal(error, () => draw(place, address, title)));
  }
}

function theme() {
  const { theme: chosen } = document.documentElement.dataset;
  if (chosen !== "auto") return chosen;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

function card(address, { figure: name, shows }, place) {
  return h("li", { class: "card" }, h("h3", {}, shows), place, h("p", { class: "links" },
    h("button", { type: "button", class: "quiet", "aria-label": `Explore: ${shows}`, click: () => pointable(shows, () => send(`${address}.html?theme=${theme()}`)) }, "Explore"),
    h("button", { type: "button", class: "quiet", "aria-label": `Numbers: ${shows}`, click: () => numbers(shows, `${address}.json`) }, "Numbers"),
    save(`${address}.png?theme=${theme()}`, `${name}.png`, "Picture", `Picture: ${shows}`),
    save(`${address}.html?theme=${theme()}`, `${name}.html`, "Page", `Page: ${shows}`)));
}
