/* Scenarios kept under a name: save, open, compare, write out, and carry out in the county. */

import { forget, getJson, postJson } from "./data.js";
import { element, fill } from "./dom.js";
import { askEffect } from "./planask.js";
import { offerChoice } from "./planconflict.js";
import { currentEdits, loadEdits, onEdits } from "./planedits.js";
import { difference, signed } from "./planfigures.js";
import { readingTitle } from "./planreading.js";
import { startSwipe, stopSwipe } from "./planswipe.js";
import { change, onChange, state } from "./state.js";
import { count, language, percent, text } from "./texts.js";

const LIST = "/api/v1/scenarios";
const TODAY = "";
const TRIED = "*";
const READINGS = ["minutes:10:adult", "minutes:10:elderly", "metres:500"];
let stored = [];
let applied = null;
/* What the edits on the map began from: the version of a scenario that somebody has seen here. */
let base = { name: null, version: null };
let box = null;
let message = null;
let compared = null;
let sides = [TODAY, TRIED];

export function makeStore() {
  box = element("div", { class: "plan-store" });
  message = element("p", { class: "note", role: "status" });
  compared = element("div", { class: "plan-compared" });
  onChange((changed) => {
    if (changed.has("plan")) leaveComparison();
  });
  onEdits(leaveComparison);
  return element("details", { class: "plan-part", id: "plan-store", open: true }, element("summary", {}, text("plan.store")), message, box, compared);
}

/* What is kept, read anew; the scenario that the address names is opened. */
export async function openStore() {
  await reload();
  const wanted = stored.find(({ name }) => name === state.scenario);
  if (wanted && !currentEdits().length) take(wanted);
  else if (state.scenario && !wanted) {
    message.textContent = text("plan.no_scenario", { name: state.scenario });
    change({ scenario: null });
  }
  show();
}

/* A kept scenario comes onto the map, and is what the next saving replaces. */
function take({ name, version, edits }) {
  loadEdits(edits);
  base = { name, version };
  change({ scenario: name });
}

async function reload() {
  forget(LIST);
  ({ scenarios: stored, applied } = await getJson(LIST));
}

async function attempt(act) {
  message.textContent = "";
  message.className = "note";
  try {
    await act();
  } catch (error) {
    message.className = "refusal";
    message.textContent = error.message;
  }
}

function show() {
  const name = element("input", { id: "plan-name", type: "text", maxlength: 80, autocomplete: "off" });
  name.value = state.scenario || "";
  fill(
    box,
    element(
      "form",
      {
        class: "plan-line",
        onsubmit: (event) => {
          event.preventDefault();
          attempt(() => save(name.value.trim()));
        },
      },
      element("label", { for: "plan-name" }, text("plan.name")),
      name,
      element("button", { type: "submit", class: "small", id: "plan-save" }, text("plan.save")),
    ),
    stored.length ? element("ul", { class: "plan-list plan-stored" }, stored.map(row)) : element("p", { class: "note" }, text("plan.none_stored")),
    applied ? element("p", { class: "plan-applied" }, text("plan.applied", applied), element("button", { type: "button", class: "small", onclick: () => attempt(undo) }, text("plan.undo_apply"))) : null,
    comparison(),
  );
}

function row(scenario) {
  const { name, edits } = scenario;
  const query = new URLSearchParams({ name });
  return element(
    "li",
    {},
    element(
      "button",
      {
        type: "button",
        class: "plan-open",
        "aria-current": state.scenario === name ? "true" : null,
        onclick: () => {
          take(scenario);
          show();
        },
      },
      name,
      element("small", {}, text("plan.n_edits", { n: edits.length })),
    ),
    element("a", { href: `${LIST}/edits.geojson?${query}`, download: "" }, "GeoJSON"),
    confirming("plan.apply", "plan.apply_sure", () => apply(scenario), name),
    confirming("plan.delete", "plan.delete_sure", () => remove(scenario), name),
  );
}

