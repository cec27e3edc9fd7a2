/* Where the next centres should stand: the best places with their proof, what else would do, and why not here. */

import { postJson } from "./data.js";
import { element, fill } from "./dom.js";
import { question } from "./planask.js";
import { makeCurve } from "./planchart.js";
import { addEdits, currentEdits, freshId, onEdits } from "./planedits.js";
import { chooseTool, onTool, registerTool } from "./plantools.js";
import { onChange, state } from "./state.js";
import { count, language, percent, text } from "./texts.js";
import { town } from "./town.js";

const WEIGHTS = ["people", "elderly", "children", "homes"];
const MOST = 20;
const NEAR_PX = 40;
const SITE_TOOLS = ["must", "forbid", "why"];
const must = new Map();
const forbid = new Map();
let marks = null;
let box = null;
let result = null;
let asking = null;
let k = 3;
let weight = "people";
let known = null;
let flyTo = () => {};

export function makeSites(fly) {
  flyTo = fly;
  marks = L.layerGroup();
  for (const name of ["must", "forbid"]) registerTool(name, (at) => chooseCandidate(name, at));
  registerTool("why", askWhy);
  result = element("div", { class: "plan-result", "aria-live": "polite" });
  box = element("div", { class: "plan-sites" });
  showForm();
  onTool(() => showForm());
  onEdits(() => outdate());
  onChange((changed) => (changed.has("plan") || changed.has("service")) && outdate());
  return element("details", { class: "plan-part", id: "plan-sites" }, element("summary", {}, text("plan.sites")), box, result);
}

export function clearSites() {
  if (asking) asking.abort();
  if (!marks) return;
  marks.clearLayers();
  marks.remove();
  fill(result);
}

function unit() {
  return weight === "homes" ? "n.homes" : "n.people";
}

// --- the question --------------------------------------------------------------------------------

function showForm() {
  const number = element("input", { id: "plan-k", type: "number", min: 1, max: MOST, step: 1, onchange: () => setNumber(Number(number.value)) });
  number.value = k;
  const chooser = element(
    "select",
    { id: "plan-weight", onchange: () => (weight = chooser.value) },
    WEIGHTS.map((name) => element("option", { value: name }, text(`plan.weight.${name}`))),
  );
  chooser.value = weight;
  fill(
    box,
    element(
      "p",
      { class: "plan-line" },
      element("label", { for: "plan-k" }, text("plan.k")),
      element("button", { type: "button", class: "small step", "aria-label": text("plan.fewer"), onclick: () => setNumber(k - 1) }, "−"),
      number,
      element("button", { type: "button", class: "small step", "aria-label": text("plan.more"), onclick: () => setNumber(k + 1) }, "+"),
    ),
    element("p", { class: "plan-line" }, element("label", { for: "plan-weight" }, text("plan.weight")), chooser),
    element(
      "div",
      { class: "plan-tools", role: "group", "aria-label": text("plan.site_tools") },
      SITE_TOOLS.map((name) => element("button", { type: "button", "data-tool": name, "aria-pressed": String(isChosen(name)), onclick: () => startTool(name) }, text(`plan.tool.${name}`))),
    ),
    chips("must", must),
    chips("forbid", forbid),
    element(
      "div",
      { class: "plan-buttons" },
      element("button", { type: "button", class: "primary", id: "plan-suggest", onclick: suggest }, text("plan.suggest", { k })),
    ),
  );
}

function isChosen(name) {
  return document.body.dataset.tool === name;
}

function setNumber(wanted) {
  k = Math.min(MOST, Math.max(1, Math.round(wanted) || 1));
  showForm();
  document.getElementById("plan-k").focus();
}

function chips(name, chosen) {
  if (!chosen.size) return null;
  return element(
    "p",
    { class: "plan-chips" },
    element("span", {}, text(`plan.${name}`)),
    [...chosen.values()].map(({ id, name: title }) =>
      element("button", { type: "button", class: "small", "aria-label": `${text("plan.drop")} ${title || id}`, onclick: () => chosen.delete(id) && showForm() }, `${title || id} ×`),
    ),
  );
}

function startTool(name) {
  chooseTool(isChosen(name) ? "move" : name);
  if (name !== "why") showCandidates().catch(refuse);
}

/* The candidates do not depend on what was tried, but on the county: they are asked once. */
function askCandidates() {
  if (!known) {
    known = postJson("/api/v1/siting/candidates", question([])).then(({ candidates }) => candidates);
    known.catch(() => (known = null));
  }
  return known;
}

