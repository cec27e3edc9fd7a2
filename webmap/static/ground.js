/* The ground that the county's data lies on: extent, water and streets, so that it reads as a map. */

import { getJson } from "./data.js";
import { tell } from "./notice.js";
import { shapesInTile, shapesOfColumns, tracePath } from "./shapes.js";
import { colours, streetKind, streetStyles } from "./styles.js";
import { DrawnTiles, latitudeOf, metresPerPixel } from "./tiles.js";

const MARGIN_PX = 24;

export function makeGround(options) {
  let shapes = null;
  let kinds = [];
  const painters = { county: paintExtent, water: paintWater, street: paintStreets };
  const layer = new DrawnTiles(
    (context, tile) => {
      if (shapes) painters[options.style](context, tile, shapes, kinds);
    },
    { pane: options.pane },
  );
  async function load() {
    const columns = await getJson(options.url);
    kinds = (columns.class || []).map(streetKind);
    shapes = shapesOfColumns(columns);
    layer.redraw();
  }
  layer.once("add", () => load().catch(tell));
  return layer;
}

function trace(context, tile, shapes, chosen, isClosed) {
  context.beginPath();
  for (const i of chosen) tracePath(context, shapes, i, tile.scale, tile.left, tile.top, isClosed);
}

function inTile(tile, shapes) {
  return shapesInTile(shapes, tile.scale, tile.left, tile.top, tile.size, MARGIN_PX);
}

function paintExtent(context, tile, shapes) {
  trace(context, tile, shapes, inTile(tile, shapes), true);
  context.fillStyle = colours.paper;
  context.fill("evenodd");
  context.strokeStyle = "#c9c2b2";
  context.lineWidth = 1;
  context.stroke();
}

function paintWater(context, tile, shapes) {
  context.fillStyle = colours.water;
  for (const i of inTile(tile, shapes)) {
    trace(context, tile, shapes, [i], true);
    context.fill("evenodd");
  }
}

/* All edges first and all surfaces after, so that streets join without seams. */
function paintStreets(context, tile, shapes, kinds) {
  const perPixel = metresPerPixel(tile, latitudeOf(tile));
  const chosen = inTile(tile, shapes);
  const byKind = Object.entries(streetStyles).reverse().map(([kind, style]) => ({
    kind,
    style,
    width: Math.max(style.least, style.width_m / perPixel),
    members: chosen.filter((i) => kinds[i] === kind),
  }));
  context.lineCap = "round";
  context.lineJoin = "round";
  for (const { kind, style, width, members } of byKind) {
    if (!members.length || kind === "path" || tile.zoom < (style.minZoom || 0)) continue;
    trace(context, tile, shapes, members, false);
    context.strokeStyle = colours.streetEdge;
    context.lineWidth = width + 1.4;
    context.stroke();
  }
  for (const { kind, style, width, members } of byKind) {
    if (!members.length || tile.zoom < (style.minZoom || 0)) continue;
    trace(context, tile, shapes, members, false);
    const isPath = kind === "path";
    context.setLineDash(isPath ? [3, 3] : []);
    context.strokeStyle = isPath ? colours.path : colours.street;
    context.lineWidth = isPath ? Math.min(width, 1.2) : width;
    context.stroke();
  }
  context.setLineDash([]);
}