/* A button that asks once more before it acts. */
function confirming(key, sure, act, name) {
  const made = element("button", { type: "button", class: "small", "aria-label": `${text(key)} ${name}`, onclick: press }, text(key));
  let isSure = false;
  function press() {
    if (isSure) return attempt(act);
    isSure = true;
    made.textContent = text(sure);
    made.classList.add("is-sure");
    made.setAttribute("aria-label", `${text(sure)} ${name}`);
    made.addEventListener("blur", calm, { once: true });
  }
  function calm() {
    isSure = false;
    made.textContent = text(key);
    made.classList.remove("is-sure");
    made.setAttribute("aria-label", `${text(key)} ${name}`);
  }
  return made;
}

async function save(name, version = name === base.name ? base.version : null) {
  if (!name) throw new Error(text("plan.name_missing"));
  if (!currentEdits().length) throw new Error(text("plan.no_edits"));
  const body = { name, edits: currentEdits() };
  if (version !== null) body.version = version;
  const kept = await unlessConflict(() => postJson(LIST, body), (theirs) => ({
    ...(theirs ? { "plan.conflict.theirs": () => finish(take, theirs, "plan.opened") } : {}),
    "plan.conflict.overwrite": () => save(name, theirs ? theirs.version : null),
    "plan.conflict.rename": () => rename(name),
  }));
  if (!kept) return;
  base = { name, version: kept.version };
  await finish(({ name: own }) => change({ scenario: own }), kept, "plan.saved");
}

async function finish(act, scenario, told) {
  act(scenario);
  await reload();
  show();
  message.textContent = text(told, scenario);
}

/* Another name is proposed, and typed or taken as it is. */
function rename(name) {
  const isTaken = (wanted) => stored.some((one) => one.name === wanted);
  let number = 2;
  while (isTaken(`${name} ${number}`)) number += 1;
  const field = document.getElementById("plan-name");
  field.value = `${name} ${number}`;
  field.focus();
  field.select();
  message.textContent = text("plan.conflict.renamed");
}

async function remove({ name, version }) {
  const gone = await unlessConflict(() => postJson(`${LIST}/delete`, { name, version }), (theirs) => ({
    ...(theirs ? { "plan.conflict.theirs": () => finish(take, theirs, "plan.opened"), "plan.conflict.delete": () => remove(theirs) } : {}),
  }));
  if (!gone) return;
  if (base.name === name) base = { name: null, version: null };
  if (state.scenario === name) change({ scenario: null });
  sides = sides.map((side) => (side === name ? TODAY : side));
  await finish(() => {}, { name }, "plan.deleted");
}

/* The county is another one afterwards: the page begins anew with it. */
async function apply({ name, version }) {
  const done = await unlessConflict(() => postJson(`${LIST}/apply`, { name, version, confirm: true }), (theirs) => ({
    ...(theirs ? { "plan.conflict.theirs": () => finish(take, theirs, "plan.opened") } : {}),
  }));
  if (!done) return;
  change({ scenario: null });
  location.reload();
}

/* Do what may meet somebody else's work; where it does, nothing was written, and the planner chooses. */
async function unlessConflict(act, choicesFor) {
  try {
    return await act();
  } catch (error) {
    if (error.code !== "ScenarioConflictError") throw error;
    await reload();
    show();
    const { theirs, yours } = error.problem;
    offerChoice(message, { theirs, yours }, choicesFor(theirs), attempt);
    return null;
  }
}

async function undo() {
  await postJson(`${LIST}/undo`, { revision: applied.revision });
  location.reload();
}

// --- side by side --------------------------------------------------------------------------------

function editsOf(side) {
  if (side === TODAY) return [];
  return side === TRIED ? currentEdits() : stored.find(({ name }) => name === side)?.edits || [];
}

