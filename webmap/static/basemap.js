/* A base map under everything, where the county has one: tiles of this server or of a map service. */

import { getJson, Refusal } from "./data.js";
import { tell } from "./notice.js";

let shown = false;

/* Whether a base map is to be seen; the county's own paper would hide it. */
export function isBaseMapShown() {
  return shown;
}

/* Tiles whose pictures lie beside their place by the same step everywhere, as GCJ-02 ones do in a county. */
const ShiftedTiles = L.TileLayer.extend({
  _step() {
    const { at, shift } = this.options;
    const zoom = this._tileZoom;
    const moved = this._map.project([at[1] + shift[1], at[0] + shift[0]], zoom);
    return moved.subtract(this._map.project([at[1], at[0]], zoom))._round();
  },

  _getTiledPixelBounds(center) {
    const bounds = L.TileLayer.prototype._getTiledPixelBounds.call(this, center);
    const step = this._step();
    return new L.Bounds(bounds.min.add(step), bounds.max.add(step));
  },

  _getTilePos(coords) {
    return L.TileLayer.prototype._getTilePos.call(this, coords).subtract(this._step());
  },
});

export function makeBaseMap(options) {
  const group = L.layerGroup([], { pane: options.pane });
  let hasTiles = false;
  function announce() {
    shown = hasTiles && Boolean(group._map);
    document.dispatchEvent(new Event("basemap"));
  }
  async function load() {
    const { basemap } = await getJson(options.url);
    if (!basemap) return;
    if (basemap.problem) throw new Refusal(basemap.problem);
    for (const url of basemap.urls) {
      group.addLayer(
        new ShiftedTiles(url, {
          pane: options.pane,
          subdomains: "01234567",
          minZoom: basemap.min_zoom, // shrunk tiles would be thousands
          maxNativeZoom: basemap.max_zoom,
          maxZoom: 24,
          at: basemap.at,
          shift: basemap.shift,
        }),
      );
    }
    hasTiles = true;
    announce();
  }
  group.once("add", () => load().catch(tell));
  group.on("add remove", () => setTimeout(announce));
  return group;
}
