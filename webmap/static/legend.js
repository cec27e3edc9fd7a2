/* Folium's layer control in a panel of ours: under headings, each row with the mark it stands for. */

import { byId, element } from "./dom.js";
import { layoutNames } from "./names.js";
import { change, onChange, state } from "./state.js";
import { text } from "./texts.js";
import { town } from "./town.js";

export function startLegend() {
  applyGroups(); // first: the control writes its rows anew whenever a script shows or hides a layer
  const rows = [...town.control.getContainer().querySelectorAll(".leaflet-control-layers-overlays label")];
  const body = byId("layers-body");
  let section = null;
  town.groups.forEach((group, i) => {
    if (group.section !== section) {
      section = group.section;
      body.append(element("h2", {}, text(`section.${section}`)));
    }
    rows[i].dataset.group = group.name;
    rows[i].querySelector("input").after(element("i", { class: `swatch swatch-${group.name}`, "aria-hidden": "true" }));
    body.append(rows[i]);
    if (group.name === "homes") body.append(homesLegend());
  });
  town.control.getContainer().remove();
  town.map.on("overlayadd overlayremove", () => {
    change({ groups: town.groups.filter(({ layer }) => town.map.hasLayer(layer)).map(({ name }) => name) });
    layoutNames(town.map);
  });
  startToggle();
}

function applyGroups() {
  if (!state.groups) return;
  for (const { name, layer } of town.groups) {
    if (state.groups.includes(name)) town.map.addLayer(layer);
    else town.map.removeLayer(layer);
  }
}

function homesLegend() {
  const box = element("div", { class: "homes-legend" });
  const switchRow = element(
    "div",
    { class: "colours" },
    ["status", "bands"].map((name) => {
      const input = element("input", { type: "radio", name: "colours", value: name, onchange: () => change({ colours: name }) });
      input.checked = state.colours === name;
      return element("label", {}, input, element("span", {}, text(`colours.${name}`)));
    }),
  );
  const keys = element("ul", { class: "keys" });
  function show() {
    keys.replaceChildren(...(state.colours === "bands" ? bandKeys() : statusKeys()));
  }
  show();
  onChange((changed) => (changed.has("colours") || changed.has("reading")) && show());
  box.append(switchRow, keys);
  return box;
}

function key(className, words) {
  return element("li", {}, element("i", { class: `key ${className}`, "aria-hidden": "true" }), words);
}

function statusKeys() {
  return ["c", "n", "u", "-"].map((letter) => key(`key-${letter === "-" ? "other" : letter}`, text(`status.${letter}`)));
}

/* Bands are shares of the cutoff: half, the whole, one and a half, twice. */
function bandKeys() {
  const [kind, cutoff] = state.reading.split(":");
  const bounds = [0.5, 1, 1.5, 2].map((share) => share * Number(cutoff));
  const words = [
    text(`band.${kind}.first`, { to: bounds[0] }),
    ...[0, 1, 2].map((i) => text(`band.${kind}`, { from: bounds[i], to: bounds[i + 1] })),
    text(`band.${kind}.last`, { from: bounds[3] }),
  ];
  return [...words.map((word, i) => key(`key-band-${i}`, word)), key("key-u", text("status.u")), key("key-other", text("status.-"))];
}

function startToggle() {
  const toggle = byId("layers-toggle");
  const body = byId("layers-body");
  function open(isOpen) {
    body.hidden = !isOpen;
    toggle.setAttribute("aria-expanded", String(isOpen));
  }
  toggle.addEventListener("click", () => open(body.hidden));
  byId("layers").addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || body.hidden) return;
    open(false);
    toggle.focus();
  });
  open(window.matchMedia("(min-width: 1100px)").matches);
  L.DomEvent.disableClickPropagation(byId("layers"));
}
