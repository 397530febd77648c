// What a person does, sent to the sandbox; what went wrong is shown for a while.

import { directory } from "./directory.js";
import { tabName } from "./tab.js";

let hiding = 0;

/** Show a sentence at the bottom of the page, until the next one or for ten seconds. */
export function tell(words) {
  const place = document.getElementById("toast");
  place.textContent = words;
  clearTimeout(hiding);
  hiding = setTimeout(() => (place.textContent = ""), 10_000);
}

/** POST /sandbox/ACTION as the person whose tab this is. Gives the answer, or null where it failed. */
export async function act(action, values = {}) {
  try {
    const answer = await fetch(`/sandbox/${action}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ as: directory.me?.name, tab: tabName(), ...values }),
    });
    const said = await answer.json();
    if (said.ok) return said;
    tell([said.error, said.next_step].filter(Boolean).join(" "));
  } catch {
    tell("The sandbox does not answer. Is `make run` still running?");
  }
  return null;
}
