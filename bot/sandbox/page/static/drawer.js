// The drawer for whoever builds: payloads in both directions, what was refused and why, and faults.

import { act, tell } from "./api.js";
import { asTest } from "./copy_as_test.js";
import { clockTime } from "./dates.js";
import { h } from "./dom.js";
import { store } from "./store.js";

const KINDS = { slow: "slow", 429: "429, too many requests", 500: "500, broken", drop: "drop the connection" };

async function copyTest(exchange, place) {
  const text = asTest(exchange);
  place.replaceChildren(h("textarea", { rows: "8", readonly: true, "aria-label": "The test" }, text));
  try {
    await navigator.clipboard.writeText(text);
    tell("The test is in the clipboard.");
  } catch {
    place.firstElementChild.select();
    tell("The browser gives no clipboard here: copy the test by hand.");
  }
}

function json(words, value) {
  return h("pre", { tabindex: "0", role: "group", "aria-label": words }, JSON.stringify(value, null, 2));
}

function drawExchange(exchange) {
  const { refused, payload, answer } = exchange;
  const arrow = exchange.direction === "to the app" ? "→ app" : "← app";
  const test = h("div", {});
  const copy = h("button", { type: "button", onclick: () => copyTest(exchange, test) }, "Copy as test");
  const mark = refused.length ? h("strong", { class: "refused" }, " refused") : null;
  const summary = h("summary", {}, `${clockTime(new Date(exchange.at * 1000))} ${arrow} ${exchange.name}`, mark);
  const why = refused.length ? h("ul", { class: "why" }, refused.map((one) => h("li", {}, one))) : null;
  return h("details", { "data-number": exchange.number }, summary, why, copy, test, json("Payload", payload), answer ? [h("p", {}, "Answer"), json("Answer", answer)] : null);
}

function faultForm() {
  const kind = h("select", { "aria-label": "Fault" }, Object.entries(KINDS).map(([value, words]) => h("option", { value }, words)));
  const methods = h("input", { type: "text", "aria-label": "Methods, empty for all", placeholder: "chat.update, or empty for all" });
  const times = h("input", { type: "number", min: "0", value: "0", "aria-label": "How often, 0 for always" });
  const seconds = h("input", { type: "number", min: "0", value: "2", step: "any", "aria-label": "Seconds" });
  const add = (event) => {
    event.preventDefault();
    const named = methods.value.split(/[\s,]+/).filter(Boolean);
    act("faults", { kind: kind.value, methods: named, times: Number(times.value), seconds: Number(seconds.value) });
  };
  return h("form", { onsubmit: add, class: "faults" }, kind, methods, h("label", {}, "times ", times), h("label", {}, "seconds ", seconds), h("button", { type: "submit" }, "Switch on"));
}

function faultWords(fault) {
  const where = fault.methods.length ? fault.methods.join(", ") : "every method";
  return `${KINDS[fault.kind]}: ${where}, ${fault.times ? `${fault.times} times more` : "until cleared"}, ${fault.seconds} s`;
}

function showFaults() {
  const { on, double_events: twice } = store.faults;
  const lines = [...on.map(faultWords), ...(twice ? ["every event twice"] : [])];
  document.getElementById("faults-on").replaceChildren(...(lines.length ? lines : ["None is on."]).map((one) => h("li", {}, one)));
}

function frame(place) {
  const clear = h("button", { type: "button", onclick: () => act("faults", { clear: true }) }, "Clear all");
  const twice = h("button", { type: "button", onclick: () => act("faults", { double_events: true }) }, "Deliver events twice");
  place.replaceChildren(
    h("h2", {}, "Faults"), h("ul", { id: "faults-on" }), faultForm(), h("div", { class: "actions" }, twice, clear),
    h("h2", {}, "Payloads, the newest first"), h("div", { id: "exchanges" }),
  );
}

/** Bring the drawer up to date, where it is open; what was unfolded stays so. */
export function showDrawer(place) {
  if (place.hidden) return;
  if (!place.firstElementChild) frame(place);
  showFaults();
  const list = document.getElementById("exchanges");
  const there = new Set([...list.children].map((one) => Number(one.dataset.number)));
  const kept = new Set(store.traffic.map((one) => one.number));
  for (const one of [...list.children]) if (!kept.has(Number(one.dataset.number))) one.remove();
  for (const exchange of store.traffic) if (!there.has(exchange.number)) list.prepend(drawExchange(exchange));
}
