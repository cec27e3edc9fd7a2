/* Where am I: the browser's own position, asked for once at a press, used for one answer and kept nowhere. */

import { text } from "./texts.js";

const PATIENCE_MS = 15000;

/* A browser tells a position to pages of https and of this computer alone. */
export function canLocate() {
  return window.isSecureContext && "geolocation" in navigator;
}

export function startWhere(button, opened, failed) {
  button.hidden = !canLocate();
  button.addEventListener("click", () => {
    button.setAttribute("aria-busy", "true");
    const done = () => button.removeAttribute("aria-busy");
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        done();
        opened(L.latLng(coords.latitude, coords.longitude), coords.accuracy);
      },
      (error) => {
        done();
        failed(new Error(text(error.code === error.PERMISSION_DENIED ? "where.denied" : "where.failed")));
      },
      { enableHighAccuracy: true, timeout: PATIENCE_MS, maximumAge: 0 },
    );
  });
}
