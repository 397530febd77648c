// What could be typed next, from the manifest's slash commands and their usage hints.

import { directory } from "./directory.js";
import { store } from "./store.js";

/** `now [full|critical] [DB] | status | show ID` -> [["now", "[full|critical] [DB]"], …]; bars in brackets do not part. */
export function alternatives(hint) {
  const parts = hint.split(/\s\|\s/).map((part) => part.trim()).filter(Boolean);
  return parts.map((part) => {
    const [word, ...rest] = part.split(" ");
    return [word, rest.join(" ")];
  });
}

function commands(typed) {
  const fitting = store.commands.filter((one) => one.name.startsWith(typed));
  return fitting.map((one) => ({ text: `${one.name} `, shown: one.name, about: one.description }));
}

function words(command, before, last) {
  const known = alternatives(command.usage_hint);
  if (!before.length) {
    return known.map(([word, rest]) => ({ word, about: rest })).filter(({ word }) => word.startsWith(last));
  }
  const rest = known.find(([word]) => word === before[0])?.[1] ?? "";
  const choices = [...rest.matchAll(/\[([^\]]+)\]/g)].flatMap(([, inside]) => inside.split("|")).map((one) => one.split(" ")[0]);
  const small = choices.filter((one) => /^[a-z]/.test(one) && !before.includes(one) && one.startsWith(last));
  return small.map((word) => ({ word, about: "" }));
}

function people(start, last) {
  const names = [...directory.people.values(), ...directory.groups.values()].map((one) => ({ name: one.name && one.handle ? one.handle : one.name, about: one.real_name ?? "user group" }));
  return names.filter(({ name }) => name.startsWith(last.slice(1))).map(({ name, about }) => ({ text: `${start}@${name} `, shown: `@${name}`, about }));
}

/** Suggestions for what has been typed: `{ text, shown, about }`, where `text` replaces all of it. */
export function suggestions(typed) {
  const cut = typed.lastIndexOf(" ") + 1;
  const [start, last] = [typed.slice(0, cut), typed.slice(cut)];
  if (last.startsWith("@")) return people(start, last);
  if (!typed.startsWith("/")) return [];
  if (!cut) return commands(typed);
  const [name, ...before] = start.trim().split(/\s+/);
  const command = store.commands.find((one) => one.name === name);
  if (!command) return [];
  return words(command, before, last).map(({ word, about }) => ({ text: `${start}${word} `, shown: word, about }));
}
