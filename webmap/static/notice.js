/* What went wrong while the map was loading, in the server's own words, until it is put away. */

import { byId, element, fill } from "./dom.js";
import { loadTexts, text } from "./texts.js";

/* The panel says this one beside the figures that are missing. */
const TOLD_ELSEWHERE = "EmptyLayerError";

export async function tell(error) {
  if (error.code === TOLD_ELSEWHERE) return;
  await loadTexts(); // a layer may fail before the page has its words
  const notice = byId("notice");
  const close = element("button", { type: "button", onclick: () => (notice.hidden = true) }, text("close"));
  fill(notice, element("span", {}, `${text("not_loaded")}${text("colon")}${error.message}`), close);
  notice.hidden = false;
}
