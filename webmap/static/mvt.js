/* Vector tiles read into flat arrays (Mapbox Vector Tiles 2.1, as webmap/mvt.py writes them). */

const words = new TextDecoder();

class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  number() {
    let [value, shift] = [0, 1];
    for (;;) {
      const byte = this.bytes[this.at++];
      value += (byte & 0x7f) * shift;
      if (byte < 0x80) return value;
      shift *= 128;
    }
  }

  part() {
    const size = this.number();
    const part = new Reader(this.bytes.subarray(this.at, this.at + size));
    this.at += size;
    return part;
  }

  text() {
    return words.decode(this.part().bytes);
  }

  get isDone() {
    return this.at >= this.bytes.length;
  }
}

/*
 * The layers of a tile by name. Shape i of a layer has the number ids[i] and the rings or lines firstPart[i]
 * to firstPart[i + 1]; part j has the points firstPoint[j] to firstPoint[j + 1] of xy, in `extent` units a
 * tile; box has west, north, east, south of each. columns hold the properties, one value a shape.
 */
export function readTile(buffer) {
  const layers = new Map();
  const reader = new Reader(new Uint8Array(buffer));
  while (!reader.isDone) {
    reader.number(); // a tile has nothing but layers
    const layer = readLayer(reader.part());
    layers.set(layer.name, layer);
  }
  return layers;
}

function readLayer(reader) {
  const layer = { name: "", extent: 4096 };
  const features = [];
  const keys = [];
  const values = [];
  while (!reader.isDone) {
    const field = reader.number() >> 3;
    if (field === 1) layer.name = reader.text();
    else if (field === 2) features.push(readFeature(reader.part()));
    else if (field === 3) keys.push(reader.text());
    else if (field === 4) values.push(readValue(reader.part()));
    else if (field === 5) layer.extent = reader.number();
    else reader.number(); // the version
  }
  return { ...layer, ...joinPaths(features), columns: readColumns(features, keys, values) };
}

function readFeature(reader) {
  const feature = { id: 0, tags: null, geometry: null };
  while (!reader.isDone) {
    const field = reader.number() >> 3;
    if (field === 1) feature.id = reader.number();
    else if (field === 2) feature.tags = reader.part();
    else if (field === 4) feature.geometry = reader.part();
    else reader.number(); // the kind: whoever draws a layer knows it
  }
  return feature;
}

function readValue(reader) {
  const field = reader.number() >> 3;
  if (field === 1) return reader.text();
  if (field === 3) return new DataView(reader.bytes.buffer, reader.bytes.byteOffset + 1, 8).getFloat64(0, true);
  const value = reader.number();
  if (field === 6) return value % 2 ? -(value + 1) / 2 : value / 2;
  return field === 7 ? value === 1 : value;
}

function readColumns(features, keys, values) {
  const columns = Object.fromEntries(keys.map((key) => [key, new Array(features.length).fill(null)]));
  features.forEach(({ tags }, i) => {
    while (tags && !tags.isDone) columns[keys[tags.number()]][i] = values[tags.number()];
  });
  return columns;
}

function joinPaths(features) {
  const n = features.length;
  const ids = new Uint32Array(n);
  const firstPart = new Uint32Array(n + 1);
  const box = new Int32Array(n * 4);
  const firstPoint = [];
  const xy = [];
  features.forEach(({ id, geometry }, i) => {
    ids[i] = id;
    firstPart[i] = firstPoint.length;
    let [x, y, west, north, east, south] = [0, 0, Infinity, Infinity, -Infinity, -Infinity];
    while (geometry && !geometry.isDone) {
      const command = geometry.number();
      const kind = command & 7;
      if (kind === 7) continue; // a ring is closed by who draws it
      for (let count = command >> 3; count > 0; count--) {
        if (kind === 1) firstPoint.push(xy.length / 2);
        const [dx, dy] = [geometry.number(), geometry.number()];
        x += (dx >> 1) ^ -(dx & 1);
        y += (dy >> 1) ^ -(dy & 1);
        xy.push(x, y);
        if (x < west) west = x;
        if (x > east) east = x;
        if (y < north) north = y;
        if (y > south) south = y;
      }
    }
    box.set([west, north, east, south], i * 4);
  });
  firstPart[n] = firstPoint.length;
  firstPoint.push(xy.length / 2);
  return { n, ids, firstPart, box, firstPoint: Uint32Array.from(firstPoint), xy: Int32Array.from(xy) };
}
