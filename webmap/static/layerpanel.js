/* Folium's layer control as a tree of ours: sections that fold, each row with the mark it stands for. */

import { may } from "./account.js";
import { byId, element } from "./dom.js";
import { layoutNames } from "./names.js";
import { change, state } from "./state.js";
import { text } from "./texts.js";
import { town } from "./town.js";

export function startLayerPanel(county) {
  applyGroups(); // first: the control writes its rows anew whenever a script shows or hides a layer
  const rows = [...town.control.getContainer().querySelectorAll(".leaflet-control-layers-overlays label")];
  const body = byId("layers-body");
  const sections = new Map();
  town.groups.forEach((group, i) => {
    if ((group.name === "basemap" && !county.basemap) || !may(group.needs)) return;
    if (!sections.has(group.section)) {
      const section = element("details", { open: true }, element("summary", {}, text(`section.${group.section}`)));
      sections.set(group.section, section);
      body.append(section);
    }
    rows[i].dataset.group = group.name;
    rows[i].querySelector("input").after(element("i", { class: `swatch swatch-${group.name}`, "aria-hidden": "true" }));
    sections.get(group.section).append(rows[i]);
    if (group.name === "homes" && !may("see_colours")) rows[i].querySelector(".swatch").className = "key key-other";
    else if (group.name === "homes") sections.get(group.section).append(colourSwitch());
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

function colourSwitch() {
  const choices = ["status", "bands"].map((name) => {
    const input = element("input", { type: "radio", name: "colours", value: name, onchange: () => change({ colours: name }) });
    input.checked = state.colours === name;
    return element("label", {}, input, element("span", {}, text(`colours.${name}`)));
  });
  return element("div", { class: "colours", role: "radiogroup", "aria-label": text("colours") }, choices);
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
  L.DomEvent.disableScrollPropagation(byId("layers"));
}
