/* A layer of canvas tiles that a function draws from vector tiles: thousands of shapes without an element each. */

import { tell } from "./notice.js";
import { dataZoom, loadTile } from "./tiledata.js";

/* Drawn finer than the screen, so that tiles stay sharp between two whole zooms. */
const FINEST = 2;
const EQUATOR_M = 40075016.686;

export const DrawnTiles = L.GridLayer.extend({
  options: { tileSize: 256, updateWhenZooming: false, keepBuffer: 2, maxZoom: 24 },

  /*
   * paint(context, layers, tile): the layers of the vector tile by name; tile says how its units fall on
   * the canvas: x * scale - left, y * scale - top, both in pixels; and its size, zoom and latitude.
   */
  initialize(url, paint, options) {
    this._url = url;
    this._paint = paint;
    L.setOptions(this, options);
  },

  createTile(coords, done) {
    const canvas = document.createElement("canvas");
    const fineness = Math.max(FINEST, window.devicePixelRatio || 1);
    canvas.width = canvas.height = this.getTileSize().x * fineness;
    canvas.fineness = fineness;
    this._fill(canvas, coords).then(() => done(null, canvas), (error) => done(error, canvas) || tell(error));
    return canvas;
  },

  async _fill(canvas, coords, isTouched) {
    const size = this.getTileSize().x;
    const zoom = dataZoom(coords.z);
    const n = 2 ** (coords.z - zoom);
    const [x, y] = [Math.floor(coords.x / n), Math.floor(coords.y / n)];
    const layers = await loadTile(this._url, zoom, x, y);
    const tile = {
      scale: (extent) => (size * n) / extent,
      left: (coords.x - x * n) * size,
      top: (coords.y - y * n) * size,
      size,
      zoom: coords.z,
      lat: latitudeOf(coords),
    };
    if (isTouched && !isTouched(layers, tile)) return;
    const context = canvas.getContext("2d");
    context.setTransform(canvas.fineness, 0, 0, canvas.fineness, 0, 0);
    context.clearRect(0, 0, size, size);
    this._paint(context, layers, tile);
  },

  /* Draw tiles anew where they stand, so that nothing blinks: all, or those that are touched. Resolves when done. */
  repaint(isTouched) {
    const drawn = Object.values(this._tiles || {}).map(({ el, coords }) => this._fill(el, coords, isTouched).catch(tell));
    return Promise.all(drawn);
  },
});

/* Metres on the ground that one pixel of a tile covers. */
export function metresPerPixel(tile) {
  return (EQUATOR_M * Math.cos((tile.lat * Math.PI) / 180)) / (tile.size * 2 ** tile.zoom);
}

/* Latitude of a tile's upper edge. */
function latitudeOf({ y, z }) {
  return (Math.atan(Math.sinh(Math.PI * (1 - (2 * y) / 2 ** z))) * 180) / Math.PI;
}
