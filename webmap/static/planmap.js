/* The map while planning: centres that can be dragged, gates that can be opened, and what was added. */

import { getJson } from "./data.js";
import { element } from "./dom.js";
import { addCentre, beginDrag, currentEdits, endDrag, freshId, onEdits, placeCentre, toggleGate } from "./planedits.js";
import { text } from "./texts.js";
import { town } from "./town.js";

const PANE = "plan";
const GATE_ZOOM = 15.5;
const STEP_M = 10;
const METRES_PER_DEGREE = 111_320;
const centres = new Map(); // id -> { id, name, latlng }: as they stand
const marks = new Map();
const gateMarks = new Map();
const selecting = new Set();
let gates = [];
let group = null;
let gateGroup = null;
let drawn = null;
let selected = null;

export async function openPlanMap() {
  const { map } = town;
  if (!group) {
    map.createPane(PANE).style.zIndex = 450;
    group = L.layerGroup();
    gateGroup = L.layerGroup();
    drawn = L.layerGroup();
    map.on("zoomend", () => showGates());
    onEdits(() => isOpen() && show());
    await load();
  }
  group.addTo(map);
  drawn.addTo(map);
  show();
  showGates();
}

export function closePlanMap() {
  for (const layer of [group, gateGroup, drawn]) if (layer) layer.remove();
}

function isOpen() {
  return group !== null && town.map.hasLayer(group);
}

async function load() {
  const [doors, found] = await Promise.all(["centre", "gate"].map((layer) => getJson(`/api/v1/layers/${layer}.geojson`)));
  const features = doors.features.filter(({ geometry }) => geometry);
  features.sort((a, b) => (a.properties.id < b.properties.id ? -1 : 1));
  for (const { geometry, properties } of features) {
    const id = properties.centre || properties.id;
    const [lng, lat] = geometry.coordinates;
    if (!centres.has(id)) centres.set(id, { id, name: properties.name, latlng: L.latLng(lat, lng) });
  }
  gates = found.features.filter(({ geometry }) => geometry);
}

/* Every centre there is or would be: { id, name, latlng, kind }, kind being stands, moved, new or removed. */
export function listCentres() {
  const listed = new Map([...centres.values()].map((centre) => [centre.id, { ...centre, kind: "stands" }]));
  for (const edit of currentEdits()) {
    const at = edit.lat === undefined ? null : L.latLng(edit.lat, edit.lon);
    if (edit.do === "add_centre") listed.set(edit.id, { id: edit.id, name: edit.name, latlng: at, kind: "new" });
    else if (edit.do === "move_centre") Object.assign(listed.get(edit.id) || {}, { latlng: at, kind: "moved" });
    else if (edit.do === "remove_centre") Object.assign(listed.get(edit.id) || {}, { kind: "removed" });
  }
  return [...listed.values()];
}

export function findCentre(id) {
  return listCentres().find((centre) => centre.id === id);
}

// --- selection -----------------------------------------------------------------------------------

export function onSelect(listener) {
  selecting.add(listener);
}

export function selectedCentre() {
  return selected;
}

export function selectCentre(id) {
  selected = id;
  show();
  selecting.forEach((listener) => listener());
}

/* Move the selected centre by whole steps of metres east and north. */
export function nudge(east, north, steps = 1) {
  const centre = findCentre(selected);
  if (!centre || centre.kind === "removed") return;
  const { lat, lng } = centre.latlng;
  const metres = STEP_M * steps;
  const wide = METRES_PER_DEGREE * Math.cos((lat * Math.PI) / 180);
  placeCentre(selected, L.latLng(lat + (north * metres) / METRES_PER_DEGREE, lng + (east * metres) / wide));
}

export function addCentreAt(latlng) {
  const { id, number } = freshId("new-", (taken) => centres.has(taken));
  addCentre(id, text("plan.new_centre", { n: number }), latlng);
  selectCentre(id);
}

// --- marks ---------------------------------------------------------------------------------------

function show() {
  if (!group) return;
  const listed = listCentres();
  const here = new Set(listed.map(({ id }) => id));
  for (const [id, mark] of marks) {
    if (here.has(id)) continue;
    mark.remove();
    marks.delete(id);
  }
  for (const centre of listed) showCentre(centre);
  showDrawn();
  for (const [id, mark] of gateMarks) styleGate(id, mark);
}

