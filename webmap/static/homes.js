/* Every building, coloured by whether its people reach a centre; footprints and colours come apart. */

import { may } from "./account.js";
import { forget, getJson, withReading } from "./data.js";
import { tell } from "./notice.js";
import { shapesInTile, tracePaths } from "./shapes.js";
import { onChange, state } from "./state.js";
import { bandFill, changeFill, colours, statusFill } from "./styles.js";
import { forgetVersions, tileVersion } from "./tiledata.js";
import { DrawnTiles } from "./tiles.js";

/* Up to here buildings are a few pixels wide, and get an edge of their own colour to be seen. */
const SMALL_ZOOM = 14;
const EDGED_ZOOM = 16;
let codes = null;
let doubts = null;
let tried = null;
let shownLayer = null;

export function makeHomes(options) {
  const layer = new DrawnTiles(options.url, paint, { pane: options.pane });
  shownLayer = layer;
  let isShown = false;
  let asked = null;
  async function recolour() {
    if (!state.reading || !isShown || !may("see_colours")) return;
    const own = (asked = state.reading);
    const found = await readLetters("/api/v1/homes", own);
    if (asked !== own) return; // another reading was chosen meanwhile
    [codes, doubts] = [found, null];
    layer.repaint();
    if (!may("study")) return;
    const inDoubt = await readLetters("/api/v1/homes/doubt", own);
    if (asked !== own) return;
    doubts = inDoubt;
    layer.repaint();
  }
  layer.on("add", () => {
    isShown = true;
    recolour().catch(tell);
  });
  layer.on("remove", () => (isShown = false));
  onChange((changed) => {
    if (changed.has("reading")) recolour().catch(tell);
    if (changed.has("colours")) layer.repaint();
  });
  return layer;
}

/* The letters of the buildings as the tiles now number them; null when the county changes under our hands. */
async function readLetters(path, reading) {
  const url = withReading(path, reading);
  const found = await getJson(url);
  if (found.version === (await tileVersion())) return found;
  forget(url);
  forgetVersions();
  const again = await getJson(url);
  return again.version === (await tileVersion()) ? again : null;
}

/* Colour the buildings by what is being tried instead; null goes back to what stands. When it is drawn, resolves. */
export function showTried(letters) {
  const isTouched = touchedBy(tried, letters);
  tried = letters;
  return shownLayer ? shownLayer.repaint(isTouched) : Promise.resolve();
}

/* Which tiles hold a building that is coloured otherwise now; undefined where all have to be drawn. */
function touchedBy(old, now) {
  if (!old || !now || old.version !== now.version) return undefined;
  const differs = new Uint8Array(now.bands.length);
  for (let i = 0; i < differs.length; i++) differs[i] = old.bands[i] !== now.bands[i] || old.changes[i] !== now.changes[i] ? 1 : 0;
  return (layers, tile) => {
    const shapes = layers.get("building");
    return Boolean(shapes) && shapesInTile(shapes, tile, 2).some((i) => differs[shapes.ids[i]]);
  };
}

/* The same buildings once more in a pane of their own, in the colours of letters of their own. */
export function makeSecondHomes(pane) {
  let own = null;
  const layer = new DrawnTiles(shownLayer._url, (context, layers, tile) => paintLetters(context, layers, tile, own, null), { pane });
  layer.show = (letters) => {
    own = letters;
    return layer.repaint();
  };
  return layer;
}

function paint(context, layers, tile) {
  paintLetters(context, layers, tile, tried || codes, tried ? null : doubts);
}

function paintLetters(context, layers, tile, coded, doubtful) {
  const shapes = layers.get("building");
  if (!shapes) return;
  // Letters of another version would colour other buildings.
  const letters = coded?.version === layers.version ? coded[state.colours] : null;
  const changes = coded?.version === layers.version ? coded.changes : null;
  const doubt = doubtful?.version === layers.version ? doubtful.doubt : null;
  const fills = state.colours === "bands" ? bandFill : statusFill;
  const groups = new Map();
  const doubted = [];
  const changed = { "+": [], "-": [] };
  for (const i of shapesInTile(shapes, tile, 2)) {
    const letter = letters ? letters[shapes.ids[i]] : "-";
    if (!groups.has(letter)) groups.set(letter, []);
    groups.get(letter).push(i);
    if (doubt && doubt[shapes.ids[i]] === "?") doubted.push(i);
    if (changes && changes[shapes.ids[i]] !== " ") changed[changes[shapes.ids[i]]].push(i);
  }
  for (const [letter, members] of groups) {
    tracePaths(context, shapes, members, tile, true);
    context.fillStyle = fills[letter] || colours.other;
    context.fill();
    if (tile.zoom >= EDGED_ZOOM || tile.zoom <= SMALL_ZOOM) {
      context.strokeStyle = tile.zoom >= EDGED_ZOOM ? colours.buildingEdge : context.fillStyle;
      context.lineWidth = 0.6;
      context.stroke();
    }
  }
  if (doubted.length && state.colours === "status") {
    tracePaths(context, shapes, doubted, tile, true);
    context.fillStyle = hatch(context);
    context.fill();
  }
  for (const [sign, members] of Object.entries(changed)) {
    if (!members.length) continue;
    tracePaths(context, shapes, members, tile, true);
    context.fillStyle = changeFill[sign];
    context.fill();
    context.strokeStyle = colours.ink;
    context.lineWidth = tile.zoom >= EDGED_ZOOM ? 1.2 : 0.5;
    context.stroke();
  }
}

/* Diagonal stripes over the colour of the answer: it could come out the other way. */
function hatch(context) {
  const cell = document.createElement("canvas");
  cell.width = cell.height = 6;
  const pen = cell.getContext("2d");
  pen.strokeStyle = colours.doubt;
  pen.lineWidth = 2.6;
  pen.beginPath();
  for (const x of [-6, 0, 6]) {
    pen.moveTo(x - 1, 7);
    pen.lineTo(x + 7, -1);
  }
  pen.stroke();
  return context.createPattern(cell, "repeat");
}
