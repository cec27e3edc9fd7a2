/* The reading in force and what it says: the share of people reached, and what was left out of it. */

import { may } from "./account.js";
import { getJson, withReading } from "./data.js";
import { byId, element, fill } from "./dom.js";
import { change, onChange, state } from "./state.js";
import { count, hasText, language, percent, text } from "./texts.js";

const ALMOST_ALL = 0.995;

export function startCoverage(county) {
  makeSwitch(county.readings);
  onChange((changed) => changed.has("reading") && show(county));
  show(county);
}

/* What an area is read by: its people where it is told how many are reached, else its homes. */
export function countsOf(area) {
  const counts = typeof area.people.covered === "number" ? area.people : area.homes;
  return { ...counts, isPeople: counts === area.people, rounded: area.people.rounded };
}

/* The share that is reached, of those with an answer or without one alike; null where unknown. */
export function coveredShare(counts) {
  return typeof counts.covered === "number" && counts.total ? counts.covered / counts.total : null;
}

/* The share as text; of rounded counts without decimals, and never as a whole that is none. */
export function shareText(counts) {
  const share = coveredShare(counts);
  if (!counts.rounded || share === null) return percent(share);
  if (share >= ALMOST_ALL && counts.not_covered !== 0) return `> ${percent(0.99, 0)}`;
  return `≈ ${percent(share, 0)}`;
}

function makeSwitch(readings) {
  const choices = readings.map(({ id, title, official }) => {
    const input = element("input", {
      type: "radio",
      name: "reading",
      value: id,
      onchange: () => change({ reading: id }),
    });
    input.checked = id === state.reading;
    return element(
      "label",
      { class: "reading" },
      input,
      element("span", {}, title[language], official ? element("i", { title: text("reading.official") }, "★") : null),
    );
  });
  fill(byId("readings"), choices);
}

async function show(county) {
  const wanted = state.reading;
  const target = byId("coverage");
  target.setAttribute("aria-busy", "true");
  try {
    const coverage = await getJson(withReading("/api/v1/coverage", wanted));
    if (wanted === state.reading) fill(target, summary(coverage, county));
  } catch (error) {
    fill(target, element("p", { class: "refusal" }, error.message));
  }
  target.setAttribute("aria-busy", "false");
}

function summary(coverage, county) {
  const counts = countsOf(coverage);
  const known = counts.isPeople;
  const title = county.readings.find(({ id }) => id === state.reading).title[language];
  return [
    element(
      "p",
      { class: "share" },
      element("strong", {}, shareText(counts)),
      element("span", {}, text(known ? "share.people" : "share.homes"), element("em", {}, title)),
    ),
    bar(counts),
    element(
      "dl",
      { class: "counts" },
      row("c", "status.c", counts.covered, known),
      row("n", "status.n", counts.not_covered, known),
      row("u", "status.u", counts.unanswered, known),
    ),
    known && counts.covered_range_90 ? element("p", { class: "note" }, range(counts)) : null,
    element("p", { class: "note" }, leftOut(coverage), counts.rounded ? ` ${text(may("study") ? "rounded.staff" : "rounded")}` : ""),
    may("study") ? null : element("p", { class: "note" }, element("a", { id: "more-with-login", href: `/login?lang=${language}` }, text("login.shows"))),
  ];
}

/* How sure the number is: 90 % of the drawn worlds lie in this range; which end reaches to the base value, and by how
   much the draws may have missed the ends. */
function range({ covered_range_90: ends, sampling_error: errors, stretched }) {
  const [low, high] = ends.map(count);
  return [
    text("range_90", { low, high }),
    stretched ? text(`range_90.stretched.${stretched}`) : null,
    errors ? text("range_90.error", { low: count(errors[0]), high: count(errors[1]) }) : null,
  ]
    .filter(Boolean)
    .join(" ");
}

function row(letter, key, value, known) {
  return element(
    "div",
    {},
    element("dt", {}, element("i", { class: `key key-${letter}` }), text(key)),
    element("dd", {}, text(known ? "n.people" : "n.homes", { n: count(value) })),
  );
}

export function bar(counts) {
  const made = element("div", { class: "bar", "aria-hidden": "true" });
  for (const [letter, value] of [["c", counts.covered], ["n", counts.not_covered], ["u", counts.unanswered]]) {
    if (typeof value !== "number" || !value || !counts.total) continue;
    const part = element("span", { class: `bar-${letter}` });
    part.style.width = `${(value / counts.total) * 100}%`;
    made.append(part);
  }
  return made;
}

/* Nothing is left out in silence: homes without an answer, with the reason, and homes without people. */
function leftOut(coverage) {
  const reasons = Object.entries(coverage.left_out)
    .map(([reason, { n_homes: n }]) =>
      text("left_out.reason", { n: count(n), reason: hasText(`reason.${reason}`) ? text(`reason.${reason}`) : reason }),
    );
  const parts = [
    text("basis", { homes: count(coverage.homes.total), centres: count(coverage.n_centres) }),
    coverage.homes.unanswered
      ? text("left_out", { n: count(coverage.homes.unanswered), reasons: reasons.join(text("comma")) })
      : text("left_out.none"),
  ];
  if (coverage.people.total !== null && coverage.people.homes_without_people) {
    parts.push(text("left_out.people", { n: count(coverage.people.homes_without_people) }));
  }
  return parts.join(language === "en" ? " " : "");
}
