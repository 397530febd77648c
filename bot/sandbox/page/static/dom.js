// Elements made without markup: whatever comes from a message goes in as text.

/** `h("p", { class: "x", onclick: f }, "text", child)` -> element. Empty children are left away. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

let lastNumber = 0;

/** An id for labels and descriptions, unique on the page. */
export function freshId(start) {
  lastNumber += 1;
  return `${start}-${lastNumber}`;
}

/** The address if a browser may open it safely (http, https, mailto), else null. */
export function safeAddress(text) {
  try {
    const address = new URL(text);
    return ["http:", "https:", "mailto:"].includes(address.protocol) ? address.href : null;
  } catch {
    return null;
  }
}

/** A link that opens beside the page; an address that is not safe stays text. */
export function link(address, words) {
  const safe = safeAddress(address);
  if (!safe) return h("span", { class: "not-a-link" }, words);
  return h("a", { href: safe, target: "_blank", rel: "noopener noreferrer" }, words);
}
