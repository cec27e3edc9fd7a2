/* Polygon layers as outlines; clicks pass through them to the map, which asks the server. */

import { getJson, withReading } from "./data.js";
import { tell } from "./notice.js";
import { onChange, state } from "./state.js";
import { areaStyles, catchmentFills } from "./styles.js";

/* One renderer a pane: Leaflet would make one a layer otherwise. */
const renderers = new Map();

function rendererOf(pane) {
  if (!renderers.has(pane)) renderers.set(pane, L.svg({ pane, padding: 0.5 }));
  return renderers.get(pane);
}

export function makeAreas(options) {
  const base = areaStyles[options.style];
  const style = (feature, index) =>
    options.style === "catchment" ? { ...base, fillColor: catchmentFills[index % catchmentFills.length] } : base;
  const layer = L.geoJSON(null, { pane: options.pane, renderer: rendererOf(options.pane), interactive: false });
  let asked = null;
  async function load() {
    if (options.byReading && !state.reading) return;
    const url = options.byReading ? withReading(options.url, state.reading) : options.url;
    if (asked === url) return;
    asked = url;
    const collection = await getJson(url);
    if (asked !== url) return;
    layer.clearLayers();
    collection.features.forEach((feature, index) => {
      if (!feature.geometry || feature.geometry.type === "Point") return; // a place for a name
      layer.options.style = () => style(feature, index);
      layer.addData(feature);
    });
  }
  let isShown = false;
  layer.on("add", () => {
    isShown = true;
    load().catch(tell);
  });
  layer.on("remove", () => (isShown = false));
  if (options.byReading) onChange((changed) => changed.has("reading") && isShown && load().catch(tell));
  return layer;
}
