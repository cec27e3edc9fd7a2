/* Two colourings of the same buildings on either side of a divider, which mouse, finger and arrow keys move. */

import { byId, element, fill } from "./dom.js";
import { makeSecondHomes, showTried } from "./homes.js";
import { colour, latestColour } from "./plancolour.js";
import { raise } from "./sheet.js";
import { text } from "./texts.js";
import { town } from "./town.js";

const PANE = "swipe";
const ABOVE_BUILDINGS = 221;
const STEP = 0.02;
let second = null;
let divider = null;
let share = 0.5;

export function startSwipe(left, right) {
  raise(false); // on a phone the divider lies behind a raised sheet
  const { map } = town;
  if (!map.getPane(PANE)) {
    const pane = map.createPane(PANE);
    pane.style.zIndex = ABOVE_BUILDINGS;
    pane.style.pointerEvents = "none";
  }
  if (!second) second = makeSecondHomes(PANE);
  second.addTo(map);
  if (!divider) divider = makeDivider();
  map.getContainer().parentElement.append(divider);
  fill(divider.names, element("span", {}, left.title), element("span", {}, right.title));
  showTried(colour(left.answer));
  second.show(colour(right.answer));
  map.on("move zoom resize viewreset", clip);
  clip();
}

export function stopSwipe() {
  if (!divider?.isConnected) return;
  divider.remove();
  second.remove();
  town.map.off("move zoom resize viewreset", clip);
  showTried(latestColour());
}

function makeDivider() {
  const bar = element("div", { class: "swipe-bar", role: "slider", tabindex: 0, "aria-label": text("plan.divider"), "aria-valuemin": 0, "aria-valuemax": 100, "aria-orientation": "horizontal" }, element("i", { "aria-hidden": "true" }, "⇔"));
  const close = element("button", { type: "button", class: "swipe-close", onclick: stopSwipe }, text("plan.end_swipe"));
  const names = element("div", { class: "swipe-names" });
  const made = element("div", { class: "swipe" }, names, bar, close);
  made.names = names;
  made.bar = bar;
  bar.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    bar.focus();
    bar.setPointerCapture(event.pointerId);
  });
  bar.addEventListener("pointermove", (event) => {
    if (!bar.hasPointerCapture(event.pointerId)) return;
    const around = byId("map_town").getBoundingClientRect();
    move((event.clientX - around.left) / around.width);
  });
  bar.addEventListener("keydown", (event) => {
    const to = { ArrowLeft: share - STEP, ArrowRight: share + STEP, Home: 0, End: 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    move(to);
  });
  return made;
}

function move(to) {
  share = Math.min(1, Math.max(0, to));
  clip();
}

/* The second colouring shows right of the divider alone. */
function clip() {
  const { map } = town;
  const size = map.getSize();
  const from = map.containerPointToLayerPoint([size.x * share, 0]);
  const to = map.containerPointToLayerPoint(size);
  map.getPane(PANE).style.clip = `rect(${from.y}px, ${to.x}px, ${to.y}px, ${from.x}px)`;
  divider.bar.style.left = `${share * 100}%`;
  divider.names.style.setProperty("--share", `${share * 100}%`);
  divider.bar.setAttribute("aria-valuenow", String(Math.round(share * 100)));
}
