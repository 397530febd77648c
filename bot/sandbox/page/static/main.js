// The page put together: who looks, the live connection, and what is drawn when something changes.

import { act } from "./api.js";
import { showPlace } from "./conversation.js";
import { directory } from "./directory.js";
import { h } from "./dom.js";
import { showDrawer } from "./drawer.js";
import { connect } from "./live.js";
import { showModal } from "./modal.js";
import { drawSidebar } from "./sidebar.js";
import { readPlace, store, take } from "./store.js";

const el = (id) => document.getElementById(id);
const name = new URLSearchParams(window.location.search).get("as") ?? "omar";

/** Where somebody is: their times are shown in its zone. */
function cityOf({ time_zone: zone }) {
  return zone.split("/").at(-1).replaceAll("_", " ");
}

function drawPeople() {
  const people = [...directory.people.values()].filter((one) => !one.is_bot);
  const option = (one) => h("option", { value: one.name, selected: one.name === directory.me.name }, `${one.real_name} (${one.role}, ${cityOf(one)})`);
  el("person").replaceChildren(...people.map(option));
  document.title = `${directory.me.real_name}, Sparewheel sandbox`;
}

function draw() {
  if (!directory.me) return;
  showPlace();
  drawSidebar(el("sidebar"));
  showModal(store.modal);
  showDrawer(el("drawer"));
}

function onEvent(event) {
  take(event);
  if (event.type === "hello") {
    drawPeople();
    if (store.place.channel === "home") act("home", { open: true });
  }
  draw();
}

function onState(connected) {
  el("connection").textContent = connected ? "" : "Not connected. Trying again by itself …";
}

function onPlace() {
  readPlace(window.location.hash);
  setMenu(false);
  if (store.place.channel === "home") act("home", { open: true });
  else if (!store.channels.has(store.place.channel)) store.place = { channel: "C0OPS", thread: null };
  draw();
}

function setMenu(open) {
  el("menu").setAttribute("aria-expanded", String(open));
  document.body.classList.toggle("menu-open", open);
}

function toggleDrawer() {
  el("drawer").hidden = !el("drawer").hidden;
  el("builder").setAttribute("aria-expanded", String(!el("drawer").hidden));
  showDrawer(el("drawer"));
}

function setTheme(theme) {
  document.documentElement.style.colorScheme = theme ?? "light dark";
}

function toggleTheme() {
  const dark = window.matchMedia("(prefers-color-scheme: dark)").matches;
  const now = window.localStorage.getItem("theme") ?? (dark ? "dark" : "light");
  window.localStorage.setItem("theme", now === "dark" ? "light" : "dark");
  setTheme(window.localStorage.getItem("theme"));
}

el("menu").addEventListener("click", () => setMenu(el("menu").getAttribute("aria-expanded") !== "true"));
el("builder").addEventListener("click", toggleDrawer);
el("theme").addEventListener("click", toggleTheme);
// Another person is another address, so that each tab can be somebody else.
el("person").addEventListener("change", (event) => {
  window.location.assign(`/?as=${event.target.value}${window.location.hash}`);
});
window.addEventListener("hashchange", onPlace);
window.addEventListener("focus", draw);
el("skip").addEventListener("click", () => el("composer-input")?.focus());
setTheme(window.localStorage.getItem("theme"));
readPlace(window.location.hash);
connect(name, onEvent, onState);