async function showCandidates() {
  for (const { lon, lat } of await askCandidates()) faint(lat, lon).addTo(marks);
  marks.addTo(town.map);
}

function faint(lat, lon) {
  return L.circleMarker([lat, lon], { pane: "plan", radius: 5, interactive: false, className: "plan-faint" });
}

async function chooseCandidate(name, { lat, lng }) {
  try {
    const at = town.map.latLngToContainerPoint([lat, lng]);
    const near = (await askCandidates())
      .map((candidate) => ({ candidate, away: at.distanceTo(town.map.latLngToContainerPoint([candidate.lat, candidate.lon])) }))
      .sort((a, b) => a.away - b.away)[0];
    if (!near || near.away > NEAR_PX) return;
    const [chosen, other] = name === "must" ? [must, forbid] : [forbid, must];
    other.delete(near.candidate.id);
    if (!chosen.delete(near.candidate.id)) chosen.set(near.candidate.id, near.candidate);
    showForm();
  } catch (error) {
    refuse(error);
  }
}

function body(more) {
  return { ...question(currentEdits()), weight, ...more };
}

// --- the answer ----------------------------------------------------------------------------------

async function suggest() {
  if (asking) asking.abort();
  const own = (asking = new AbortController());
  const clock = element("span", {});
  const since = performance.now();
  const ticking = setInterval(() => (clock.textContent = text("plan.seconds", { n: Math.round((performance.now() - since) / 1000) })), 1000);
  fill(
    result,
    element("p", { class: "note", role: "status" }, text("plan.solving"), " ", clock, " ", element("button", { type: "button", class: "small", onclick: () => own.abort() }, text("plan.cancel"))),
    element("progress", { "aria-label": text("plan.solving") }),
  );
  try {
    const study = await postJson("/api/v1/siting", body({ k, must: [...must.keys()], forbid: [...forbid.keys()] }), own.signal);
    if (own === asking) showStudy(study);
  } catch (error) {
    if (error.name === "AbortError") own === asking && fill(result, element("p", { class: "note" }, text("plan.cancelled")));
    else refuse(error);
  }
  clearInterval(ticking);
}

function refuse(error) {
  fill(result, element("p", { class: "refusal" }, error.message));
}

function outdate() {
  if (asking) asking.abort();
  marks?.clearLayers();
  if (result?.childElementCount) fill(result, element("p", { class: "note" }, text("plan.outdated")));
}

function showStudy(study) {
  drawSites(study);
  const rest = element("div", { class: "plan-remedies" });
  fill(
    result,
    element("p", { class: "plan-lead" }, element("strong", {}, `+${text(unit(), { n: count(study.value) })}`), text("plan.by_sites", { n: study.sites.length })),
    element("p", { class: `plan-proof ${study.gap === 0 ? "is-proven" : ""}` }, proof(study)),
    covered(study),
    study.curve.length > 1 ? makeCurve(study.curve, study.k, study.knee) : null,
    element("p", { class: "note" }, text("plan.curve")),
    element("ol", { class: "plan-list plan-ranked" }, study.sites.map((site) => siteRow(site))),
    element(
      "div",
      { class: "plan-buttons" },
      element("button", { type: "button", class: "primary", id: "plan-accept", onclick: () => accept(study.sites) }, text("plan.accept_all")),
      element("button", { type: "button", onclick: (event) => askRemedies(rest, event.target) }, text("plan.remedies")),
    ),
    rest,
    element("p", { class: "note" }, leftOut(study)),
  );
}

/* What is known of the answer: that there is no better one, or by how much at most it could be better. */
function proof(study) {
  const bound = text(unit(), { n: count(study.bound) });
  if (study.gap === 0) return text("plan.proven", { k: study.k, bound, how: text(`plan.proof.${study.proof}`) });
  return text("plan.unproven", { gap: percent(study.gap, 2), bound });
}

function covered({ covered: { total, now, after, ceiling } }) {
  const whole = total[weight] || 1;
  const share = (counts) => percent(counts[weight] / whole);
  return element("p", { class: "note" }, text("plan.now_after", { now: share(now), after: share(after), ceiling: share(ceiling) }));
}

function leftOut(study) {
  const parts = [text("plan.candidates", { n: count(study.n_candidates) })];
  if (study.homes_without_people) parts.push(text("left_out.people", { n: count(study.homes_without_people) }));
  if (study.unreachable.homes) parts.push(text("plan.unreachable", { n: count(study.unreachable.homes) }));
  return parts.join(language === "en" ? " " : "");
}

