// rich_text blocks and table cells.

import { h, link } from "./dom.js";
import { directory } from "./directory.js";
import { drawDate } from "./dates.js";
import { codeBlock } from "./mrkdwn.js";

function styled(node, style = {}) {
  const tags = { bold: "strong", italic: "em", strike: "s", code: "code" };
  return Object.keys(tags).reduce((inner, name) => (style[name] ? h(tags[name], {}, inner) : inner), node);
}

function mentioned(mark, words) {
  return h("span", { class: "mention" }, mark, words);
}

const INLINES = {
  text: (one) => one.text,
  link: (one) => link(one.url, one.text || one.url),
  emoji: (one) => `:${one.name}:`,
  user: (one) => mentioned("@", directory.people.get(one.user_id)?.name ?? one.user_id),
  channel: (one) => mentioned("#", directory.channels.get(one.channel_id)?.name ?? one.channel_id),
  usergroup: (one) => mentioned("@", directory.groups.get(one.usergroup_id)?.handle ?? one.usergroup_id),
  broadcast: (one) => mentioned("@", one.range),
  date: (one) => drawDate(one.timestamp, one.format, one.fallback ?? ""),
  color: (one) => one.value,
};

function drawInlines(elements) {
  return elements.map((one) => {
    const draw = INLINES[one.type];
    return draw ? styled(draw(one), one.style) : h("code", { class: "unknown" }, JSON.stringify(one));
  });
}

function drawPart(part) {
  if (part.type === "rich_text_list") {
    const tag = part.style === "ordered" ? "ol" : "ul";
    const start = part.style === "ordered" && part.offset ? part.offset + 1 : undefined;
    const items = part.elements.map((one) => h("li", { dir: "auto" }, drawInlines(one.elements)));
    return h(tag, { start, "data-indent": part.indent }, items);
  }
  if (part.type === "rich_text_preformatted") return codeBlock(part.elements.map((one) => one.text ?? one.url).join(""));
  const tag = part.type === "rich_text_quote" ? "blockquote" : "p";
  return h(tag, { dir: "auto", class: "plain" }, drawInlines(part.elements));
}

/** A rich_text block's content. */
export function drawRichText(block) {
  return block.elements.map(drawPart);
}

function drawCell(tag, cell, setting) {
  const content = cell.type === "raw_text" ? cell.text : drawRichText(cell);
  return h(tag, { class: setting?.align, dir: "auto", scope: tag === "th" ? "col" : undefined }, content);
}

/** A table block; its first row is its head. */
export function drawTable(block) {
  const settings = block.column_settings ?? [];
  const row = (cells, tag) => h("tr", {}, cells.map((cell, i) => drawCell(tag, cell, settings[i])));
  const [head, ...body] = block.rows;
  const table = h("table", {}, h("thead", {}, row(head, "th")), h("tbody", {}, body.map((cells) => row(cells, "td"))));
  return h("div", { class: "table", tabindex: "0", role: "region", "aria-label": "Table" }, table);
}
