/* A layer of canvas tiles that a function draws: thousands of shapes without one element each. */

/* Drawn finer than the screen, so that tiles stay sharp between two whole zooms. */
const FINEST = 2;

export const DrawnTiles = L.GridLayer.extend({
  options: { tileSize: 256, updateWhenZooming: false, keepBuffer: 3, maxZoom: 24 },

  /* draw(context, tile): tile has scale (pixels to the world), left, top, size and zoom. */
  initialize(draw, options) {
    this._draw = draw;
    L.setOptions(this, options);
  },

  createTile(coords) {
    const canvas = document.createElement("canvas");
    const size = this.getTileSize().x;
    const fineness = Math.max(FINEST, window.devicePixelRatio || 1);
    canvas.width = canvas.height = size * fineness;
    const context = canvas.getContext("2d");
    context.scale(fineness, fineness);
    this._draw(context, {
      scale: size * 2 ** coords.z,
      left: coords.x * size,
      top: coords.y * size,
      size,
      zoom: coords.z,
    });
    return canvas;
  },
});

/* Metres on the ground that one pixel covers, at a latitude. */
export function metresPerPixel(tile, lat) {
  return (40075016.686 * Math.cos((lat * Math.PI) / 180)) / tile.scale;
}

/* Latitude of a tile's upper edge. */
export function latitudeOf(tile) {
  return (Math.atan(Math.sinh(Math.PI * (1 - (2 * tile.top) / tile.scale))) * 180) / Math.PI;
}
