/* The county's vector tiles: fetched once each under the version that the server names, and kept. */

import { forget, getJson, Refusal } from "./data.js";
import { readTile } from "./mvt.js";

/* Tiles of these zooms are asked for, and drawn two to eight times as large: fewer of them serve a screen. */
const ZOOMS = [16, 14, 12, 10, 8];
const KEPT = 240;
const COUNTY = "/api/v1/county";
const kept = new Map();

export function dataZoom(zoom) {
  return ZOOMS.find((whole) => whole < zoom) ?? ZOOMS[ZOOMS.length - 1];
}

/* The version of the tiles, which changes with what they are made of. */
export async function tileVersion() {
  return (await getJson(COUNTY)).tiles.map;
}

/* The county changed: ask for its versions again. */
export function forgetVersions() {
  forget(COUNTY);
}

/* The layers of a tile by name, with their version; none where the county has no ground. */
export async function loadTile(template, zoom, x, y) {
  const county = await getJson(COUNTY);
  if (!county.bounds || !meets(county.bounds, zoom, x, y)) return new Map();
  const version = county.tiles.map;
  const url = `${L.Util.template(template, { z: zoom, x, y })}?v=${version}`;
  if (!kept.has(url)) {
    const tile = fetchTile(url).then((layers) => Object.assign(layers, { version }));
    tile.catch(() => kept.delete(url));
    kept.set(url, tile);
    if (kept.size > KEPT) kept.delete(kept.keys().next().value);
  }
  try {
    return await kept.get(url);
  } catch (error) {
    if (error.code !== "OldAddressError") throw error;
    if ((await getJson(COUNTY)) === county) forgetVersions();
    return loadTile(template, zoom, x, y);
  }
}

async function fetchTile(url) {
  const response = await fetch(url);
  if (response.ok) return readTile(await response.arrayBuffer());
  let problem = { detail: response.statusText, detail_en: response.statusText, status: response.status };
  try {
    problem = await response.json();
  } catch (error) {
    // Not ours: the status text has to do.
  }
  throw new Refusal(problem);
}

/* Tiles one beyond the extent are asked for too: what juts out over its edge is drawn there. */
function meets([west, south, east, north], zoom, x, y) {
  const n = 2 ** zoom;
  const column = (lon) => ((lon + 180) / 360) * n;
  const row = (lat) => (0.5 - Math.asinh(Math.tan((lat * Math.PI) / 180)) / (2 * Math.PI)) * n;
  const margin = 0.05;
  return x + 1 > column(west) - margin && x < column(east) + margin && y + 1 > row(north) - margin && y < row(south) + margin;
}
