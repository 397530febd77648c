// An uploaded file: its name, its size, and a look into it where it is text or a PNG.

import { h } from "./dom.js";

const SHOWN = 4000;

function sizeText(bytes) {
  if (bytes < 1000) return `${bytes} bytes`;
  return bytes < 1_000_000 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

function textPreview(text) {
  const more = text.length > SHOWN ? "\n…" : "";
  return h("pre", { tabindex: "0", role: "group", "aria-label": "Beginning of the file" }, text.slice(0, SHOWN) + more);
}

function picture(file, source) {
  return h("img", { src: source, alt: file.alt_txt ?? file.title ?? file.name });
}

async function lookInto(address, file, place) {
  const answer = await fetch(address);
  if (!answer.ok) return;
  if (answer.headers.get("content-type")?.startsWith("image/png")) {
    place.append(picture(file, address));
    return;
  }
  const text = await answer.text();
  if (!text.slice(0, SHOWN).includes("\u0000")) place.append(textPreview(text));
}

/** `content` is there in the gallery only, which has no server to ask. */
export function drawFile(file) {
  const address = `/page/file/${encodeURIComponent(file.id ?? "")}`;
  const words = `${file.title ?? file.name} (${sizeText(file.size)})`;
  const name = file.content === undefined ? h("a", { href: address, target: "_blank" }, words) : h("span", {}, words);
  const place = h("div", { class: "file" }, h("p", {}, "File: ", name));
  if (file.content?.startsWith("data:image/png;")) place.append(picture(file, file.content));
  else if (file.content !== undefined) place.append(textPreview(file.content));
  else lookInto(address, file, place).catch(() => {}); // the name above stays
  return place;
}
