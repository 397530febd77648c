// Who and what is in the workspace, for mentions and pickers; and whose eyes the page looks through.

export const directory = { me: null, people: new Map(), groups: new Map(), channels: new Map() };

/** Take what the server says about the workspace. */
export function learn({ me, people, groups, channels }) {
  directory.people = new Map(people.map((one) => [one.id, one]));
  directory.groups = new Map(groups.map((one) => [one.id, one]));
  directory.channels = new Map(channels.map((one) => [one.id, one]));
  directory.me = directory.people.get(me);
}

/** A person's full name; Slackbot for whoever is not in the workspace. */
export function nameOf(id) {
  return directory.people.get(id)?.real_name ?? "Slackbot";
}

/** What a channel is called in a list: `#name`, or the person at the other end. */
export function titleOf(channel) {
  return channel.name ? `#${channel.name}` : "Sparewheel";
}

/** The zone that times are shown in: the reader's. */
export function zone() {
  return directory.me?.time_zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
}
