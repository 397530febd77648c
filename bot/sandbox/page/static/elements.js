// What can be pressed, chosen and filled in. Each tells `surface.use(block, element, value)` of its use.

import { freshId, h, safeAddress } from "./dom.js";
import { directory, titleOf } from "./directory.js";
import { textObject } from "./mrkdwn.js";

function wordsOf(option) {
  return option.text.text;
}

function allOptions(element) {
  const groups = element.option_groups ?? [];
  return [...(element.options ?? []), ...groups.flatMap((group) => group.options)];
}

function peopleOptions() {
  const people = [...directory.people.values()].filter((one) => !one.is_bot);
  return people.map((one) => ({ text: { text: one.real_name }, value: one.id }));
}

function channelOptions() {
  return [...directory.channels.values()].map((one) => ({ text: { text: titleOf(one) }, value: one.id }));
}

/** A select's options, by its kind: the app's own, people, or channels. */
function optionsOf(element) {
  if (element.type.includes("users")) return peopleOptions();
  if (element.type.includes("channels") || element.type.includes("conversations")) return channelOptions();
  return allOptions(element);
}

function initialOf(element) {
  const name = Object.keys(element).find((key) => key.startsWith("initial_"));
  const value = name ? element[name] : undefined;
  if (Array.isArray(value)) return value.map((one) => one.value ?? one);
  return value?.value ?? value;
}

function drawButton(element, use) {
  const press = async () => {
    const address = element.url && safeAddress(element.url);
    if (address) window.open(address, "_blank", "noopener");
    await use();
  };
  const label = element.accessibility_label;
  return h("button", { type: "button", class: element.style, "aria-label": label, "data-action": element.action_id, onclick: press }, textObject(element.text));
}

function drawSelect(element, use, label) {
  const chosen = initialOf(element);
  const item = (option) => h("option", { value: option.value, selected: option.value === chosen }, wordsOf(option));
  const groups = (element.option_groups ?? []).map((group) => h("optgroup", { label: group.label.text }, group.options.map(item)));
  const prompt = h("option", { value: "", selected: chosen === undefined }, element.placeholder?.text ?? "Choose …");
  const items = groups.length ? groups : optionsOf(element).map(item);
  return h("select", { ...label, onchange: (event) => use(event.target.value || null) }, prompt, items);
}

/** Several of several: a box for each, easier by keyboard and thumb than a list to hold keys over. */
function drawBoxes(element, use, label, kind = "checkbox") {
  const chosen = [initialOf(element) ?? []].flat();
  const name = freshId("choice");
  const changed = (event) => {
    const boxes = [...event.target.closest("fieldset").querySelectorAll("input")];
    const values = boxes.filter((box) => box.checked).map((box) => box.value);
    use(kind === "radio" ? values[0] : values);
  };
  const item = (option) => {
    const box = h("input", { type: kind, name, value: option.value, checked: chosen.includes(option.value), onchange: changed });
    const more = option.description ? h("small", {}, textObject(option.description)) : null;
    return h("label", { class: "box" }, box, h("span", {}, textObject(option.text), more));
  };
  return h("fieldset", { "aria-label": label["aria-label"], "aria-labelledby": label["aria-labelledby"], "aria-describedby": label["aria-describedby"] }, optionsOf(element).map(item));
}

function drawOverflow(element, use) {
  const item = (option) => h("button", { type: "button", onclick: () => use(option.value) }, wordsOf(option));
  return h("details", { class: "overflow" }, h("summary", { "aria-label": "More actions" }, "⋯"), element.options.map(item));
}

function drawField(type, element, use, label, more = {}) {
  const read = (event) => use(type === "datetime-local" ? Date.parse(event.target.value) / 1000 : event.target.value);
  const value = initialOf(element);
  const text = type === "datetime-local" && value ? new Date(value * 1000 - new Date().getTimezoneOffset() * 60_000).toISOString().slice(0, 16) : value;
  return h("input", { ...label, type, value: text, placeholder: element.placeholder?.text, ...more, oninput: read });
}

function drawText(element, use, label) {
  const limits = { minlength: element.min_length, maxlength: element.max_length };
  if (!element.multiline) return drawField("text", element, use, label, limits);
  const read = (event) => use(event.target.value);
  return h("textarea", { ...label, ...limits, rows: "4", placeholder: element.placeholder?.text, oninput: read }, element.initial_value ?? "");
}

const PICKERS = { datepicker: "date", timepicker: "time", datetimepicker: "datetime-local", email_text_input: "email", url_text_input: "url", number_input: "number" };

/** An interactive element, or null for one that this page does not know. `label` names it for readers. */
export function drawElement(block, element, surface, label) {
  const use = (value) => surface.use(block, element, value);
  const { type } = element;
  if (type === "button") return drawButton(element, use);
  if (type === "overflow") return drawOverflow(element, use);
  if (type === "plain_text_input") return drawText(element, use, label);
  if (PICKERS[type]) return drawField(PICKERS[type], element, use, label, element.is_decimal_allowed ? { step: "any" } : {});
  if (type === "checkboxes") return drawBoxes(element, use, label);
  if (type === "radio_buttons") return drawBoxes(element, use, label, "radio");
  if (/^multi_(static|users|channels|conversations)_select$/.test(type)) return drawBoxes(element, use, label);
  if (/^(static|users|channels|conversations)_select$/.test(type)) return drawSelect(element, use, label);
  return null;
}
