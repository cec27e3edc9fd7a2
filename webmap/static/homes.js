/* Every building, coloured by whether its people reach a centre; footprints and colours come apart. */

import { forget, getJson, withReading } from "./data.js";
import { tell } from "./notice.js";
import { ringsOfShape, shapesInTile, shapesOfColumns, tracePath } from "./shapes.js";
import { onChange, state } from "./state.js";
import { bandFill, colours, statusFill } from "./styles.js";
import { DrawnTiles } from "./tiles.js";

let footprints = null;
let codes = null;

export function makeHomes(options) {
  const layer = new DrawnTiles(paint, { pane: options.pane });
  let asked = null;
  async function recolour() {
    if (!footprints || !state.reading) return;
    const url = withReading("/api/v1/homes", state.reading);
    asked = url;
    const found = await getJson(url);
    if (asked !== url) return; // another reading was chosen meanwhile
    if (found.revision !== footprints.revision) {
      // The county changed between the two answers: the letters would colour other buildings.
      forget(options.url);
      forget(url);
      await load();
      return;
    }
    codes = found;
    layer.redraw();
  }
  async function load() {
    const columns = await getJson(options.url);
    footprints = {
      revision: columns.revision,
      shapes: shapesOfColumns(columns),
      ids: new Map(columns.id.map((id, i) => [id, i])),
    };
    layer.redraw();
    await recolour();
  }
  layer.once("add", () => load().catch(tell));
  onChange((changed) => {
    if (changed.has("reading")) recolour().catch(tell);
    if (changed.has("colours")) layer.redraw();
  });
  return layer;
}

/* A building's outline as Leaflet takes it, or null while it is unknown. */
export function outlineOfBuilding(id) {
  const i = footprints ? footprints.ids.get(id) : undefined;
  return i === undefined ? null : ringsOfShape(footprints.shapes, i);
}

function paint(context, tile) {
  if (!footprints) return;
  const letters = codes ? codes[state.colours] : null;
  const fills = state.colours === "bands" ? bandFill : statusFill;
  const groups = new Map();
  for (const i of shapesInTile(footprints.shapes, tile.scale, tile.left, tile.top, tile.size, 2)) {
    const letter = letters ? letters[i] : "-";
    if (!groups.has(letter)) groups.set(letter, []);
    groups.get(letter).push(i);
  }
  for (const [letter, members] of groups) {
    context.beginPath();
    for (const i of members) tracePath(context, footprints.shapes, i, tile.scale, tile.left, tile.top, true);
    context.fillStyle = fills[letter] || colours.other;
    context.fill();
    if (tile.zoom >= 16) {
      context.strokeStyle = "rgba(34, 49, 58, 0.45)";
      context.lineWidth = 0.6;
      context.stroke();
    }
  }
}