function showCentre(centre) {
  let mark = marks.get(centre.id);
  if (!mark) {
    mark = makeMark(centre);
    marks.set(centre.id, mark);
    group.addLayer(mark);
  }
  if (!mark.isDragged && !mark.getLatLng().equals(centre.latlng)) mark.setLatLng(centre.latlng);
  const classes = mark.getElement()?.classList;
  if (!classes) return;
  for (const kind of ["new", "moved", "removed"]) classes.toggle(`is-${kind}`, centre.kind === kind);
  classes.toggle("is-selected", centre.id === selected);
  const isFixed = centre.kind === "removed";
  if (mark.dragging && mark.dragging.enabled() === isFixed) mark.dragging[isFixed ? "disable" : "enable"]();
}

function makeMark({ id, name, latlng }) {
  const mark = L.marker(latlng, {
    pane: PANE,
    draggable: true,
    autoPan: true,
    keyboard: false, // the panel's list and arrow keys do the same without sixty-nine stops of the tab key
    bubblingMouseEvents: false,
    icon: L.divIcon({ className: "mark plan-mark", iconSize: [30, 30], html: element("span") }),
  });
  mark.bindTooltip(element("span", {}, name || id), { direction: "top", offset: [0, -12], opacity: 1 });
  mark.on("click", () => selectCentre(id));
  mark.on("dragstart", () => {
    mark.isDragged = true;
    mark.closeTooltip();
    beginDrag();
    selectCentre(id);
  });
  mark.on("drag", () => placeCentre(id, mark.getLatLng()));
  mark.on("dragend", () => {
    mark.isDragged = false;
    endDrag();
  });
  return mark;
}

/* New streets as lines, and where moved centres came from. */
function showDrawn() {
  drawn.clearLayers();
  for (const edit of currentEdits()) {
    if (edit.do === "add_street") {
      const path = edit.path.map(([lon, lat]) => [lat, lon]);
      drawn.addLayer(L.polyline(path, { pane: PANE, interactive: false, className: `plan-street${edit.bridge ? " is-bridge" : ""}` }));
    } else if (edit.do === "add_gate") {
      drawn.addLayer(gateMark(L.latLng(edit.lat, edit.lon), "is-new"));
    } else if (edit.do === "move_centre" && centres.has(edit.id)) {
      drawn.addLayer(L.polyline([centres.get(edit.id).latlng, [edit.lat, edit.lon]], { pane: PANE, interactive: false, className: "plan-moved" }));
    }
  }
}

function gateMark(latlng, className) {
  return L.marker(latlng, {
    pane: PANE,
    keyboard: false,
    interactive: className !== "is-new",
    icon: L.divIcon({ className: `mark plan-gate ${className}`, iconSize: [24, 24], html: element("span") }),
  });
}

// --- gates ---------------------------------------------------------------------------------------

function showGates() {
  if (!isOpen()) return;
  if (town.map.getZoom() < GATE_ZOOM) {
    gateGroup.remove();
    return;
  }
  if (!gateMarks.size) {
    for (const { geometry, properties } of gates) {
      const mark = gateMark(L.latLng(geometry.coordinates[1], geometry.coordinates[0]), "");
      mark.bindTooltip(() => element("span", {}, text(isGateOpen(properties.id) ? "plan.gate.close" : "plan.gate.open")), { direction: "top", opacity: 1 });
      mark.on("click", () => toggleGate(properties.id, stoodOpen(properties)));
      mark.on("add", () => styleGate(properties.id, mark));
      gateMarks.set(properties.id, mark);
      gateGroup.addLayer(mark);
    }
  }
  gateGroup.addTo(town.map);
}

function stoodOpen({ locked, pedestrian }) {
  return !locked && pedestrian !== false;
}

function isGateOpen(id) {
  const edit = currentEdits().find((other) => other.id === id && /^(open|close)_gate$/.test(other.do));
  return edit ? edit.do === "open_gate" : stoodOpen(gates.find(({ properties }) => properties.id === id).properties);
}

function styleGate(id, mark) {
  const classes = mark.getElement()?.classList;
  if (!classes) return;
  classes.toggle("is-closed", !isGateOpen(id));
  classes.toggle("is-changed", currentEdits().some((edit) => edit.id === id && edit.do.endsWith("_gate")));
}
