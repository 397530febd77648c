// One message: who, when, who else sees it, its blocks or text, its files, its thread.

import { drawBlocks } from "./blocks.js";
import { clockTime, drawDate } from "./dates.js";
import { directory, nameOf } from "./directory.js";
import { h } from "./dom.js";
import { drawFile } from "./files.js";
import { mrkdwn } from "./mrkdwn.js";

function initials(name) {
  return name.split(" ").map((part) => part[0]).join("").slice(0, 2);
}

function head(message) {
  const at = new Date(Number(message.ts) * 1000);
  const name = nameOf(message.user);
  const time = drawDate(message.ts, "{time}", clockTime(at));
  const bot = directory.people.get(message.user)?.is_bot ? h("span", { class: "tag" }, "app") : null;
  const edited = message.edited ? h("span", { class: "faint" }, "(edited)") : null;
  return h("div", { class: "head" }, h("strong", {}, name), bot, time, edited);
}

function onlyYou(message) {
  if (!message.ephemeral_to) return null;
  const words = message.subtype === "slash_command" ? "You typed; nobody else sees it" : "Only visible to you";
  return h("p", { class: "only-you" }, words);
}

function content(message, surface) {
  if (message.blocks?.length) return drawBlocks(message.blocks, surface);
  if (message.subtype === "slash_command") return h("p", {}, h("code", {}, message.text));
  return mrkdwn(message.text ?? "");
}

/** `<li>` for a message. `replies` counts its thread; `openThread` is left out inside of one. */
export function drawMessage(message, surface, { replies = 0, openThread } = {}) {
  const name = nameOf(message.user);
  const words = replies ? `${replies} ${replies === 1 ? "reply" : "replies"}` : "Reply in thread";
  const thread = openThread && !message.ephemeral_to ? h("button", { type: "button", class: replies ? "replies" : "replies none", onclick: openThread }, words) : null;
  return h(
    "li",
    { class: "message", "data-ts": message.ts },
    h("span", { class: "face", "aria-hidden": "true", "data-face": message.user }, initials(name)),
    h("div", { class: "body" }, onlyYou(message), head(message), h("div", { class: "blocks" }, content(message, surface)), (message.files ?? []).map(drawFile), thread),
  );
}
