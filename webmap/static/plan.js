/* Planning: the panel and the map where a centre can be dragged and the people within reach followed. */

import { closeCard } from "./card.js";
import { getJson } from "./data.js";
import { byId, element, fill } from "./dom.js";
import { showTried } from "./homes.js";
import { tell } from "./notice.js";
import { ask, onAnswer } from "./planask.js";
import { colour } from "./plancolour.js";
import { canRedo, canUndo, clearEdits, currentEdits, dropEdit, onEdits, placeCentre, redo, removeCentre, restoreCentre, undo } from "./planedits.js";
import { makeFigures } from "./planfigures.js";
import { addCentreAt, closePlanMap, findCentre, listCentres, nudge, onSelect, openPlanMap, selectCentre, selectedCentre } from "./planmap.js";
import { makeGaps, showGaps } from "./plangaps.js";
import { makeReadingControls, plannedReading } from "./planreading.js";
import { clearSites, makeSites } from "./plansites.js";
import { leaveComparison, makeStore, openStore } from "./planstore.js";
import { chooseTool, clickTool, finishPath, isDrawing, makeTools, tellEdit } from "./plantools.js";
import { change, onChange, state } from "./state.js";
import { text } from "./texts.js";
import { forgetVersions, tileVersion } from "./tiledata.js";
import { town } from "./town.js";

let figures = null;
let readingControls = null;
let editBox = null;
let centreBox = null;
let flyTo = () => {};

export function startPlan(county, fly) {
  flyTo = fly;
  if (!byId("mode-plan")) {
    change({ plan: null }); // whoever may not plan looks at what stands
    return;
  }
  byId("mode-today").addEventListener("click", () => change({ plan: null }));
  byId("mode-plan").addEventListener("click", () => change({ plan: state.plan || plannedReading(state.reading || county.reading) }));
  onChange((changed) => {
    if (changed.has("plan")) follow();
    if (changed.has("service") && state.plan) ask();
  });
  onEdits(() => {
    if (!state.plan) return;
    ask();
    showEdits();
    showCentre();
  });
  onSelect(showCentre);
  onAnswer(showAnswer);
  document.addEventListener("keydown", shortcut);
  if (state.plan) open().catch(tell);
}

/* While planning, clicks on the map are the planner's. */
export function planClick(latlng) {
  if (!state.plan) return false;
  clickTool(latlng);
  return true;
}

function isShown() {
  return !byId("plan").hidden;
}

function follow() {
  if (state.plan && !isShown()) open().catch(tell);
  else if (state.plan) {
    ask();
    showGaps();
  } else close();
}

async function open() {
  if (!byId("card").hidden) closeCard();
  setMode(true);
  if (!figures) build();
  readingControls.show();
  town.map.getContainer().parentElement.append(figures.badge);
  await openPlanMap();
  showEdits();
  showCentre();
  showGaps();
  await openStore();
  ask();
}

function close() {
  setMode(false);
  chooseTool("move");
  figures?.badge.remove();
  leaveComparison();
  clearSites();
  closePlanMap();
  showTried(null);
}

function setMode(isPlanning) {
  byId("plan").hidden = !isPlanning;
  byId("overview").hidden = isPlanning;
  byId("mode-plan").setAttribute("aria-pressed", String(isPlanning));
  byId("mode-today").setAttribute("aria-pressed", String(!isPlanning));
  document.body.classList.toggle("is-planning", isPlanning);
}

function build() {
  figures = makeFigures();
  readingControls = makeReadingControls();
  editBox = element("div", { class: "plan-edits" });
  centreBox = element("div", { class: "plan-centre" });
  fill(
    byId("plan"),
    readingControls,
    serviceSwitch(),
    figures,
    figures.spoken,
    element("h2", { class: "plan-head" }, text("plan.try")),
    ...makeTools(),
    centreBox,
    editBox,
    makeSites(flyTo),
    makeStore(),
    makeGaps(flyTo),
  );
}

function serviceSwitch() {
  const select = element("select", { id: "plan-service", onchange: () => change({ service: select.value || null }) });
  getJson("/api/v1/services")
    .then(({ services }) => {
      fill(select, element("option", { value: "" }, text("plan.any_service")), services.map((name) => element("option", { value: name }, name)));
      select.value = services.includes(state.service) ? state.service : "";
      if (state.service && !select.value) change({ service: null });
    })
    .catch(tell);
  return element("p", { class: "plan-line" }, element("label", { for: "plan-service" }, text("plan.service")), select);
}

// --- the answer ----------------------------------------------------------------------------------

