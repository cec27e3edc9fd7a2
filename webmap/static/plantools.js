/* What a click on the map does while planning, one tool at a time. */

import { getJson } from "./data.js";
import { element, fill } from "./dom.js";
import { addEdits, freshId, round } from "./planedits.js";
import { addCentreAt } from "./planmap.js";
import { text } from "./texts.js";
import { town } from "./town.js";

const TOOLS = ["move", "centre", "gate", "path", "bridge"];
const NEAR_WALL_M = 40;
const METRES_PER_DEGREE = 111_320;
const others = new Map(); // tools of other parts of the panel: name -> what a click does
let chosen = "move";
let path = [];
let line = null;
let hint = null;
let buttons = [];
const choosing = new Set();

export function makeTools() {
  hint = element("p", { class: "note plan-hint", role: "status" });
  buttons = TOOLS.map((name) =>
    element("button", { type: "button", "aria-pressed": String(name === chosen), "data-tool": name, onclick: () => chooseTool(name) }, text(`plan.tool.${name}`)),
  );
  const made = element("div", { class: "plan-tools", role: "group", "aria-label": text("plan.tools") }, buttons);
  chooseTool("move");
  return [made, hint];
}

/* A tool of another part of the panel; a click hands it the place. */
export function registerTool(name, act) {
  others.set(name, act);
}

export function onTool(listener) {
  choosing.add(listener);
}

export function chooseTool(name) {
  dropLine();
  chosen = name;
  document.body.dataset.tool = name;
  for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.tool === name));
  tellHint(text(`plan.hint.${name}`));
  choosing.forEach((listener) => listener(name));
}

function tellHint(...content) {
  fill(hint, ...content);
}

/* A click on the map while planning. */
export function clickTool(latlng) {
  const at = latlng.wrap();
  if (others.has(chosen)) others.get(chosen)(at);
  else if (chosen === "centre") {
    addCentreAt(at);
    chooseTool("move");
  } else if (chosen === "gate") addGateAt(at);
  else if (chosen === "path" || chosen === "bridge") addVertex(at);
}

// --- a gate in the nearest wall ------------------------------------------------------------------

async function addGateAt(latlng) {
  const { features } = await getJson("/api/v1/layers/compound.geojson");
  const wide = Math.cos((latlng.lat * Math.PI) / 180);
  let best = null;
  for (const { geometry, properties } of features) {
    if (!geometry) continue;
    for (const ring of (geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates).flat()) {
      for (let i = 1; i < ring.length; i++) {
        const found = nearestOn(ring[i - 1], ring[i], latlng, wide);
        if (!best || found.away < best.away) best = { ...found, compound: properties.id };
      }
    }
  }
  if (!best || best.away * METRES_PER_DEGREE > NEAR_WALL_M) {
    tellHint(text("plan.hint.no_wall", { n: NEAR_WALL_M }));
    return;
  }
  const { id } = freshId("gate-", () => false);
  addEdits([{ do: "add_gate", id, compound: best.compound, lon: round(best.lon), lat: round(best.lat) }]);
  chooseTool("move");
}

/* The place on a segment nearest to a point, and how far that is in degrees of latitude. */
function nearestOn([ax, ay], [bx, by], { lat, lng }, wide) {
  const [dx, dy, px, py] = [(bx - ax) * wide, by - ay, (lng - ax) * wide, lat - ay];
  const share = Math.max(0, Math.min(1, (dx * px + dy * py) / (dx * dx + dy * dy || 1)));
  return { lon: ax + share * (bx - ax), lat: ay + share * (by - ay), away: Math.hypot(px - share * dx, py - share * dy) };
}

// --- a path or a bridge --------------------------------------------------------------------------

function addVertex({ lat, lng }) {
  path.push([round(lng), round(lat)]);
  if (line) line.remove();
  const points = path.map(([x, y]) => [y, x]);
  line = points.length > 1 ? L.polyline(points, { pane: "plan", interactive: false, className: "plan-street is-draft" }) : L.circleMarker(points[0], { pane: "plan", radius: 4, interactive: false, className: "plan-vertex" });
  line.addTo(town.map);
  tellHint(
    text("plan.hint.vertices", { n: path.length }),
    " ",
    path.length > 1 ? element("button", { type: "button", class: "small", onclick: finishPath }, text("plan.finish")) : null,
    element("button", { type: "button", class: "small", onclick: () => chooseTool(chosen) }, text("plan.cancel")),
  );
}

export function finishPath() {
  if (path.length < 2) return;
  const { id } = freshId("path-", () => false);
  const edit = { do: "add_street", id, path, bridge: chosen === "bridge" };
  addEdits([edit]);
  chooseTool("move");
}

function dropLine() {
  path = [];
  if (line) line.remove();
  line = null;
}

/* An edit in words. */
export function tellEdit(edit, nameOf) {
  if (edit.do === "add_street") return text(edit.bridge ? "plan.edit.add_bridge" : "plan.edit.add_street");
  if (edit.do.endsWith("_centre")) return text(`plan.edit.${edit.do}`, { name: edit.name || nameOf(edit.id) || edit.id });
  return text(`plan.edit.${edit.do}`, { id: edit.do === "add_gate" ? edit.compound : edit.id });
}

export function isDrawing() {
  return path.length > 0;
}
