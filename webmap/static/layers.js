/* What Folium's script calls: one maker for each kind of layer. It runs before that script. */

import { makeAreas } from "./areas.js";
import { makeHomes } from "./homes.js";
import { makeNames } from "./names.js";
import { makePoints } from "./points.js";
import { makeGround } from "./ground.js";
import { registerMap } from "./town.js";

const makers = { areas: makeAreas, homes: makeHomes, names: makeNames, points: makePoints, shapes: makeGround };

window.geogrid = {
  createLayer(options) {
    return makers[options.kind](options);
  },
  registerMap,
};