function titleOf(side) {
  if (side === TODAY) return text("plan.today");
  return side === TRIED ? text("plan.tried") : side;
}

function comparison() {
  const choosers = sides.map((side, number) => {
    const id = `plan-side-${number}`;
    const select = element(
      "select",
      {
        id,
        "aria-label": text(`plan.side.${number}`),
        onchange: () => {
          sides[number] = select.value;
          leaveComparison();
        },
      },
      [TODAY, TRIED, ...stored.map(({ name }) => name)].map((value) => element("option", { value }, titleOf(value))),
    );
    select.value = side;
    return select;
  });
  return element(
    "div",
    { class: "plan-compare" },
    element("p", { class: "plan-line" }, element("span", {}, text("plan.compare")), choosers[0], element("span", {}, "↔"), choosers[1]),
    element(
      "div",
      { class: "plan-buttons" },
      element("button", { type: "button", id: "plan-table", onclick: () => attempt(tabulate) }, text("plan.table")),
      element("button", { type: "button", id: "plan-swipe", onclick: () => attempt(swipe) }, text("plan.swipe")),
    ),
  );
}

/* The three readings, and the one of the slider where it is another; then the communities under that one. */
async function tabulate() {
  const readings = READINGS.includes(state.plan) ? READINGS : [...READINGS, state.plan];
  const [a, b] = sides;
  const found = await Promise.all(readings.map((reading) => Promise.all([askEffect(editsOf(a), reading), askEffect(editsOf(b), reading)])));
  const shown = [0, 1].filter((number) => sides[number] !== TODAY);
  const heads = [text("plan.today"), ...shown.map((number) => titleOf(sides[number]))];
  const names = [a, b].filter((side) => side !== TODAY && side !== TRIED);
  const own = found[readings.indexOf(state.plan)];
  fill(
    compared,
    table(text("reading"), heads, readings.map((reading, i) => [readingTitle(reading), main(found[i][0]), ...shown.map((number) => main(found[i][number]))])),
    element("p", { class: "note" }, `${text("plan.by_community")}${text("colon")}${readingTitle(state.plan)}`),
    table(text("kind.community"), heads, own[0].by_community.map((area, i) => [area.name || text("outside"), main(area), ...shown.map((number) => main(own[number].by_community[i]))])),
    element("p", { class: "note" }, note(own[0])),
    names.length ? element("p", {}, element("a", { href: `${LIST}/comparison.xlsx?${new URLSearchParams([...names.map((name) => ["name", name]), ["lang", language]])}`, download: "" }, text("plan.xlsx"))) : null,
    element("button", { type: "button", class: "small", onclick: leaveComparison }, text("close")),
  );
}

function main(counted) {
  return counted.people || counted.homes;
}

function table(corner, heads, rows) {
  return element(
    "table",
    { class: "plan-table plan-side" },
    element("thead", {}, element("tr", {}, [corner, ...heads].map((head) => element("th", { scope: "col" }, head)))),
    element(
      "tbody",
      {},
      rows.map(([name, today, ...plans]) =>
        element("tr", {}, element("th", { scope: "row" }, name), element("td", {}, share(today, today.before)), ...plans.map((counts) => element("td", {}, share(counts, counts.after), element("small", {}, ` ${signed(difference(counts))}`)))),
      ),
    ),
  );
}

function share(counts, value) {
  return counts.total ? percent(value / counts.total) : count(value);
}

function note(answer) {
  return text("plan.compare_note", { total: text(answer.people ? "n.people" : "n.homes", { n: count(main(answer).total) }), n: count(answer.unanswered) });
}

async function swipe() {
  const [left, right] = await Promise.all(sides.map((side) => askEffect(editsOf(side))));
  startSwipe({ answer: left, title: titleOf(sides[0]) }, { answer: right, title: titleOf(sides[1]) });
}

export function leaveComparison() {
  if (!compared) return;
  fill(compared);
  stopSwipe();
}
