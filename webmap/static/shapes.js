/* Drawing the shapes of a vector tile's layer, which `mvt.js` reads into flat arrays. */

/* The shapes whose box meets a drawn tile widened by a margin in pixels. */
export function shapesInTile(layer, tile, margin) {
  const found = [];
  const scale = tile.scale(layer.extent);
  const [west, east] = [(tile.left - margin) / scale, (tile.left + tile.size + margin) / scale];
  const [north, south] = [(tile.top - margin) / scale, (tile.top + tile.size + margin) / scale];
  const { box, n } = layer;
  for (let i = 0; i < n; i++) {
    const at = i * 4;
    if (box[at] <= east && box[at + 2] >= west && box[at + 1] <= south && box[at + 3] >= north) found.push(i);
  }
  return found;
}

/* Begin a path of the outlines of shapes. */
export function tracePaths(context, layer, chosen, tile, isClosed) {
  const { firstPart, firstPoint, xy } = layer;
  const { left, top } = tile;
  const scale = tile.scale(layer.extent);
  context.beginPath();
  for (const i of chosen) {
    for (let j = firstPart[i]; j < firstPart[i + 1]; j++) {
      const first = firstPoint[j];
      context.moveTo(xy[2 * first] * scale - left, xy[2 * first + 1] * scale - top);
      for (let p = first + 1; p < firstPoint[j + 1]; p++) context.lineTo(xy[2 * p] * scale - left, xy[2 * p + 1] * scale - top);
      if (isClosed) context.closePath();
    }
  }
}
