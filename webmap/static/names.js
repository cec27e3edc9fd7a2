/* Names of areas on the map; of two that would overlap, the one of lower rank is hidden. */

import { getJson } from "./data.js";
import { element } from "./dom.js";
import { tell } from "./notice.js";
import { nameStyles } from "./styles.js";

const layers = new Set();

export function makeNames(options) {
  const layer = L.layerGroup([], { pane: options.pane });
  layer.nameStyle = nameStyles[options.style];
  async function load() {
    const collection = await getJson(options.url);
    for (const { geometry, properties } of collection.features) {
      if (!geometry || geometry.type !== "Point" || !properties.name) continue;
      const [lon, lat] = geometry.coordinates;
      layer.addLayer(
        L.marker([lat, lon], {
          pane: options.pane,
          interactive: false,
          keyboard: false,
          icon: L.divIcon({
            className: `name name-${options.style}`,
            iconSize: [0, 0],
            html: element("span", {}, properties.name),
          }),
        }),
      );
    }
    layoutNames(layer._map);
  }
  layer.once("add", () => load().catch(tell));
  layer.on("add", () => {
    layers.add(layer);
    layoutNames(layer._map);
  });
  layer.on("remove", () => layers.delete(layer));
  return layer;
}

function overlaps(a, b) {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

/* Show what fits at this zoom. Sizes are read before anything is changed, in one go. */
export function layoutNames(map) {
  if (!map) return;
  const zoom = map.getZoom();
  const marks = [];
  for (const layer of layers) {
    layer.eachLayer((marker) => {
      const mark = marker.getElement();
      if (!mark) return;
      const size = marker.nameSize || (marker.nameSize = measure(mark));
      const at = map.latLngToContainerPoint(marker.getLatLng());
      const half = { x: size.x / 2 + 3, y: size.y / 2 + 1 };
      const box = { left: at.x - half.x, right: at.x + half.x, top: at.y - half.y, bottom: at.y + half.y };
      marks.push({ mark, box, style: layer.nameStyle });
    });
  }
  marks.sort((a, b) => a.style.rank - b.style.rank);
  const placed = [];
  for (const { mark, box, style } of marks) {
    const fits = zoom >= style.minZoom && !placed.some((other) => overlaps(box, other));
    mark.classList.toggle("is-hidden", !fits);
    if (fits) placed.push(box);
  }
}

function measure(mark) {
  const span = mark.firstElementChild;
  return { x: span.offsetWidth, y: span.offsetHeight };
}
