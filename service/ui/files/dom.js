// Elements from values. Text is only ever text: names of columns and segments come from strangers.

const SVG = "http://www.w3.org/2000/svg";

export function h(tag, attributes = {}, ...children) {
  return furnish(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
  return furnish(document.createElementNS(SVG, tag), attributes, children);
}

function furnish(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) set(element, name, value);
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

function set(element, name, value) {
  if (typeof value === "function") element.addEventListener(name, value);
  else if (value === true) element.setAttribute(name, "");
  else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
}

let counted = 0;

export function freshId() {
  counted += 1;
  return `id-${counted}`;
}

export function field(text, control, hint) {
  control.id ||= freshId();
  const note = hint ? h("small", { id: `${control.id}-hint` }, hint) : null;
  if (note) control.setAttribute("aria-describedby", note.id);
  return h("div", { class: "field" }, h("label", { for: control.id }, text), control, note);
}

export function section(title, ...children) {
  const heading = h("h2", { id: freshId() }, title);
  return h("section", { "aria-labelledby": heading.id }, heading, ...children);
}

// A form whose one action runs once at a time.
export function form(attributes, submit, ...children) {
  const element = h("form", attributes, ...children);
  element.addEventListener("submit", async (event) => {
    event.preventDefault();
    const buttons = [...element.querySelectorAll("button")];
    buttons.forEach((button) => { button.disabled = true; });
    try { await submit(); } finally { buttons.forEach((button) => { button.disabled = false; }); }
  });
  return element;
}
