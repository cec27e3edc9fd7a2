/* Point layers as small marks; a centre's mark opens its card. */

import { getJson } from "./data.js";
import { element } from "./dom.js";
import { tell } from "./notice.js";
import { change } from "./state.js";
import { loadTexts, text } from "./texts.js";

export function makePoints(options) {
  const layer = L.layerGroup([], { pane: options.pane });
  async function load() {
    const collection = await getJson(options.url);
    await loadTexts();
    for (const feature of collection.features) {
      if (feature.geometry) layer.addLayer(makeMark(feature, options));
    }
  }
  layer.once("add", () => load().catch(tell));
  return layer;
}

function makeMark(feature, { style, pane }) {
  const [lon, lat] = feature.geometry.coordinates;
  const isCentre = style === "centre";
  const size = isCentre ? 22 : 12;
  const mark = L.marker([lat, lon], {
    pane,
    icon: L.divIcon({
      className: `mark mark-${style} ${markKind(style, feature.properties)}`,
      iconSize: [size, size],
      html: element("span"),
    }),
    interactive: isCentre,
    keyboard: false, // sixty-nine more stops for the tab key; the lists hold the same
  });
  const name = feature.properties.name;
  if (isCentre) {
    if (name) mark.bindTooltip(element("span", {}, name), { direction: "top", offset: [0, -8], opacity: 1 });
    mark.on("click", () => change({ centre: feature.properties.centre || feature.properties.id, building: null }));
  } else if (style === "place" && name) {
    mark.options.title = `${name} ${feature.properties.kind || ""}`.trim();
  } else if (style === "gate") {
    mark.options.title = text(feature.properties.locked ? "gate.locked" : "gate");
  }
  return mark;
}

function markKind(style, properties) {
  if (style !== "gate") return "";
  return properties.locked || properties.pedestrian === false ? "is-closed" : "is-open";
}
