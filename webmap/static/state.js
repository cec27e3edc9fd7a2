/* What the page shows, kept in one place: the permalink after the #. */

const listeners = new Set();

function readHash() {
  const parts = new URLSearchParams(location.hash.slice(1));
  return {
    reading: null, // until it is known which ones the reader may ask for
    linkedReading: parts.get("reading"),
    view: readView(parts.get("view")),
    groups: parts.has("layers") ? parts.get("layers").split(",").filter(Boolean) : null,
    colours: parts.get("colours") === "bands" ? "bands" : "status",
    building: parts.get("building"),
    centre: parts.get("centre"),
    plan: readReading(parts.get("plan")),
    scenario: parts.get("scenario"),
    service: parts.get("service"),
  };
}

/* A reading that planning goes by: whole minutes of a walker, or steps of 50 m; null for anything else. */
function readReading(text) {
  return /^(minutes:([1-9]|[12]\d|30):(adult|elderly|child)|metres:([1-9]|1\d)[05]0|metres:2000)$/.test(text || "") ? text : null;
}

function readView(text) {
  const [zoom, lat, lon] = (text || "").split("/").map(Number);
  const isPlace = [zoom, lat, lon].every(Number.isFinite) && Math.abs(lat) <= 90 && Math.abs(lon) <= 180;
  return text && isPlace ? { zoom, lat, lon } : null;
}

export const state = readHash();

/* Change some of the state; listeners get the names of what changed. */
export function change(parts) {
  const changed = Object.keys(parts).filter((name) => state[name] !== parts[name]);
  Object.assign(state, parts);
  writeHash();
  if (changed.length) listeners.forEach((listener) => listener(new Set(changed)));
}

export function onChange(listener) {
  listeners.add(listener);
}

let isViewHidden = false;

/* While somebody's own position is in the middle of the map, the view does not go into the permalink. */
export function hideView(isHidden) {
  isViewHidden = isHidden;
  writeHash();
}

function writeHash() {
  const parts = new URLSearchParams();
  if (state.view && !isViewHidden) parts.set("view", `${state.view.zoom}/${state.view.lat.toFixed(5)}/${state.view.lon.toFixed(5)}`);
  if (state.reading) parts.set("reading", state.reading);
  if (state.groups) parts.set("layers", state.groups.join(","));
  if (state.colours !== "status") parts.set("colours", state.colours);
  if (state.building) parts.set("building", state.building);
  if (state.centre) parts.set("centre", state.centre);
  if (state.plan) parts.set("plan", state.plan);
  if (state.plan && state.scenario) parts.set("scenario", state.scenario);
  if (state.plan && state.service) parts.set("service", state.service);
  history.replaceState(null, "", `#${parts.toString().replace(/%2F/g, "/").replace(/%3A/g, ":").replace(/%2C/g, ",")}`);
}