async function showAnswer(answer, failure, since) {
  if (!state.plan) return;
  figures.show(answer, failure);
  if (!answer) return;
  performance.measure("plan-count", { start: since });
  if (answer.version !== (await tileVersion())) forgetVersions(); // somebody changed the county meanwhile
  await showTried(colour(answer));
  performance.measure("plan-colours", { start: since });
}

// --- edits ---------------------------------------------------------------------------------------

function showEdits() {
  const edits = currentEdits();
  const nameOf = (id) => findCentre(id)?.name;
  fill(
    editBox,
    element(
      "div",
      { class: "plan-buttons" },
      button("plan.undo", undo, !canUndo()),
      button("plan.redo", redo, !canRedo()),
      button("plan.clear", clearEdits, !edits.length),
    ),
    edits.length
      ? element(
          "ol",
          { class: "plan-list", "aria-label": text("plan.edits") },
          edits.map((edit) =>
            element(
              "li",
              {},
              element("span", {}, tellEdit(edit, nameOf)),
              element("button", { type: "button", class: "drop", "aria-label": `${text("plan.drop")} ${tellEdit(edit, nameOf)}`, onclick: () => dropEdit(edit) }, "×"),
            ),
          ),
        )
      : element("p", { class: "note" }, text("plan.no_edits")),
  );
}

function button(key, act, disabled = false) {
  return element("button", { type: "button", onclick: act, disabled }, text(key));
}

// --- the selected centre: what the mouse does, by keyboard ---------------------------------------

const ARROWS = { ArrowUp: [0, 1], ArrowDown: [0, -1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
let chooser = null;
let actions = null;

function showCentre() {
  if (!chooser) buildCentre();
  const listed = listCentres();
  const wanted = [["", text("plan.choose_centre")], ...listed.map(({ id, name, kind }) => [id, kind === "stands" ? name || id : `${name || id}（${text(`plan.kind.${kind}`)}）`])];
  const known = [...chooser.options].map((option) => [option.value, option.textContent]);
  if (JSON.stringify(known) !== JSON.stringify(wanted)) fill(chooser, wanted.map(([value, words]) => element("option", { value }, words)));
  const centre = findCentre(selectedCentre());
  chooser.value = centre ? centre.id : "";
  const shown = centre ? `${centre.id} ${centre.kind}` : "";
  if (actions.dataset.shown === shown) return; // a button in use keeps the focus
  const hadFocus = document.activeElement?.dataset?.act;
  actions.dataset.shown = shown;
  fill(actions, ...(centre ? centreActions(centre) : [action("plan.add_here", "add", () => addCentreAt(town.map.getCenter()))]));
  if (hadFocus) (actions.querySelector(`[data-act="${hadFocus}"]`) || chooser).focus();
}

function buildCentre() {
  chooser = element("select", {
    id: "plan-chooser",
    onchange: () => {
      selectCentre(chooser.value || null);
      const centre = findCentre(chooser.value);
      if (centre && !town.map.getBounds().contains(centre.latlng)) town.map.panTo(centre.latlng);
    },
  });
  actions = element("div", { class: "plan-buttons" });
  fill(centreBox, element("p", { class: "plan-line" }, element("label", { for: "plan-chooser" }, text("plan.selected")), chooser), actions);
}

function centreActions({ id, kind }) {
  if (kind === "removed") return [action("plan.restore", "restore", () => restoreCentre(id))];
  return [
    element("button", { type: "button", class: "pad", "data-act": "pad", onkeydown: arrow, "aria-describedby": "plan-pad-hint" }, text("plan.pad")),
    action("plan.place_here", "place", () => placeCentre(id, town.map.getCenter())),
    action("plan.remove", "remove", () => removeCentre(id)),
    kind === "moved" ? action("plan.restore", "restore", () => restoreCentre(id)) : null,
    element("p", { class: "note", id: "plan-pad-hint" }, text("plan.pad_hint")),
  ];
}

function action(key, name, act) {
  return element("button", { type: "button", "data-act": name, onclick: act }, text(key));
}

function arrow(event) {
  const step = ARROWS[event.key];
  if (!step) return;
  event.preventDefault();
  event.stopPropagation();
  nudge(...step, event.shiftKey ? 5 : 1);
}

function shortcut(event) {
  if (!state.plan || event.target.matches("input, select, textarea")) return;
  const isUndo = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z";
  if (isUndo) {
    event.preventDefault();
    if (event.shiftKey) redo();
    else undo();
  } else if (event.key === "Escape") chooseTool("move");
  else if (event.key === "Enter" && isDrawing() && event.target === document.body) finishPath();
}
