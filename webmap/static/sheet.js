/* On a phone the panel is a sheet at the bottom: low, or raised over the map. */

import { byId } from "./dom.js";

/* Of the window's height, as in map.css. */
const RAISED_SHARE = 0.62;

/* How much of the map's lower part a raised sheet hides, in pixels; 0 beside a wide map. */
export function hiddenHeight() {
  if (!isRaised() || window.matchMedia("(min-width: 760px)").matches) return 0;
  const top = window.innerHeight * (1 - RAISED_SHARE);
  return Math.max(0, document.querySelector(".stage").getBoundingClientRect().bottom - top);
}

export function startSheet() {
  const handle = byId("sheet-handle");
  handle.addEventListener("click", () => raise(!isRaised()));
  // What the keyboard reaches must be in sight.
  byId("panel-body").addEventListener("focusin", (event) => event.target.matches(":focus-visible") && raise(true));
  let startY = null;
  handle.addEventListener("pointerdown", (event) => {
    startY = event.clientY;
    handle.setPointerCapture(event.pointerId);
  });
  handle.addEventListener("pointerup", (event) => {
    const moved = startY === null ? 0 : event.clientY - startY;
    startY = null;
    if (Math.abs(moved) > 24) {
      raise(moved < 0);
      handle.addEventListener("click", (click) => click.stopImmediatePropagation(), { capture: true, once: true });
    }
  });
}

function isRaised() {
  return byId("panel").classList.contains("is-raised");
}

export function raise(isUp) {
  byId("panel").classList.toggle("is-raised", isUp);
  byId("sheet-handle").setAttribute("aria-expanded", String(isUp));
}
