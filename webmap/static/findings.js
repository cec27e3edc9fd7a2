/* Faults in the data where they lie, checked when the layer is first shown. */

import { getJson } from "./data.js";
import { element } from "./dom.js";
import { tell } from "./notice.js";
import { findingColours } from "./styles.js";
import { language, loadTexts, text } from "./texts.js";

export function makeFindings(options) {
  const layer = L.layerGroup([], { pane: options.pane });
  const renderer = L.svg({ pane: options.pane, padding: 0.5 });
  async function load() {
    const [{ features }] = await Promise.all([getJson(options.url), loadTexts()]);
    for (const feature of features) {
      if (!feature.geometry) continue;
      const colour = findingColours[feature.properties.severity];
      const style = { pane: options.pane, renderer, color: colour, weight: 2, fillColor: colour, fillOpacity: 0.1 };
      const shape = L.geoJSON(feature, { ...style, style, interactive: false, pointToLayer: (_, at) => dot(at, style) });
      layer.addLayer(shape);
      const mark = dot(shape.getBounds().getCenter(), style);
      mark.bindTooltip(() => words(feature.properties), { direction: "top", opacity: 1, className: "finding" });
      layer.addLayer(mark);
    }
  }
  layer.once("add", () => load().catch(tell));
  return layer;
}

/* Seen at every zoom, however small the fault is. */
function dot(at, style) {
  return L.circleMarker(at, { ...style, radius: 5, weight: 1.5, color: "#fff", fillOpacity: 1, bubblingMouseEvents: false });
}

function words(properties) {
  return element(
    "div",
    {},
    element("b", {}, text(`severity.${properties.severity}`)),
    element("p", {}, properties[language]),
    element("p", { class: "note" }, properties[`remedy_${language}`]),
  );
}
