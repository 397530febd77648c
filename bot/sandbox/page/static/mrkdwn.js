// Slack's mrkdwn as elements: bold, italics, strike, code, quotes, bullets, links, mentions, dates.

import { h, link } from "./dom.js";
import { directory } from "./directory.js";
import { drawDate } from "./dates.js";

const INLINE = new RegExp(
  [
    "`([^`\\n]+)`",
    "<([^<>\\n]+)>",
    "(?<![\\w*])\\*(?!\\s)((?:`[^`\\n]+`|[^*\\n])+)(?<!\\s)\\*(?![\\w*])",
    "(?<![\\w_])_(\\S(?:[^_\\n]*\\S)?)_(?![\\w_])",
    "(?<![\\w~])~(\\S(?:[^~\\n]*\\S)?)~(?![\\w~])",
  ].join("|"),
);

function unescapeEntities(text) {
  return text.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");
}

function mention(mark, words) {
  return h("span", { class: "mention" }, mark, words);
}

/** What stands between < and >. */
function markup(inside) {
  const cut = inside.indexOf("|");
  const target = cut < 0 ? inside : inside.slice(0, cut);
  const label = unescapeEntities(cut < 0 ? "" : inside.slice(cut + 1));
  if (target.startsWith("!date^")) {
    const [, seconds, format] = target.split("^");
    return drawDate(seconds, unescapeEntities(format ?? ""), label);
  }
  if (target.startsWith("!subteam^")) {
    const group = directory.groups.get(target.slice("!subteam^".length));
    return mention("@", group?.handle ?? (label.replace(/^@/, "") || "a-group"));
  }
  if (target.startsWith("@")) return mention("@", directory.people.get(target.slice(1))?.name ?? (label || target.slice(1)));
  if (target.startsWith("#")) return mention("#", directory.channels.get(target.slice(1))?.name ?? (label || target.slice(1)));
  if (target.startsWith("!")) return mention("@", target.slice(1));
  return link(unescapeEntities(target), label || unescapeEntities(target));
}

/** One line's marks, from the left; what is inside of bold and the like is read again. */
export function inline(text) {
  const drawn = [];
  let rest = text;
  for (let found = INLINE.exec(rest); found; found = INLINE.exec(rest)) {
    const [whole, code, inside, bold, italic, strike] = found;
    drawn.push(unescapeEntities(rest.slice(0, found.index)));
    if (code !== undefined) drawn.push(h("code", {}, unescapeEntities(code)));
    else if (inside !== undefined) drawn.push(markup(inside));
    else if (bold !== undefined) drawn.push(h("strong", {}, inline(bold)));
    else if (italic !== undefined) drawn.push(h("em", {}, inline(italic)));
    else drawn.push(h("s", {}, inline(strike)));
    rest = rest.slice(found.index + whole.length);
  }
  drawn.push(unescapeEntities(rest));
  return drawn;
}

const BULLET = /^\s*[•◦▪]\s+/;
const QUOTE = /^(?:&gt;|>)\s?/;

function kindOf(line) {
  if (QUOTE.test(line)) return "quote";
  return BULLET.test(line) ? "bullet" : "plain";
}

function drawRun(kind, lines) {
  if (kind === "bullet") {
    return h("ul", {}, lines.map((line) => h("li", { dir: "auto" }, inline(line.replace(BULLET, "")))));
  }
  const bare = kind === "quote" ? lines.map((line) => line.replace(QUOTE, "")) : lines;
  const broken = bare.map((line, i) => (i ? [h("br"), inline(line)] : inline(line)));
  return h(kind === "quote" ? "blockquote" : "p", { dir: "auto" }, broken);
}

/** Lines grouped into paragraphs, lists and quotes. */
function drawLines(text) {
  const runs = [];
  for (const line of text.split("\n")) {
    const kind = kindOf(line);
    if (runs.at(-1)?.kind === kind) runs.at(-1).lines.push(line);
    else runs.push({ kind, lines: [line] });
  }
  return runs.filter((run) => run.lines.some((line) => line.trim())).map((run) => drawRun(run.kind, run.lines));
}

/** A text object's mrkdwn as block elements. */
export function mrkdwn(text) {
  return String(text)
    .split(/```\n?/)
    .flatMap((part, i) => (i % 2 ? codeBlock(unescapeEntities(part.replace(/\n$/, ""))) : drawLines(part.replace(/^\n|\n$/g, ""))));
}

/** Code as it stands. It can be scrolled by keyboard. */
export function codeBlock(text) {
  return h("pre", { tabindex: "0", role: "group", "aria-label": "Code" }, text);
}

/** A text object: only mrkdwn has marks. */
export function textObject(object) {
  if (!object) return "";
  return object.type === "mrkdwn" ? inline(object.text) : object.text;
}

/** A text object that may have several lines. */
export function textBlock(object) {
  if (object.type === "mrkdwn") return mrkdwn(object.text);
  return [h("p", { dir: "auto", class: "plain" }, object.text)];
}
