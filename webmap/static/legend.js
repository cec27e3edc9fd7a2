/* What the marks on the map mean: of what is shown, and nothing else. */

import { may } from "./account.js";
import { byId, element, fill } from "./dom.js";
import { onChange, state } from "./state.js";
import { findingColours } from "./styles.js";
import { readingTitle } from "./planreading.js";
import { language, text } from "./texts.js";
import { town } from "./town.js";

/* These are seen for what they are. */
const PLAIN = new Set(["basemap", "county"]);

export function startLegend(county) {
  const box = byId("legend");
  function show() {
    const visible = town.groups.filter(({ name, layer, needs }) => may(needs) && town.map.hasLayer(layer) && !PLAIN.has(name) && !(state.plan && name === "gap"));
    const title = state.plan ? readingTitle(state.plan) : county.readings.find(({ id }) => id === state.reading)?.title[language];
    fill(
      byId("legend-body"),
      element("p", { class: "legend-reading" }, `${text("reading")}${text("colon")}${title || ""}`),
      element("ul", { class: "keys" }, visible.flatMap(({ name }) => keysOf(name))),
    );
  }
  town.map.on("overlayadd overlayremove layeradd layerremove", ({ layer }) => {
    if (town.groups.some((group) => group.layer === layer)) show();
  });
  onChange((changed) => ["colours", "reading", "plan"].some((name) => changed.has(name)) && show());
  box.open = window.matchMedia("(min-width: 1100px)").matches;
  L.DomEvent.disableClickPropagation(box);
  L.DomEvent.disableScrollPropagation(box);
  show();
}

function keysOf(name) {
  if (name === "homes" && !may("see_colours")) return [key("key key-other", text("layer.homes"))];
  if (name === "homes") return state.colours === "bands" ? bandKeys() : statusKeys();
  if (name === "finding") return Object.keys(findingColours).map((kind) => key(`key key-${kind}`, text(`severity.${kind}`)));
  return [key(`swatch swatch-${name}`, text(`layer.${name}`))];
}

function key(className, words) {
  return element("li", {}, element("i", { class: className, "aria-hidden": "true" }), words);
}

function statusKeys() {
  return [
    key("key key-c", text("status.c")),
    key("key key-n", text("status.n")),
    state.plan || !may("study") ? null : key("key key-doubt", text("status.doubt")),
    key("key key-u", text("status.u")),
    key("key key-other", text("status.-")),
    ...(state.plan ? [key("key key-newly", text("plan.newly")), key("key key-lost", text("plan.lost"))] : []),
  ];
}

/* Bands are shares of the cutoff: half, the whole, one and a half, twice. */
function bandKeys() {
  const [kind, cutoff] = (state.plan || state.reading).split(":");
  const bounds = [0.5, 1, 1.5, 2].map((share) => share * Number(cutoff));
  const words = [
    text(`band.${kind}.first`, { to: bounds[0] }),
    ...[0, 1, 2].map((i) => text(`band.${kind}`, { from: bounds[i], to: bounds[i + 1] })),
    text(`band.${kind}.last`, { from: bounds[3] }),
  ];
  return [...words.map((word, i) => key(`key key-band-${i}`, word)), key("key key-u", text("status.u")), key("key key-other", text("status.-"))];
}
