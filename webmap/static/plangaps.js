/* The gaps under the planner's reading, most people first; a click flies there and says why. */

import { getJson, withReading } from "./data.js";
import { element, fill } from "./dom.js";
import { state } from "./state.js";
import { count, hasText, minutes, text } from "./texts.js";

const SHOWN = 40;
const PATIENCE_MS = 400;
let list = null;
let flyTo = () => {};
let timer = null;

export function makeGaps(fly) {
  flyTo = fly;
  list = element("ol", { class: "rows" });
  const made = element("details", { class: "plan-part", id: "plan-gaps", ontoggle: () => showGaps() }, element("summary", {}, text("plan.gaps")), element("p", { class: "note" }, text("plan.gaps_note")), list);
  return made;
}

/* The slider runs through many readings: gaps are asked for where it rests, and where they are looked at. */
export function showGaps() {
  clearTimeout(timer);
  if (!list?.parentElement.open) return;
  timer = setTimeout(load, PATIENCE_MS);
}

async function load() {
  const wanted = state.plan;
  if (!wanted) return;
  list.setAttribute("aria-busy", "true");
  try {
    const { gaps } = await getJson(withReading("/api/v1/gaps", wanted));
    if (wanted !== state.plan) return;
    fill(list, gaps.slice(0, SHOWN).map(row), gaps.length > SHOWN ? element("li", { class: "note" }, text("more", { n: count(gaps.length - SHOWN) })) : null, gaps.length ? null : element("li", { class: "note" }, text("gaps.none")));
  } catch (error) {
    fill(list, element("li", { class: "refusal" }, error.message));
  }
  list.setAttribute("aria-busy", "false");
}

function row(gap) {
  const people = gap.hidden ? text("people.hidden") : gap.people === null ? text("n.homes", { n: count(gap.n_homes) }) : text("n.people", { n: count(gap.people) });
  const where = [gap.community_name, gap.district_name].filter(Boolean).join(" · ") || text("outside");
  const why = element("div", { class: "plan-gap-why", hidden: true });
  const button = element(
    "button",
    { type: "button", class: "row", "aria-expanded": "false", onclick: open },
    element("span", { class: "row-main" }, where),
    element("span", { class: "row-figure" }, people),
    element("span", { class: "row-more" }, [text("n.homes", { n: count(gap.n_homes) }), reasonOf(gap)].filter(Boolean).join(" · ")),
  );
  function open() {
    flyTo(gap.bounds);
    why.hidden = !why.hidden;
    button.setAttribute("aria-expanded", String(!why.hidden));
    if (!why.hidden && !why.childElementCount) explain(gap, why);
  }
  return element("li", {}, button, why);
}

function reasonOf(gap) {
  return gap.reason && hasText(`reason.${gap.reason}`) ? text(`reason.${gap.reason}`) : null;
}

async function explain(gap, target) {
  const lines = [
    reasonOf(gap) ? text("plan.gap.reason", { reason: reasonOf(gap) }) : null,
    gap.walk_s === null ? text("nearest.none") : text("gap.nearest", { centre: gap.centre_name || gap.nearest_centre, walk: minutes(gap.walk_s) }),
    gap.grid_name ? text("plan.gap.grid", { grid: gap.grid_name }) : null,
  ];
  fill(target, element("ul", {}, lines.filter(Boolean).map((line) => element("li", {}, line))));
  if (!gap.grid) return;
  try {
    const { matches } = await getJson(`/api/v1/locate?q=${encodeURIComponent(gap.grid)}`);
    const roles = [...new Set((matches[0]?.people || []).map(({ role }) => role))];
    const told = roles.length ? text("plan.gap.roles", { roles: roles.join(text("comma")) }) : text("duties.none");
    target.firstElementChild.append(element("li", {}, told));
  } catch (error) {
    target.firstElementChild.append(element("li", { class: "note" }, error.message));
  }
}
