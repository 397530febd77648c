// What happens when something in a message or on the Home tab is used.

import { act, tell } from "./api.js";
import { ask } from "./ask.js";

const PROBLEMS = {
  operation_timeout: "The app did not answer in three seconds.",
  dispatch_failed: "The app is not connected, so nobody heard of it.",
};

async function press(block, element, value, where) {
  if (element.confirm && !(await ask(element.confirm))) return;
  const answer = await act("click", {
    ...where,
    action_id: element.action_id,
    block_id: block.block_id,
    value: JSON.stringify(value ?? null),
    confirmed: Boolean(element.confirm),
  });
  if (answer?.problem) tell(PROBLEMS[answer.problem] ?? answer.problem);
}

/** The surface of a message. */
export function messageSurface(channel, ts) {
  return { use: (block, element, value) => press(block, element, value, { channel, ts }) };
}

/** The surface of the Home tab. */
export function homeSurface() {
  return { use: (block, element, value) => press(block, element, value, {}) };
}

/** The surface of a modal: inputs are kept in `values` until it is submitted, all else acts at once. */
export function modalSurface(values, errors) {
  const use = (block, element, value) => {
    if (block.type !== "input") return press(block, element, value, {});
    values.set(element.action_id, value);
    return block.dispatch_action ? press(block, element, value, {}) : undefined;
  };
  return { use, errors };
}
