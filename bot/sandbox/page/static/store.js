// What this tab knows: messages by channel, the place that is looked at, and what was read already.

import { learn } from "./directory.js";

export const store = {
  channels: new Map(), // id -> { id, name, user, messages: Map(ts -> message) }
  commands: [],
  home: null,
  modal: null,
  traffic: [],
  faults: { on: [], double_events: false },
  place: { channel: "C0OPS", thread: null },
};

const KEPT_TRAFFIC = 100;

/** Take one event of the live connection. */
export function take(event) {
  if (event.type === "hello") takeHello(event);
  else if (event.type === "message") store.channels.get(event.channel)?.messages.set(event.message.ts, event.message);
  else if (event.type === "gone") store.channels.get(event.channel)?.messages.delete(event.ts);
  else if (event.type === "home") store.home = event.view;
  else if (event.type === "modal") store.modal = event.view;
  else if (event.type === "faults") store.faults = event.faults;
  else if (event.type === "traffic") store.traffic = [...store.traffic, event.exchange].slice(-KEPT_TRAFFIC);
}

function takeHello(event) {
  learn(event);
  const byTs = (messages) => new Map(messages.map((one) => [one.ts, one]));
  store.channels = new Map(event.channels.map((one) => [one.id, { ...one, messages: byTs(one.messages) }]));
  const { commands, home, modal, traffic, faults } = event;
  Object.assign(store, { commands, home, modal, traffic, faults });
  if (store.place.channel !== "home" && !store.channels.has(store.place.channel)) store.place = { channel: "C0OPS", thread: null };
}

/** `#C0OPS`, `#C0OPS/1234.5678` for a thread, or `#home`. */
export function readPlace(hash) {
  const [channel, thread] = hash.replace(/^#/, "").split("/");
  store.place = { channel: channel || "C0OPS", thread: thread || null };
}

export function isReply(message) {
  return Boolean(message.thread_ts) && message.thread_ts !== message.ts;
}

/** The replies to a message, oldest first. */
export function repliesTo(channel, ts) {
  return [...channel.messages.values()].filter((one) => one.thread_ts === ts && one.ts !== ts);
}

function seenKey(me, channel) {
  return `seen ${me} ${channel}`;
}

/** How many messages of others came since this person last looked. */
export function unread(channel, me) {
  const seen = window.localStorage.getItem(seenKey(me, channel.id)) ?? "";
  return [...channel.messages.values()].filter((one) => one.ts > seen && one.user !== me).length;
}

/** All there is in this channel has been looked at. */
export function markSeen(channel, me) {
  const last = [...channel.messages.keys()].sort().at(-1);
  if (last) window.localStorage.setItem(seenKey(me, channel.id), last);
}
