// Pictures of a dataset, a recommendation, a version or two of them, in the colours of the theme.

import { Problem, ask, send } from "./api.js";
import { numbers, pointable } from "./closeup.js";
import { h } from "./dom.js";
import { save } from "./downloads.js";
import { empty, fill, refusal } from "./states.js";
import { count } from "./words.js";

const NONE = "No figures yet.";
const NARROW = matchMedia("(max-width: 40rem)"); // there a picture is wider than its place, and scrolls

export function figures(of, asked = {}) {
  const place = h("div");
  fill(place, () => listed(`${of}/figures?${new URLSearchParams(asked)}`), (found) => (found.length ? [drawn(of, asked, found.filter(({ exists }) => exists)), missing(found.filter(({ exists }) => !exists))] : empty(NONE)));
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

function drawn(of, asked, found) {
  const at = (figure) => (ending, more) => `${of}/figures/${figure}.${ending}?${new URLSearchParams({ ...asked, ...more })}`;
  const pictures = found.map(({ figure, shows }) => picture(at(figure), shows));
  setTimeout(inTurn, 0, pictures);
  return h("ul", { class: "figures" }, found.map((each, i) => card(at(each.figure), each, pictures[i].place)));
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

function picture(at, title) {
  const place = h("div", { class: "picture", ...(NARROW.matches && { tabindex: "0", role: "group", "aria-label": title }) });
  let showing = null;
  const redraw = () => (place.isConnected ? draw(place, at, title) : removeEventListener("themechange", redraw));
  const show = () => {
    if (!showing) addEventListener("themechange", redraw);
    showing ??= draw(place, at, title);
    return showing;
  };
  new IntersectionObserver(([entry], observer) => {
    if (!entry.isIntersecting) return;
    observer.disconnect();
    show();
  }, { rootMargin: "300px" }).observe(place);
  return { place, show };
}

async function draw(place, at, title) {
  try {
    const answer = await send(at("svg", { theme: theme() }));
    const source = URL.createObjectURL(await answer.blob());
    const image = h("img", { src: source, alt: `${title} Its numbers are under “Numbers”.`, load: () => URL.revokeObjectURL(source) });
    place.replaceChildren(image);
  } catch (error) {
    place.replaceChildren(refusal(error, () => draw(place, at, title)));
  }
}

function theme() {
  const { theme: chosen } = document.documentElement.dataset;
  if (chosen !== "auto") return chosen;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

function card(at, { figure: name, shows }, place) {
  return h("li", { class: "card" }, h("h3", {}, shows), place, h("p", { class: "links" },
    h("button", { type: "button", class: "quiet", "aria-label": `Explore: ${shows}`, click: () => pointable(shows, () => send(at("html", { theme: theme() }))) }, "Explore"),
    h("button", { type: "button", class: "quiet", "aria-label": `Numbers: ${shows}`, click: () => numbers(shows, at("json"), `${name}.json`) }, "Numbers"),
    save(at("png", { theme: theme() }), `${name}.png`, "Picture", `Picture: ${shows}`),
    save(at("html", { theme: theme() }), `${name}.html`, "Page", `Page: ${shows}`)));
}
