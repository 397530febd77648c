// A payload as a test in Python that says or expects the same.

const PLAIN = { true: "True", false: "False", null: "None" };

/** A JSON value as Python writes it. */
export function python(value, indent = 4) {
  const pad = " ".repeat(indent + 4);
  const end = " ".repeat(indent);
  if (Array.isArray(value)) return value.length ? `[\n${value.map((one) => `${pad}${python(one, indent + 4)},\n`).join("")}${end}]` : "[]";
  if (value && typeof value === "object") {
    const entries = Object.entries(value).map(([name, one]) => `${pad}${JSON.stringify(name)}: ${python(one, indent + 4)},\n`);
    return entries.length ? `{\n${entries.join("")}${end}}` : "{}";
  }
  // Escapes of JSON strings are escapes of Python strings too, once surrogate pairs are kept as letters.
  return PLAIN[String(value)] !== undefined && typeof value !== "string" ? PLAIN[String(value)] : JSON.stringify(value);
}

function doing(exchange) {
  const { name, payload } = exchange;
  if (name === "slash_commands") {
    return `people.say(${python(payload.user_name)}, ${python(`${payload.command} ${payload.text}`.trim())}, channel=${python(payload.channel_id)})`;
  }
  const who = python(payload.user?.name ?? "");
  if (payload.type === "block_actions") {
    const [action] = payload.actions;
    const at = payload.container?.message_ts ? `, ts=${python(payload.container.message_ts)}, channel=${python(payload.channel?.id)}` : "";
    return `people.click(${who}, ${python(action.action_id)}${at}, confirmed=True)`;
  }
  if (payload.type === "view_submission") return `people.submit(${who}, ${python(valuesOf(payload.view))})`;
  return `payload = ${python(payload)}`;
}

function valuesOf(view) {
  const states = Object.values(view.state?.values ?? {}).flatMap((block) => Object.entries(block));
  return Object.fromEntries(states.map(([action, state]) => [action, state.value ?? state.selected_option?.value ?? state.selected_date ?? state.selected_user ?? null]));
}

function expecting(exchange) {
  const call = `web.api_call(${python(exchange.name)}, json=${python(exchange.payload)})`;
  if (!exchange.refused.length) return `assert ${call}["ok"]`;
  return `with pytest.raises(SlackApiError, match=${python(exchange.refused[0])}):\n        ${call}`;
}

/** The whole test, for the fixtures of tests/sandbox/slack. */
export function asTest(exchange) {
  const title = `test_${exchange.name.replace(/\W+/g, "_").toLowerCase()}_${exchange.number}`;
  if (exchange.direction === "from the app") return `def ${title}(web: WebClient) -> None:\n    ${expecting(exchange)}\n`;
  return `def ${title}(people: SandboxClient) -> None:\n    ${doing(exchange)}\n`;
}
