// The middle of the page and the thread beside it.

import { drawBlocks } from "./blocks.js";
import { drawComposer } from "./composer.js";
import { directory, titleOf } from "./directory.js";
import { h } from "./dom.js";
import { showMessages } from "./message_list.js";
import { isReply, markSeen, repliesTo, store } from "./store.js";
import { homeSurface, messageSurface } from "./surface.js";

const shown = { key: null, thread: null }; // whose composer is drawn already

function el(id) {
  return document.getElementById(id);
}

function showHome() {
  const blocks = store.home ? drawBlocks(store.home.blocks, homeSurface()) : [h("p", {}, `The app has published no Home tab for ${directory.me.real_name} yet.`)];
  el("home").replaceChildren(...blocks);
}

function showChannel(channel) {
  if (shown.key !== channel.id) {
    el("messages").replaceChildren();
    drawComposer(el("composer"), { channel: channel.id, label: `Message ${titleOf(channel)}`, id: "composer-input" });
    shown.key = channel.id;
  }
  const top = [...channel.messages.values()].filter((one) => !isReply(one) || !channel.messages.has(one.thread_ts));
  showMessages(el("messages"), top, (message) => ({
    surface: messageSurface(channel.id, message.ts),
    replies: repliesTo(channel, message.ts).length,
    openThread: () => (window.location.hash = `${channel.id}/${message.ts}`),
  }));
  if (document.hasFocus()) markSeen(channel, directory.me.id);
}

function closeThread(channel) {
  window.location.hash = channel.id;
  el("composer-input")?.focus();
}

function openThread(channel, ts) {
  const close = h("button", { type: "button", class: "quiet", onclick: () => closeThread(channel) }, "Close");
  const composer = h("form", {});
  drawComposer(composer, { channel: channel.id, thread: ts, label: "Reply", id: "thread-input" });
  const list = h("ol", { id: "thread-messages", tabindex: "0", "aria-label": "Messages of the thread" });
  el("thread").replaceChildren(h("div", { class: "bar" }, h("h2", {}, "Thread"), close), list, composer);
  el("thread-input").focus();
}

function showThread(channel, ts) {
  const first = channel?.messages.get(ts);
  el("thread").hidden = !first;
  if (!first) {
    shown.thread = null;
    return;
  }
  if (shown.thread !== ts) openThread(channel, ts);
  shown.thread = ts;
  showMessages(el("thread-messages"), [first, ...repliesTo(channel, ts)], (message) => ({ surface: messageSurface(channel.id, message.ts) }));
}

/** Draw the place that is looked at. */
export function showPlace() {
  const { channel: id, thread } = store.place;
  const atHome = id === "home";
  const channel = store.channels.get(id);
  el("title").textContent = atHome ? "Home tab of Sparewheel" : titleOf(channel);
  el("messages").hidden = atHome;
  el("composer").hidden = atHome;
  el("home").hidden = !atHome;
  if (atHome) showHome();
  else showChannel(channel);
  showThread(atHome ? null : channel, thread);
}
