// The connection that brings every change, and comes back by itself.

import { tabName } from "./tab.js";

const FIRST_PAUSE = 300;
const LONGEST_PAUSE = 5_000;

/**
 * Stay connected as one person. The first event after every connection is `hello` with everything, so
 * that nothing is missed. `onState(connected)` is told when the connection comes and goes.
 */
export function connect(name, onEvent, onState) {
  let pause = FIRST_PAUSE;
  const open = () => {
    const socket = new WebSocket(`ws://${window.location.host}/page/live?as=${encodeURIComponent(name)}&tab=${tabName()}`);
    socket.onmessage = (message) => {
      pause = FIRST_PAUSE;
      onState(true);
      onEvent(JSON.parse(message.data));
    };
    socket.onclose = () => {
      onState(false);
      setTimeout(open, pause);
      pause = Math.min(pause * 2, LONGEST_PAUSE);
    };
  };
  open();
}
