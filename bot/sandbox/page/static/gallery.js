// Every message on one page, or the one that the address names after #.

import { learn } from "./directory.js";
import { h } from "./dom.js";
import { drawMessage } from "./message.js";

const INERT = { use: () => {} };
const GROUPS = { ordinary: "Ordinary content", forms: "Forms", extreme: "Extreme content", sandbox: "What the sandbox says" };

function exhibit({ name, message }) {
  const anchor = name.replaceAll(" ", "-");
  const title = h("h3", { class: "name" }, h("a", { href: `#${anchor}` }, name));
  return h("section", { class: "exhibit", id: anchor }, title, h("ol", {}, drawMessage(message, INERT)));
}

function showGallery(data) {
  const wanted = decodeURIComponent(window.location.hash.slice(1));
  const shown = data.exhibits.filter((one) => !wanted || one.name.replaceAll(" ", "-") === wanted);
  const groups = Object.keys(GROUPS).map((group) => {
    const members = shown.filter((one) => one.group === group).map(exhibit);
    return members.length ? [h("h2", {}, `${GROUPS[group]}, ${members.length}`), members] : [];
  });
  const all = wanted ? h("p", {}, h("a", { href: "#" }, "All of them")) : null;
  document.getElementById("gallery").replaceChildren(h("h1", {}, "What Sparewheel says"), ...[all ?? []].flat(), ...groups.flat(Infinity));
}

const exhibits = JSON.parse(document.getElementById("exhibits").textContent);
learn(exhibits);
showGallery(exhibits);
window.addEventListener("hashchange", () => showGallery(exhibits));
