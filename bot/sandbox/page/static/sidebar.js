// The list of conversations with their unread marks.

import { directory, titleOf } from "./directory.js";
import { h } from "./dom.js";
import { store, unread } from "./store.js";

function entry(href, words, { current = false, count = 0 } = {}) {
  const mark = count ? [" ", h("span", { class: "count" }, String(count), h("span", { class: "hidden" }, " unread"))] : null;
  return h("li", {}, h("a", { href, "aria-current": current ? "page" : undefined, class: count ? "unread" : undefined }, words, mark));
}

function channelEntry(channel) {
  const current = store.place.channel === channel.id;
  const count = current && document.hasFocus() ? 0 : unread(channel, directory.me.id);
  return entry(`#${channel.id}`, titleOf(channel), { current, count });
}

/** Draw it anew. Whatever had the focus keeps it. */
export function drawSidebar(place) {
  const focused = place.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  const channels = [...store.channels.values()];
  place.replaceChildren(
    h("h2", {}, "Channels"),
    h("ul", {}, channels.filter((one) => one.name).map(channelEntry)),
    h("h2", {}, "Direct messages"),
    h("ul", {}, channels.filter((one) => !one.name).map(channelEntry)),
    h("h2", {}, "App"),
    h("ul", {}, entry("#home", "Home tab", { current: store.place.channel === "home" })),
  );
  if (focused) [...place.querySelectorAll("a")].find((one) => one.getAttribute("href") === focused)?.focus();
}
