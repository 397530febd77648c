// The dialogue that asks once more before a button acts.

import { h } from "./dom.js";
import { textBlock, textObject } from "./mrkdwn.js";

/** Ask; gives true where the answer was yes. Escape means no. */
export function ask(confirm) {
  return new Promise((answer) => {
    const yes = h("button", { type: "button", class: confirm.style ?? "primary", onclick: () => dialog.close("yes") }, textObject(confirm.confirm) || "Yes");
    const no = h("button", { type: "button", onclick: () => dialog.close("no") }, textObject(confirm.deny) || "No");
    const title = h("h2", { id: "ask-title" }, textObject(confirm.title));
    const dialog = h("dialog", { class: "ask", "aria-labelledby": "ask-title" }, title, textBlock(confirm.text), h("div", { class: "actions" }, yes, no));
    dialog.addEventListener("close", () => {
      dialog.remove();
      answer(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
    no.focus();
  });
}
