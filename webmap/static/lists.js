/* The tabs below the figures: gaps, and the coverage of each community and district. */

import { bar, countsOf, coveredShare, shareText } from "./coverage.js";
import { getJson, withReading } from "./data.js";
import { byId, element, fill } from "./dom.js";
import { onChange, state } from "./state.js";
import { count, hasText, minutes, text } from "./texts.js";

const SHOWN = 60;
let tabs = ["gaps", "community", "district"];
let chosen = tabs[0];
let flyTo = () => {};

export function startLists(fly) {
  flyTo = fly;
  tabs = tabs.filter((name) => byId(`tab-${name}`)); // not every reader is told of gaps
  chosen = tabs[0];
  tabs.forEach((name, i) => {
    const tab = byId(`tab-${name}`);
    tab.addEventListener("click", () => choose(name));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const next = tabs[(i + step + tabs.length) % tabs.length];
      choose(next);
      byId(`tab-${next}`).focus();
    });
  });
  onChange((changed) => changed.has("reading") && show());
  show();
}

function choose(name) {
  chosen = name;
  for (const other of tabs) {
    const tab = byId(`tab-${other}`);
    tab.setAttribute("aria-selected", String(other === name));
    tab.tabIndex = other === name ? 0 : -1;
  }
  byId("tab-panel").setAttribute("aria-labelledby", `tab-${name}`);
  show();
}

async function show() {
  const wanted = [chosen, state.reading].join();
  const target = byId("tab-panel");
  let content;
  try {
    content = chosen === "gaps" ? await gapList() : await areaList(chosen);
  } catch (error) {
    content = element("p", { class: "refusal" }, error.message);
  }
  if (wanted === [chosen, state.reading].join()) fill(target, content);
}

async function gapList() {
  const { gaps } = await getJson(withReading("/api/v1/gaps", state.reading));
  if (!gaps.length) return element("p", { class: "note" }, text("gaps.none"));
  return [
    element("p", { class: "note" }, text("gaps.count", { n: count(gaps.length) })),
    element("ol", { class: "rows" }, gaps.slice(0, SHOWN).map(gapRow)),
    gaps.length > SHOWN ? element("p", { class: "note" }, text("more", { n: count(gaps.length - SHOWN) })) : null,
  ];
}

function gapRow(gap) {
  const isCounted = gap.people !== null || gap.hidden;
  const people = gap.hidden ? text("people.hidden") : text("n.people", { n: count(gap.people) });
  const homes = text("n.homes", { n: count(gap.n_homes) });
  const where =
    [gap.community_name, gap.district_name].filter(Boolean).join(" · ") ||
    (gap.nearest_centre ? text("gap.near", { centre: gap.centre_name || gap.nearest_centre }) : text("outside"));
  const reason = gap.reason && hasText(`reason.${gap.reason}`) ? text(`reason.${gap.reason}`) : null;
  return element(
    "li",
    {},
    element(
      "button",
      { type: "button", class: "row", onclick: () => flyTo(gap.bounds) },
      element("span", { class: "row-main" }, where),
      element("span", { class: "row-figure" }, isCounted ? people : homes),
      element(
        "span",
        { class: "row-more" },
        [isCounted ? homes : null, nearest(gap), reason].filter(Boolean).join(" · "),
      ),
    ),
  );
}

function nearest(gap) {
  if (gap.walk_s === null) return null;
  return text("gap.nearest", { centre: gap.centre_name || gap.nearest_centre, walk: minutes(gap.walk_s) });
}

async function areaList(kind) {
  const coverage = await getJson(withReading("/api/v1/coverage", state.reading));
  const rows = coverage[`by_${kind}`].map((area) => {
    const counts = countsOf(area);
    return { area, counts, share: coveredShare(counts) };
  });
  rows.sort((a, b) => (a.share ?? 2) - (b.share ?? 2));
  return element(
    "ol",
    { class: "rows" },
    rows.map(({ area, counts, share }) =>
      element(
        "li",
        {},
        element(
          "button",
          { type: "button", class: "row", onclick: () => flyTo(area.bounds), disabled: !area.bounds },
          element("span", { class: "row-main" }, area.name || area.code || text("outside")),
          element("span", { class: "row-figure" }, shareText(counts)),
          bar(counts),
          element(
            "span",
            { class: "row-more" },
            text(counts.isPeople ? "area.counts" : "area.counts.homes", { total: count(counts.total), missed: count(counts.not_covered) }),
          ),
        ),
      ),
    ),
  );
}
