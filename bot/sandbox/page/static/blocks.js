// Block Kit as elements: one function for each block, and what is not known as its JSON.

import { freshId, h } from "./dom.js";
import { drawElement } from "./elements.js";
import { textBlock, textObject } from "./mrkdwn.js";
import { drawRichText, drawTable } from "./rich_text.js";

/** What this page cannot draw, marked, so that nobody takes it for drawn. */
export function unknown(what) {
  const json = h("pre", { tabindex: "0", role: "group", "aria-label": "JSON" }, JSON.stringify(what, null, 2));
  return h("figure", { class: "unknown" }, h("figcaption", {}, `Not drawn here: ${what?.type ?? "no type"}`), json);
}

/** An image of ours; one from elsewhere is only named, because nothing is fetched from elsewhere. */
function drawImage(image) {
  const alt = image.alt_text ?? "";
  const own = image.slack_file?.id ? `/page/file/${encodeURIComponent(image.slack_file.id)}` : image.image_url;
  if (own?.startsWith("/page/file/") || own?.startsWith(`${window.location.origin}/`)) return h("img", { src: own, alt });
  return h("span", { class: "elsewhere", role: "img", "aria-label": alt }, `Image: ${alt} `, h("small", {}, own ?? ""));
}

function drawUsed(block, element, surface, words) {
  const label = { "aria-label": element.placeholder?.text ?? words ?? "Choose" };
  return drawElement(block, element, surface, label) ?? unknown(element);
}

function section(block, surface) {
  const fields = (block.fields ?? []).map((field) => h("div", { class: "field" }, textBlock(field)));
  const { accessory } = block;
  const beside = accessory && (accessory.type === "image" ? drawImage(accessory) : drawUsed(block, accessory, surface, block.text?.text.slice(0, 80)));
  const main = [block.text ? textBlock(block.text) : [], fields.length ? h("div", { class: "fields" }, fields) : null];
  return h("div", { class: "section" }, h("div", { class: "words" }, main), beside ? h("div", { class: "accessory" }, beside) : null);
}

function context(block) {
  const part = (one) => (one.type === "image" ? drawImage(one) : h("span", { dir: "auto" }, textObject(one)));
  return h("div", { class: "context" }, block.elements.map(part));
}

function image(block) {
  const title = block.title ? h("figcaption", {}, textObject(block.title)) : null;
  return h("figure", { class: "image" }, title, drawImage(block));
}

/** A labelled input; its error, if there is one, is read out with it. */
function input(block, surface) {
  const [name, hint, problem] = ["label", "hint", "error"].map(freshId);
  const error = surface.errors?.[block.block_id];
  const described = [block.hint && hint, error && problem].filter(Boolean).join(" ") || undefined;
  const label = { "aria-labelledby": name, "aria-describedby": described, "aria-invalid": error ? "true" : undefined, "aria-required": block.optional ? undefined : "true" };
  const drawn = drawElement(block, block.element, surface, label) ?? unknown(block.element);
  return h(
    "div",
    { class: error ? "input wrong" : "input" },
    h("p", { class: "label", id: name }, textObject(block.label), block.optional ? h("small", {}, " (optional)") : null),
    drawn,
    error ? h("p", { class: "error", id: problem }, error) : null,
    block.hint ? h("p", { class: "hint", id: hint }, textObject(block.hint)) : null,
  );
}

const BLOCKS = {
  header: (block) => h("h3", { dir: "auto" }, block.text.text),
  section,
  context,
  divider: () => h("hr"),
  actions: (block, surface) => h("div", { class: "actions" }, block.elements.map((one) => drawUsed(block, one, surface))),
  input,
  image,
  rich_text: (block) => h("div", { class: "rich" }, drawRichText(block)),
  table: drawTable,
};

function drawBlock(block, surface) {
  try {
    return Object.hasOwn(BLOCKS, block?.type) ? BLOCKS[block.type](block, surface) : unknown(block);
  } catch {
    return unknown(block); // a known type in a shape that is not
  }
}

/** Blocks of a message, modal or Home tab. `surface` takes what is used and holds errors by block id. */
export function drawBlocks(blocks, surface) {
  return blocks.map((block) => drawBlock(block, surface));
}
