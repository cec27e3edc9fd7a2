/* The reading that planning goes by: whose walk, and a cutoff on a slider that the figures follow. */

import { element } from "./dom.js";
import { change, state } from "./state.js";
import { text } from "./texts.js";

const PROFILES = ["adult", "elderly", "child"];
const SPANS = { minutes: { min: 1, max: 30, step: 1, usual: 10 }, metres: { min: 100, max: 2000, step: 50, usual: 500 } };

/* `minutes:10:adult` in words. */
export function readingTitle(reading) {
  const [kind, cutoff, profile] = reading.split(":");
  return text(`plan.reading.${kind}`, { n: cutoff, who: profile ? text(`plan.profile.${profile}`) : "" });
}

/* The nearest reading that the slider can show. */
export function plannedReading(reading) {
  const [kind, cutoff, profile] = reading.split(":");
  const { min, max, step } = SPANS[kind];
  const n = Math.min(max, Math.max(min, Math.round(Number(cutoff) / step) * step));
  return compose(kind, n, profile);
}

function compose(kind, cutoff, profile) {
  return kind === "metres" ? `metres:${cutoff}` : `minutes:${cutoff}:${profile || "adult"}`;
}

export function makeReadingControls() {
  const output = element("output", { class: "plan-cutoff", for: "plan-slider" });
  const slider = element("input", { id: "plan-slider", type: "range", "aria-label": text("plan.cutoff"), oninput: slide });
  const kinds = [...PROFILES, "metres"].map((name) => {
    const input = element("input", { type: "radio", name: "plan-reading", value: name, onchange: () => choose(name) });
    return element("label", { class: "reading" }, input, element("span", {}, text(`plan.walker.${name}`)));
  });
  function parts() {
    const [kind, cutoff, profile] = state.plan.split(":");
    return { kind, cutoff: Number(cutoff), profile };
  }
  function show() {
    const { kind, cutoff, profile } = parts();
    const { min, max, step } = SPANS[kind];
    Object.assign(slider, { min, max, step });
    slider.value = cutoff;
    slider.setAttribute("aria-valuetext", readingTitle(state.plan));
    output.textContent = text(`plan.cutoff.${kind}`, { n: cutoff });
    for (const label of kinds) label.firstChild.checked = label.firstChild.value === (kind === "metres" ? "metres" : profile);
  }
  function choose(name) {
    const { kind, cutoff } = parts();
    const wanted = name === "metres" ? "metres" : "minutes";
    change({ plan: compose(wanted, wanted === kind ? cutoff : SPANS[wanted].usual, name) });
    show();
  }
  function slide() {
    const { kind, profile } = parts();
    change({ plan: compose(kind, Number(slider.value), profile) });
    show();
  }
  show();
  const made = element(
    "fieldset",
    { class: "plan-reading" },
    element("legend", { class: "visually-hidden" }, text("reading")),
    element("div", { class: "readings-row" }, kinds),
    element("div", { class: "plan-slide" }, slider, output),
  );
  made.show = show;
  return made;
}
