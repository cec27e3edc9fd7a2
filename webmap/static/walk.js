/* The walk to the nearest centre: drawn on the map leg by leg, and told in words on the card. */

import { element, fill } from "./dom.js";
import { language, minutes, text } from "./texts.js";
import { town } from "./town.js";

let drawn = null;

export function clearWalk() {
  if (drawn) drawn.remove();
  drawn = null;
}

/* Draw a walk as the API tells it and fill a box of the card with its legs. */
export function showWalk(told, box) {
  clearWalk();
  if (!told.walk) {
    fill(box, element("p", { class: "note" }, told.why[language]));
    return;
  }
  const { walk } = told;
  draw(walk);
  const doubts = [
    walk.passed_over ? text("walk.passed_over") : null,
    walk.is_barred ? text("walk.barred") : null,
    ["inferred", "unknown"].includes(walk.gates) ? text(`walk.gates.${walk.gates}`) : null,
  ].filter(Boolean);
  fill(
    box,
    element(
      "details",
      { class: "walk" },
      element("summary", {}, text("walk")),
      element("ol", {}, joinLegs(walk.legs).map(tellLeg)),
      element("p", { class: "note" }, text("walk.basis")),
    ),
    doubts.map((doubt) => element("p", { class: "note" }, doubt)),
  );
}

function draw(walk) {
  const lines = walk.legs.map((leg) => L.polyline(leg.line.map(([lon, lat]) => [lat, lon]), { className: `walk-leg walk-${leg.kind}`, interactive: false }));
  const halos = walk.legs.map((leg) => L.polyline(leg.line.map(([lon, lat]) => [lat, lon]), { className: "walk-halo", interactive: false }));
  const gates = walk.gates_passed.map(({ lonlat: [lon, lat] }) =>
    L.marker([lat, lon], {
      interactive: false,
      keyboard: false,
      icon: L.divIcon({ className: "walk-gate", iconSize: [0, 0], html: element("span", {}, text("walk.gate")) }),
    }),
  );
  const end = walk.legs[walk.legs.length - 1].line.slice(-1)[0];
  const goal = L.circleMarker([end[1], end[0]], { radius: 6, className: "walk-goal", interactive: false });
  drawn = L.layerGroup([...halos, ...lines, goal, ...gates]).addTo(town.map);
}

/* The box around what is drawn; null where nothing is. */
export function walkBounds() {
  if (!drawn) return null;
  const bounds = L.latLngBounds([]);
  drawn.eachLayer((layer) => bounds.extend(layer.getBounds && !layer.getRadius ? layer.getBounds() : layer.getLatLng()));
  return bounds;
}

/* Legs of one kind along one street in a row are one to a walker. */
function joinLegs(legs) {
  const joined = [];
  for (const leg of legs) {
    const last = joined[joined.length - 1];
    if (last && leg.kind === last.kind && leg.name === last.name && leg.kind !== "access" && !leg.gate && !last.gate) {
      last.length_m += leg.length_m;
      last.seconds += leg.seconds;
      last.wait_s += leg.wait_s;
    } else if (leg.length_m >= 0.5 || leg.gate) joined.push({ ...leg });
  }
  return joined;
}

function tellLeg(leg) {
  const where = ["street", "crossing", "steps"].includes(leg.kind) ? leg.name || text("walk.unnamed") : null;
  const parts = [
    text("walk.metres", { n: Math.round(leg.length_m) }),
    minutes(leg.seconds),
    leg.wait_s > 0 ? text("walk.wait", { n: Math.round(leg.wait_s) }) : null,
    leg.gate && leg.to === "gate" ? text("walk.gate_passed") : null,
  ];
  return element(
    "li",
    { class: `leg leg-${leg.kind}` },
    element("span", {}, where && leg.kind === "street" ? where : [text(`walk.kind.${leg.kind}`), where].filter(Boolean).join(" · ")),
    element("small", {}, parts.filter(Boolean).join(" · ")),
  );
}
