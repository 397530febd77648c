// Times as Slack shows them: in the reader's own zone.
// The tokens: docs.slack.dev, messaging/formatting-message-text, "Date formatting".

import { h } from "./dom.js";
import { zone } from "./directory.js";

const DATES = {
  date_num: { year: "numeric", month: "2-digit", day: "2-digit" },
  date: { year: "numeric", month: "long", day: "numeric" },
  date_short: { year: "numeric", month: "short", day: "numeric" },
  date_long: { year: "numeric", month: "long", day: "numeric", weekday: "long" },
};

function inZone(options, at) {
  return new Intl.DateTimeFormat("en-US", { timeZone: zone(), ...options }).format(at);
}

/** The hour and minute, `14:05`. */
export function clockTime(at) {
  return inZone({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" }, at);
}

function dayOf(at) {
  return new Intl.DateTimeFormat("en-CA", { timeZone: zone() }).format(at);
}

/** `today`, `yesterday` or `tomorrow`, where it is one of them. */
function nearDay(at) {
  const days = { today: 0, yesterday: -1, tomorrow: 1 };
  return Object.keys(days).find((word) => dayOf(at) === dayOf(new Date(Date.now() + days[word] * 86_400_000)));
}

function token(name, at) {
  if (name === "time") return clockTime(at);
  if (name === "time_secs") return inZone({ timeStyle: "medium", hourCycle: "h23" }, at);
  const plain = name.replace(/_pretty$/, "");
  if (!DATES[plain]) return `{${name}}`;
  return (plain !== name && nearDay(at)) || inZone(DATES[plain], at);
}

/** `<!date^SECONDS^FORMAT^LINK|FALLBACK>` as a <time> that shows the whole moment when pointed at. */
export function drawDate(seconds, format, fallback) {
  const at = new Date(Number(seconds) * 1000);
  if (Number.isNaN(at.getTime())) return h("span", {}, fallback);
  const words = format.replace(/\{(\w+)\}/g, (_, name) => token(name, at));
  const whole = inZone({ dateStyle: "full", timeStyle: "long" }, at);
  return h("time", { datetime: at.toISOString(), title: whole }, words);
}
