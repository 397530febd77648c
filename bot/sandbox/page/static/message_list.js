// A list of messages that changes in place, so that focus, selection and scrolling stay where they are.

import { directory } from "./directory.js";
import { drawMessage } from "./message.js";

const drawn = new WeakMap(); // <li> -> what it was drawn from

function describe(message, replies) {
  return JSON.stringify([message, replies]);
}

function redraw(list, old, fresh) {
  const focused = old.contains(document.activeElement) ? document.activeElement.dataset.action : undefined;
  const hadFocus = old.contains(document.activeElement);
  old.replaceWith(fresh);
  if (!hadFocus) return;
  const again = [...fresh.querySelectorAll("button")].find((one) => focused && one.dataset.action === focused);
  (again ?? list).focus();
}

/** What somebody just said is where they look next, wherever they had scrolled to. */
function justSaid(list, message) {
  return list.childElementCount > 0 && message?.user === directory.me.id && !list.querySelector(`[data-ts="${message.ts}"]`);
}

function nearEnd(list) {
  return list.scrollHeight - list.scrollTop - list.clientHeight < 120;
}

/**
 * Bring a list up to date: draw what is new or changed, take away what is gone.
 * `options(message)` gives the surface, the number of replies, and how its thread is opened.
 */
export function showMessages(list, messages, options) {
  const toEnd = nearEnd(list) || justSaid(list, messages.at(-1));
  const there = new Map([...list.children].map((one) => [one.dataset.ts, one]));
  let before = null;
  for (const message of messages) {
    const { surface, replies, openThread } = options(message);
    const old = there.get(message.ts);
    const description = describe(message, replies);
    there.delete(message.ts);
    let item = old;
    if (!old || drawn.get(old) !== description) {
      item = drawMessage(message, surface, { replies, openThread });
      drawn.set(item, description);
      if (old) redraw(list, old, item);
      else if (before) before.after(item);
      else list.prepend(item);
    }
    before = item;
  }
  for (const gone of there.values()) gone.remove();
  if (toEnd) list.scrollTop = list.scrollHeight;
}
