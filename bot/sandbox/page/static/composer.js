// The box to type into, with a list of what could come next. Arrows choose, Tab takes, Enter sends.

import { act } from "./api.js";
import { suggestions } from "./completion.js";
import { freshId, h } from "./dom.js";

class Composer {
  constructor({ channel, thread, label, id }) {
    this.place = { channel, thread };
    this.offered = [];
    this.chosen = -1;
    const listId = freshId("suggestions");
    this.list = h("ul", { id: listId, role: "listbox", "aria-label": "Suggestions", hidden: true });
    this.input = h("input", {
      id, type: "text", role: "combobox", autocomplete: "off", "aria-autocomplete": "list", "aria-expanded": "false",
      "aria-controls": listId, "aria-label": label, placeholder: `${label}, or / for a command`,
      oninput: () => this.offer(), onkeydown: (event) => this.onKey(event), onblur: () => this.show([]),
    });
  }

  offer() {
    this.show(suggestions(this.input.value));
  }

  show(found) {
    Object.assign(this, { offered: found, chosen: -1 });
    this.list.hidden = !found.length;
    this.input.setAttribute("aria-expanded", String(Boolean(found.length)));
    this.input.removeAttribute("aria-activedescendant");
    this.list.replaceChildren(...found.map((one, i) => this.drawOption(one, i)));
  }

  drawOption({ shown, about }, i) {
    const attributes = { id: `${this.list.id}-${i}`, role: "option", "aria-selected": "false", onmousedown: (event) => this.takeOption(event, i) };
    return h("li", attributes, h("strong", {}, shown), " ", h("span", { class: "faint" }, about));
  }

  point(next) {
    this.chosen = (next + this.offered.length) % this.offered.length;
    const options = [...this.list.children];
    options.forEach((one, i) => one.setAttribute("aria-selected", String(i === this.chosen)));
    options[this.chosen].scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", options[this.chosen].id);
  }

  takeOption(event, i) {
    event.preventDefault();
    this.input.value = this.offered[i].text;
    this.offer();
  }

  onKey(event) {
    if (this.list.hidden) return;
    const takes = event.key === "Enter" || (event.key === "Tab" && !event.shiftKey);
    if (takes && this.chosen >= 0) this.takeOption(event, this.chosen);
    else if (event.key === "ArrowDown") this.point(this.chosen + 1);
    else if (event.key === "ArrowUp") this.point(this.chosen < 0 ? -1 : this.chosen - 1);
    else if (event.key === "Escape") this.show([]);
    else return;
    event.preventDefault();
  }

  async send(event) {
    event.preventDefault();
    const text = this.input.value.trim();
    if (!text) return;
    this.input.value = "";
    this.show([]);
    const { channel, thread } = this.place;
    const said = await act("say", { channel, text, thread_ts: text.startsWith("/") ? "" : thread });
    if (!said && !this.input.value) this.input.value = text; // it did not arrive: nobody types it twice
  }
}

/** Draw it into a form. `thread` is the time stamp of the message that is replied to, if any. */
export function drawComposer(form, options) {
  const composer = new Composer(options);
  form.onsubmit = (event) => composer.send(event);
  form.replaceChildren(composer.list, composer.input, h("button", { type: "submit", class: "primary" }, "Send"));
}