function siteRow(site) {
  const others = site.alternatives.length ? text("plan.others", { n: site.alternatives.length, ids: site.alternatives.slice(0, 3).map(({ id }) => id).join(text("comma")) }) : null;
  return element(
    "li",
    {},
    element("span", { class: "plan-order" }, String(site.order)),
    element("span", {}, `${site.name || site.id}${text("colon")}+${text(unit(), { n: count(site.gained) })}`, others ? element("small", {}, others) : null),
    element("button", { type: "button", class: "small", "aria-label": `${text("plan.fly")} ${site.name || site.id}`, onclick: () => town.map.setView([site.lat, site.lon], Math.max(16, town.map.getZoom())) }, text("plan.fly")),
    element("button", { type: "button", class: "small", "aria-label": `${text("plan.accept")} ${site.name || site.id}`, onclick: () => accept([site]) }, text("plan.accept")),
  );
}

function accept(sites) {
  const edits = sites.map(({ id, name, lon, lat }) => ({ do: "add_centre", id: `${freshId(`${id}-`, () => false).id}`, name: name || text("plan.site_name", { id }), lon, lat }));
  addEdits(edits);
}

function drawSites(study) {
  marks.clearLayers();
  for (const { lat, lon } of study.alternatives) faint(lat, lon).addTo(marks);
  for (const site of study.sites) {
    const icon = L.divIcon({ className: "plan-site", iconSize: [28, 28], html: element("span", {}, String(site.order)) });
    L.marker([site.lat, site.lon], { pane: "plan", icon, interactive: false, keyboard: false, zIndexOffset: 500 }).addTo(marks);
  }
  marks.addTo(town.map);
  const bounds = L.latLngBounds(study.sites.map(({ lat, lon }) => [lat, lon]));
  if (study.sites.length) flyTo([bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()]);
}

// --- cheaper remedies, and why not here ----------------------------------------------------------

async function askRemedies(target, button) {
  button.disabled = true;
  fill(target, element("p", { class: "note", role: "status" }, text("plan.solving")));
  try {
    const { remedies } = await postJson("/api/v1/siting", body({ k, must: [...must.keys()], forbid: [...forbid.keys()], remedies: true }));
    const rows = remedies.slice(0, 12).map((remedy) =>
      element(
        "li",
        {},
        element("span", {}, `${text(`plan.remedy.${remedy.kind}`, { where: remedy.compound_name || remedy.compound || "", n: count(remedy.length_m) })}${text("colon")}+${text(unit(), { n: count(remedy.gained) })}`),
        element("button", { type: "button", class: "small", "aria-label": text("plan.fly"), onclick: () => town.map.setView([remedy.lat, remedy.lon], 17) }, text("plan.fly")),
        element("button", { type: "button", class: "small", onclick: () => addEdits([remedy.edit]) }, text("plan.accept")),
      ),
    );
    fill(target, rows.length ? element("ol", { class: "plan-list" }, rows) : element("p", { class: "note" }, text("plan.no_remedies")), element("p", { class: "note" }, text("plan.remedies_note")));
  } catch (error) {
    fill(target, element("p", { class: "refusal" }, error.message));
  }
  button.disabled = false;
}

async function askWhy({ lat, lng }) {
  try {
    const found = await postJson("/api/v1/siting/place", body({ lon: lng, lat }));
    L.circleMarker([lat, lng], { pane: "plan", radius: 7, interactive: false, className: "plan-why" }).addTo(marks);
    marks.addTo(town.map);
    const gained = text(unit(), { n: count(found.gained_now) });
    const lines = [
      text("plan.why.gained", { gained, reached: text("n.homes", { n: count(found.reached.homes) }), covered: text("n.homes", { n: count(found.already_covered.homes) }) }),
      found.is_snapped ? null : text("plan.why.unsnapped"),
      found.is_in_water ? text("plan.why.water") : null,
      text("plan.why.nearest", { id: found.nearest_candidate, n: count(Math.round(found.nearest_candidate_m)) }),
    ];
    fill(result, element("h3", {}, text("plan.why")), element("ul", { class: "plan-why-list" }, lines.filter(Boolean).map((line) => element("li", {}, line))));
    if (state.plan) document.getElementById("plan-sites").open = true;
  } catch (error) {
    refuse(error);
  }
}
