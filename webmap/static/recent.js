/* What was looked up last, for this tab of the browser alone: it is gone when the tab is closed. */

const KEY = "recent";
const MOST = 6;

export function listRecent() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY)) || [];
  } catch (error) {
    return []; // storage is switched off, or holds what is not ours
  }
}

export function remember({ kind, key, name, where }) {
  const others = listRecent().filter((entry) => entry.kind !== kind || entry.key !== key);
  try {
    sessionStorage.setItem(KEY, JSON.stringify([{ kind, key, name, where }, ...others].slice(0, MOST)));
  } catch (error) {
    // Storage is switched off: nothing is remembered.
  }
}

export function forgetRecent() {
  try {
    sessionStorage.removeItem(KEY);
  } catch (error) {
    // Nothing was remembered.
  }
}
