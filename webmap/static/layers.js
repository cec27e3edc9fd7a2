/* What Folium's script calls: one maker for each kind of layer. It runs before that script. */

import { may } from "./account.js";
import { makeAreas } from "./areas.js";
import { makeBaseMap } from "./basemap.js";
import { makeFindings } from "./findings.js";
import { makeGround } from "./ground.js";
import { makeHomes } from "./homes.js";
import { makeNames } from "./names.js";
import { makePoints } from "./points.js";
import { registerMap } from "./town.js";

const makers = {
  areas: makeAreas,
  basemap: makeBaseMap,
  findings: makeFindings,
  ground: makeGround,
  homes: makeHomes,
  names: makeNames,
  points: makePoints,
};

window.geogrid = {
  createLayer(options) {
    return may(options.needs) ? makers[options.kind](options) : L.layerGroup();
  },
  registerMap,
};
