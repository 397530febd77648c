// The box to type into, with a list of what could come next. Arrows choose, Tab takes, Enter sends.

import { act } from "./api.js";
import { suggestions } from "./completion.js";
import { freshId, h } from "./dom.js";

/** Draw it into a form. `thread` is the time stamp of the message that is replied to, if any. */
export function drawComposer(form, { channel, thread, label, id }) {
  const listId = freshId("suggestions");
  const list = h("ul", { id: listId, role: "listbox", "aria-label": "Suggestions", hidden: true });
  const input = h("input", {
    id, type: "text", role: "combobox", autocomplete: "off", "aria-autocomplete": "list", "aria-expanded": "false",
    "aria-controls": listId, "aria-label": label, placeholder: `${label}, or / for a command`,
  });
  let offered = [];
  let chosen = -1;

  const show = (found) => {
    offered = found;
    chosen = -1;
    list.hidden = !found.length;
    input.setAttribute("aria-expanded", String(Boolean(found.length)));
    input.removeAttribute("aria-activedescendant");
    list.replaceChildren(...found.map((one, i) => h(
      "li",
      { id: `${listId}-${i}`, role: "option", "aria-selected": "false", onmousedown: (event) => takeIt(event, i) },
      h("strong", {}, one.shown), " ", h("span", { class: "faint" }, one.about),
    )));
  };
  const point = (next) => {
    chosen = (next + offered.length) % offered.length;
    [...list.children].forEach((one, i) => one.setAttribute("aria-selected", String(i === chosen)));
    list.children[chosen].scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", `${listId}-${chosen}`);
  };
  const takeIt = (event, i) => {
    event.preventDefault();
    input.value = offered[i].text;
    show(suggestions(input.value));
  };
  const onKey = (event) => {
    if (list.hidden) return;
    if (event.key === "ArrowDown") point(chosen + 1);
    else if (event.key === "ArrowUp") point(chosen < 0 ? -1 : chosen - 1);
    else if (event.key === "Tab" && !event.shiftKey && chosen >= 0) return takeIt(event, chosen);
    else if (event.key === "Enter" && chosen >= 0) return takeIt(event, chosen);
    else if (event.key === "Escape") show([]);
    else return;
    event.preventDefault();
  };
  const send = async (event) => {
    event.preventDefault();
    const text = input.value.trim();
    if (!text) return;
    input.value = "";
    show([]);
    const said = await act("say", { channel, text, thread_ts: text.startsWith("/") ? "" : thread });
    if (!said && !input.value) input.value = text; // it did not arrive: nobody types it twice
  };

  input.addEventListener("input", () => show(suggestions(input.value)));
  input.addEventListener("keydown", onKey);
  input.addEventListener("blur", () => show([]));
  form.onsubmit = send;
  form.replaceChildren(list, input, h("button", { type: "submit", class: "primary" }, "Send"));
}
