/* What the edits change, in figures: people and homes within reach, newly and no longer, and where. */

import { isScoped } from "./account.js";
import { bar } from "./coverage.js";
import { element, fill } from "./dom.js";
import { readingTitle } from "./planreading.js";
import { state } from "./state.js";
import { count, language, percent, text } from "./texts.js";

export function makeFigures() {
  const box = element("div", { class: "plan-figures", "aria-busy": "true" });
  const spoken = element("p", { class: "visually-hidden", role: "status", "aria-live": "polite" });
  let timer = null;
  box.badge = element("div", { class: "plan-badge", "aria-hidden": "true", hidden: true });
  box.show = (answer, failure) => {
    box.removeAttribute("aria-busy");
    box.badge.hidden = Boolean(failure);
    if (answer) fill(box.badge, ...badge(answer));
    if (failure) return fill(box, element("p", { class: "refusal" }, failure.message));
    fill(box, ...figures(answer));
    clearTimeout(timer); // a drag is told when it rests, not at every step
    timer = setTimeout(() => (spoken.textContent = sentence(answer)), 600);
  };
  box.spoken = spoken;
  return box;
}

/* `+1,230`, `−40`, `±0`. */
export function signed(value) {
  if (value === 0) return "±0";
  return value > 0 ? `+${count(value)}` : `−${count(-value)}`;
}

/* After less before. */
export function difference(counts) {
  return counts.after - counts.before;
}

/* The count and its change in few words, for the map. */
function badge(answer) {
  const change = difference(main(answer));
  return [
    element("span", {}, text(answer.people ? "n.people" : "n.homes", { n: count(main(answer).after) })),
    element("span", { class: tone(change) }, signed(change)),
    element("small", {}, readingTitle(answer.reading)),
  ];
}

function main(answer) {
  return answer.people || answer.homes;
}

function sentence(answer) {
  const counts = main(answer);
  const key = answer.people ? "plan.told.people" : "plan.told.homes";
  return text(key, { n: count(counts.after), change: signed(difference(counts)), reading: readingTitle(answer.reading) });
}

function figures(answer) {
  const counts = main(answer);
  const share = counts.total ? counts.after / counts.total : null;
  const change = difference(counts);
  const unit = answer.people ? "n.people" : "n.homes";
  return [
    element(
      "p",
      { class: "share plan-share" },
      element("strong", { id: "plan-covered" }, text(unit, { n: count(counts.after) })),
      element("span", { id: "plan-change", class: `plan-change ${tone(change)}` }, signed(change)),
      element("em", {}, `${readingTitle(answer.reading)}${text("colon")}${percent(share)}`),
    ),
    bar({ covered: counts.after, not_covered: counts.total - counts.after, total: counts.total }),
    element(
      "dl",
      { class: "counts plan-counts" },
      figure("key-newly", "plan.newly", counts.newly, unit),
      figure("key-lost", "plan.lost", counts.lost, unit),
      answer.people ? figure("key-c", "plan.homes", answer.homes.after, "n.homes", difference(answer.homes)) : null,
    ),
    extra(answer),
    communities(answer),
    element("p", { class: "note" }, note(answer)),
  ];
}

function figure(mark, key, value, unit, change) {
  return element(
    "div",
    {},
    element("dt", {}, element("i", { class: `key ${mark}` }), text(key)),
    element("dd", {}, text(unit, { n: count(value) }), change ? element("small", {}, ` ${signed(change)}`) : null),
  );
}

function extra(answer) {
  const parts = ["elderly", "children"]
    .filter((kind) => answer[kind])
    .map((kind) => text(`plan.of.${kind}`, { n: count(answer[kind].after), change: signed(difference(answer[kind])) }));
  return parts.length ? element("p", { class: "note" }, parts.join(language === "en" ? "; " : "；")) : null;
}

/* The communities in which something changes, most first. */
function communities(answer) {
  const rows = answer.by_community
    .map((area) => ({ area, counts: area.people || area.homes }))
    .filter(({ area }) => area.homes.newly || area.homes.lost);
  if (!rows.length) return null;
  rows.sort((a, b) => b.area.homes.newly + b.area.homes.lost - a.area.homes.newly - a.area.homes.lost);
  return element(
    "table",
    { class: "plan-table" },
    element("caption", { class: "visually-hidden" }, text("plan.by_community")),
    element("thead", {}, element("tr", {}, ["kind.community", "plan.newly", "plan.lost", "plan.covered"].map((key) => element("th", { scope: "col" }, text(key))))),
    element(
      "tbody",
      {},
      rows.map(({ area, counts }) =>
        element(
          "tr",
          {},
          element("th", { scope: "row" }, area.name || text("outside")),
          element("td", {}, count(counts.newly)),
          element("td", {}, count(counts.lost)),
          element("td", {}, percent(counts.total ? counts.after / counts.total : null, 0)),
        ),
      ),
    ),
  );
}

/* What the number leaves out, always beside it. */
function note(answer) {
  const parts = [text("plan.total", { total: text(answer.people ? "n.people" : "n.homes", { n: count(main(answer).total) }) })];
  if (answer.unanswered) parts.push(text("plan.unanswered", { n: count(answer.unanswered) }));
  if (isScoped() && answer.people) parts.push(text("plan.own_areas"));
  if (state.service) parts.push(text("plan.only_service", { service: state.service }));
  return parts.join(language === "en" ? " " : "");
}

function tone(change) {
  if (!change) return "";
  return change > 0 ? "is-gain" : "is-loss";
}
