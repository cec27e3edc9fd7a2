/* The ground that the county's data lies on: extent, water and streets, so that it reads as a map. */

import { isBaseMapShown } from "./basemap.js";
import { shapesInTile, tracePaths } from "./shapes.js";
import { colours, streetKind, streetStyles } from "./styles.js";
import { DrawnTiles, metresPerPixel } from "./tiles.js";

const MARGIN_PX = 24;
const painters = { county: paintExtent, water: paintWater, street: paintStreets };

export function makeGround(options) {
  const paint = painters[options.style];
  const layer = new DrawnTiles(
    options.url,
    (context, layers, tile) => {
      const shapes = layers.get(options.style);
      if (shapes) paint(context, shapes, tile);
    },
    { pane: options.pane },
  );
  if (options.style === "county") document.addEventListener("basemap", () => layer.repaint());
  return layer;
}

function paintExtent(context, shapes, tile) {
  tracePaths(context, shapes, shapesInTile(shapes, tile, MARGIN_PX), tile, true);
  if (!isBaseMapShown()) {
    context.fillStyle = colours.paper;
    context.fill("evenodd");
  }
  context.strokeStyle = colours.extentEdge;
  context.lineWidth = 1;
  context.stroke();
}

function paintWater(context, shapes, tile) {
  context.fillStyle = colours.water;
  for (const i of shapesInTile(shapes, tile, MARGIN_PX)) {
    tracePaths(context, shapes, [i], tile, true);
    context.fill("evenodd");
  }
}

/* All edges first and all surfaces after, so that streets join without seams. */
function paintStreets(context, shapes, tile) {
  const perPixel = metresPerPixel(tile);
  const kinds = shapes.kinds || (shapes.kinds = (shapes.columns.class || new Array(shapes.n).fill("")).map(streetKind));
  const members = new Map();
  for (const i of shapesInTile(shapes, tile, MARGIN_PX)) {
    if (!members.has(kinds[i])) members.set(kinds[i], []);
    members.get(kinds[i]).push(i);
  }
  const drawn = Object.entries(streetStyles)
    .reverse()
    .filter(([kind, style]) => members.has(kind) && tile.zoom >= (style.minZoom || 0))
    .map(([kind, style]) => ({ kind, width: Math.max(style.least, style.width_m / perPixel) }));
  context.lineCap = "round";
  context.lineJoin = "round";
  for (const { kind, width } of drawn) {
    if (kind === "path") continue;
    tracePaths(context, shapes, members.get(kind), tile, false);
    context.strokeStyle = colours.streetEdge;
    context.lineWidth = width + 1.4;
    context.stroke();
  }
  for (const { kind, width } of drawn) {
    tracePaths(context, shapes, members.get(kind), tile, false);
    const isPath = kind === "path";
    context.setLineDash(isPath ? [3, 3] : []);
    context.strokeStyle = isPath ? colours.path : colours.street;
    context.lineWidth = isPath ? Math.min(width, 1.2) : width;
    context.stroke();
  }
  context.setLineDash([]);
}
