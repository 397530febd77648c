// The modal that the app has opened for this person.

import { act, tell } from "./api.js";
import { drawBlocks } from "./blocks.js";
import { h } from "./dom.js";
import { textObject } from "./mrkdwn.js";
import { modalSurface } from "./surface.js";

const open = { dialog: null, key: null, viewId: null, values: new Map() };

function shut() {
  open.dialog?.remove();
  Object.assign(open, { dialog: null, key: null, viewId: null, values: new Map() });
}

/** Draw the fields again with what was entered, so that an error loses nothing. */
function refill(form) {
  for (const [action, value] of open.values) {
    const field = form.querySelector(`[data-input="${CSS.escape(action)}"]`);
    const single = field?.querySelector("input:not([type=checkbox]):not([type=radio]), textarea, select");
    if (single && typeof value === "string") single.value = value;
    for (const box of field?.querySelectorAll("input[type=checkbox], input[type=radio]") ?? []) box.checked = [value].flat().includes(box.value);
  }
}

async function submit(event, view) {
  event.preventDefault();
  const answer = await act("submit", { values: Object.fromEntries(open.values) });
  if (answer?.problem) tell([answer.problem, ...(answer.cause ?? [])].join(" "));
  if (answer?.errors) {
    draw(view, answer.errors);
    open.dialog.querySelector(".wrong input, .wrong select, .wrong textarea")?.focus();
  }
}

function content(view, errors) {
  const surface = modalSurface(open.values, errors);
  const blocks = drawBlocks(view.blocks, surface);
  view.blocks.forEach((block, i) => block.type === "input" && blocks[i].setAttribute("data-input", block.element.action_id));
  const send = view.submit ? h("button", { type: "submit", class: "primary" }, textObject(view.submit)) : null;
  const leave = h("button", { type: "button", onclick: () => act("close") }, textObject(view.close) || "Close");
  const title = h("h2", { id: "modal-title" }, textObject(view.title));
  const form = h("form", { novalidate: true, onsubmit: (event) => submit(event, view) }, title, blocks, h("div", { class: "actions" }, send, leave));
  refill(form);
  return form;
}

function draw(view, errors = {}) {
  if (!open.dialog) {
    open.dialog = h("dialog", { class: "modal", "aria-labelledby": "modal-title" });
    open.dialog.addEventListener("cancel", (event) => {
      event.preventDefault(); // the app may want to hear of it first
      act("close");
    });
    document.body.append(open.dialog);
    open.dialog.showModal();
  }
  open.dialog.replaceChildren(content(view, errors));
}

/** Show the view that is on this person's screen, or none. */
export function showModal(view) {
  if (!view) return shut();
  const key = `${view.id} ${view.hash}`;
  if (open.key === key) return undefined;
  if (open.viewId !== view.id) open.values = new Map();
  Object.assign(open, { key, viewId: view.id });
  draw(view);
  open.dialog.querySelector("input, select, textarea, button")?.focus();
  return undefined;
}
