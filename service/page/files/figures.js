// Pictures of a dataset, a recommendation or a version, in the colours of the theme.

import { Problem, ask, send } from "./api.js";
import { h } from "./dom.js";
import { save } from "./downloads.js";
import { storedKey } from "./key.js";
import { empty, fill, refusal } from "./states.js";

const NONE = "No figures yet.";

export function figures(of) {
  const place = h("div");
  fill(place, () => listed(`${of}/figures`), (found) => (found.length ? h("ul", { class: "figures" }, found.map((each) => figure(of, each))) : empty(NONE)));
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

function figure(of, { figure: name, shows, exists, reason }) {
  const address = `${of}/figures/${name}`;
  const shown = exists ? [picture(address, shows), actions(address, name)] : [h("p", { class: "muted" }, reason)];
  return h("li", { class: "card" }, h("h3", {}, shows), shown);
}

// Drawn when it comes into sight, and again when the theme changes.
function picture(address, title) {
  const place = h("div", { class: "picture" });
  const redraw = () => (place.isConnected ? draw(place, address, title) : removeEventListener("themechange", redraw));
  new IntersectionObserver(([entry], observer) => {
    if (!entry.isIntersecting) return;
    observer.disconnect();
    draw(place, address, title);
    addEventListener("themechange", redraw);
  }, { rootMargin: "300px" }).observe(place);
  return place;
}

async function draw(place, address, title) {
  try {
    const answer = await send(`${address}.svg?theme=${dark() ? "dark" : "light"}`);
    const source = URL.createObjectURL(await answer.blob());
    const image = h("img", { src: source, alt: `${title}. Its numbers are under “Data”.`, load: () => URL.revokeObjectURL(source) });
    place.replaceChildren(image);
  } catch (error) {
    place.replaceChildren(refusal(error, () => draw(place, address, title)));
  }
}

function dark() {
  const { theme } = document.documentElement.dataset;
  return theme === "dark" || (theme === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
}

function actions(address, name) {
  const interactive = storedKey() ? null : h("a", { href: `${address}.html`, target: "_blank", rel: "noopener" }, "Interactive");
  return h("p", { class: "links" }, interactive, save(`${address}.png`, `${name}.png`, "Picture"), save(`${address}.json`, `${name}.json`, "Data"));
}
