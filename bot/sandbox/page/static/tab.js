// Which tab this is, kept over a reload: a modal opens in the tab that asked for it.

const KEY = "tab";

/** This tab's name, made up the first time. */
export function tabName() {
  const name = window.sessionStorage.getItem(KEY) ?? crypto.randomUUID();
  window.sessionStorage.setItem(KEY, name);
  return name;
}
