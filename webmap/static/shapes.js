/* Geometry for canvas drawing: rings of points in world coordinates (0 to 1, y down), as flat arrays. */

/* Web Mercator of longitude and latitude in degrees, the whole world being 1 wide. */
export function project(lon, lat) {
  const sine = Math.sin((lat * Math.PI) / 180);
  return [lon / 360 + 0.5, 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)];
}

function withBoxes(shapes) {
  const { firstRing, firstPoint, xy } = shapes;
  const n = firstRing.length - 1;
  const box = new Float64Array(n * 4);
  for (let i = 0; i < n; i++) {
    let [west, north, east, south] = [Infinity, Infinity, -Infinity, -Infinity];
    for (let p = firstPoint[firstRing[i]]; p < firstPoint[firstRing[i + 1]]; p++) {
      west = Math.min(west, xy[2 * p]);
      east = Math.max(east, xy[2 * p]);
      north = Math.min(north, xy[2 * p + 1]);
      south = Math.max(south, xy[2 * p + 1]);
    }
    box.set([west, north, east, south], i * 4);
  }
  return { ...shapes, n, box };
}

/*
 * The server's columns as flat arrays: shape i holds the rings firstRing[i] to firstRing[i + 1]; ring j
 * holds the points firstPoint[j] to firstPoint[j + 1] of xy; box holds west, north, east, south of each.
 */
export function shapesOfColumns(columns) {
  const { unit, sizes, parts, steps } = columns;
  const firstRing = new Uint32Array(parts.length + 1);
  parts.forEach((n, i) => (firstRing[i + 1] = firstRing[i] + n));
  const firstPoint = new Uint32Array(sizes.length + 1);
  sizes.forEach((n, j) => (firstPoint[j + 1] = firstPoint[j] + n));
  const xy = new Float64Array(steps.length);
  let [lon, lat] = columns.origin;
  for (let i = 0; i < steps.length; i += 2) {
    lon += steps[i];
    lat += steps[i + 1];
    const [x, y] = project(lon * unit, lat * unit);
    xy[i] = x;
    xy[i + 1] = y;
  }
  return withBoxes({ firstRing, firstPoint, xy });
}

/* One shape as Leaflet's rings of latitude and longitude. */
export function ringsOfShape(shapes, i) {
  const rings = [];
  for (let j = shapes.firstRing[i]; j < shapes.firstRing[i + 1]; j++) {
    const ring = [];
    for (let p = shapes.firstPoint[j]; p < shapes.firstPoint[j + 1]; p++) {
      const lon = (shapes.xy[2 * p] - 0.5) * 360;
      const lat = (Math.atan(Math.sinh(Math.PI * (1 - 2 * shapes.xy[2 * p + 1]))) * 180) / Math.PI;
      ring.push([lat, lon]);
    }
    rings.push(ring);
  }
  return rings;
}

/* Add one shape's outline to a canvas path, at `scale` pixels to the world, from the corner given. */
export function tracePath(context, shapes, i, scale, left, top, isClosed) {
  const { firstRing, firstPoint, xy } = shapes;
  for (let j = firstRing[i]; j < firstRing[i + 1]; j++) {
    for (let p = firstPoint[j]; p < firstPoint[j + 1]; p++) {
      const x = xy[2 * p] * scale - left;
      const y = xy[2 * p + 1] * scale - top;
      if (p === firstPoint[j]) context.moveTo(x, y);
      else context.lineTo(x, y);
    }
    if (isClosed) context.closePath();
  }
}

/* The shapes whose box meets a tile widened by a margin, all in pixels at `scale`. */
export function shapesInTile(shapes, scale, left, top, size, margin) {
  const found = [];
  const [west, east] = [(left - margin) / scale, (left + size + margin) / scale];
  const [north, south] = [(top - margin) / scale, (top + size + margin) / scale];
  const { box, n } = shapes;
  for (let i = 0; i < n; i++) {
    const at = i * 4;
    if (box[at] <= east && box[at + 2] >= west && box[at + 1] <= south && box[at + 3] >= north) found.push(i);
  }
  return found;
}
