/* The page: brings the map, the panel and the permalink together. */

import { closeCard, showAnswer, showCentre, showHere, showRefusal, showWaiting, startCard } from "./card.js";
import { startCoverage } from "./coverage.js";
import { askJson, getJson, postJson } from "./data.js";
import { byId, element, fill } from "./dom.js";
import { startLayerPanel } from "./layerpanel.js";
import { startLegend } from "./legend.js";
import { startLists } from "./lists.js";
import { layoutNames } from "./names.js";
import { tell } from "./notice.js";
import { planClick, startPlan } from "./plan.js";
import { startSearch } from "./search.js";
import { hiddenHeight, raise, startSheet } from "./sheet.js";
import { change, hideView, onChange, state } from "./state.js";
import { language, loadTexts, text } from "./texts.js";
import { town } from "./town.js";
import { clearWalk, showWalk, walkBounds } from "./walk.js";
import { startWhere } from "./where.js";

const NEAR_ZOOM = 17;
const HERE_ZOOM = 18;
const NAME_DETAIL_ZOOM = 15;
const OUTLINED = ["community", "district", "lane", "grid", "beat", "compound"];
let asking = null;
let marked = null;

async function start() {
  const [county] = await Promise.all([getJson("/api/v1/county"), loadTexts()]);
  const isOffered = county.readings.some(({ id }) => id === state.linkedReading);
  change({ reading: isOffered ? state.linkedReading : county.reading });
  showHead(county);
  startSheet();
  startCard(forgetPlace);
  startLayerPanel(county);
  startLegend(county);
  setFirstView(county.focus);
  startCoverage(county);
  startLists(fly);
  startSearch(chooseEntry);
  startWhere(byId("where"), openHere, (error) => {
    raise(true);
    showRefusal(error);
  });
  startPlan(county, fly);
  watchMap();
  onChange((changed) => {
    if (changed.has("centre") && state.centre) openCentre(state.centre);
  });
  if (state.building) openBuilding(state.building);
  else if (state.centre) openCentre(state.centre);
  document.body.dataset.ready = "true";
}

function showHead(county) {
  document.title = `${county.name} · ${text("title")}`;
  byId("county").textContent = county.name;
  byId("synthetic").hidden = !county.is_synthetic;
  const marks = [
    county.is_synthetic ? text("synthetic_note") : null,
    text("data_date", { revision: county.revision, day: county.day }),
    county.basemap?.attribution,
    ...county.attributions.map((attribution) => attribution[language]),
    county.classification ? `${text("classification")}${text("colon")}${county.classification}` : null,
    county.review_number ? `${text("review_number")}${text("colon")}${county.review_number}` : null,
  ].filter(Boolean);
  fill(byId("sources"), element("b", {}, county.mark || text("mark")), ...marks.map((mark) => element("span", {}, mark)));
  const sources = byId("sources");
  const stage = sources.parentElement;
  new ResizeObserver(() => stage.style.setProperty("--sources", `${sources.offsetHeight}px`)).observe(sources);
  const link = byId("language-link");
  link.addEventListener("click", () => (link.href = link.href.split("#")[0] + location.hash));
}

/* What lies over the map: the layer panel of a wide screen, its button and the sheet of a narrow one. */
function padding() {
  const isWide = window.matchMedia("(min-width: 760px)").matches;
  if (!isWide) return { paddingTopLeft: [10, 66], paddingBottomRight: [10, 40 + hiddenHeight()] };
  const covered = byId("layers-body").hidden ? 24 : byId("layers").offsetWidth + 28;
  return { paddingTopLeft: [24, 24], paddingBottomRight: [covered, 44] };
}

function setFirstView(bounds) {
  if (state.view) town.map.setView([state.view.lat, state.view.lon], state.view.zoom, { animate: false });
  else if (bounds) town.map.fitBounds(corners(bounds), { ...padding(), animate: false });
}

function corners([west, south, east, north]) {
  return [
    [south, west],
    [north, east],
  ];
}

function fly(bounds) {
  if (!bounds) return;
  raise(false);
  const options = { ...padding(), maxZoom: NEAR_ZOOM, duration: 0.6 };
  if (window.matchMedia("(prefers-reduced-motion: reduce)").matches) town.map.fitBounds(corners(bounds), { ...options, animate: false });
  else town.map.flyToBounds(corners(bounds), options);
}

function watchMap() {
  const { map } = town;
  function settle() {
    const { lat, lng } = map.getCenter();
    change({ view: { zoom: map.getZoom(), lat, lon: lng } });
    map.getContainer().classList.toggle("is-near", map.getZoom() >= NAME_DETAIL_ZOOM);
    layoutNames(map);
  }
  map.on("moveend zoomend", settle);
  map.on("click", ({ latlng }) => planClick(latlng) || openPosition(latlng));
  new ResizeObserver(() => map.invalidateSize({ pan: false })).observe(map.getContainer());
  settle();
}

/* Ask, show that we ask, and show what came; a later question makes an earlier one void. */
async function present(question) {
  if (asking) asking.abort();
  const own = (asking = new AbortController());
  clearWalk();
  showWaiting();
  raise(true);
  try {
    const answer = await question(own.signal);
    if (own === asking) showAnswer(answer);
    return own === asking ? answer : null;
  } catch (error) {
    if (own === asking && error.name !== "AbortError") showRefusal(error);
    return null;
  }
}

/* The walk of the one place on the card, drawn and told beside its minutes. */
async function followWalk(question) {
  const own = asking;
  const box = byId("card").querySelector(".walk-box");
  if (!box) return;
  fill(box, element("p", { class: "note", role: "status" }, text("walk.loading")));
  try {
    const told = await question(own.signal);
    if (own !== asking) return;
    showWalk(told, box);
    const bounds = walkBounds();
    if (bounds && !(isInSight(bounds.getNorthWest()) && isInSight(bounds.getSouthEast()))) {
      town.map.fitBounds(bounds, { ...padding(), maxZoom: NEAR_ZOOM });
    }
  } catch (error) {
    if (own === asking && error.name !== "AbortError") fill(box, element("p", { class: "refusal" }, error.message));
  }
}

function positionOf(latlng) {
  return { lon: latlng.wrap().lng, lat: latlng.lat };
}

/* The position goes in the body, so that it stands in no log and no history. */
async function openPosition(latlng) {
  hideView(false);
  change({ building: null, centre: null });
  markPlace(L.circleMarker(latlng, { radius: 7, className: "place-mark", interactive: false }));
  const answer = await present((signal) => postJson("/api/v1/locate", positionOf(latlng), signal));
  if (answer && !isInSight(latlng)) showInSight(latlng, town.map.getZoom());
  if (answer) followWalk((signal) => postJson("/api/v1/walk", positionOf(latlng), signal));
  const building = answer?.matches[0]?.building;
  if (building) {
    change({ building });
    await outline(building);
  }
}

/* The reader's own position: never in the permalink, nor is the view while it is shown. */
async function openHere(latlng, accuracy) {
  hideView(true);
  change({ building: null, centre: null });
  const circle = L.circle(latlng, { radius: accuracy, className: "here-circle", interactive: false });
  const dot = L.circleMarker(latlng, { radius: 7, className: "here-mark", interactive: false });
  markPlace(L.featureGroup([circle, dot]));
  town.map.fitBounds(circle.getBounds(), { ...padding(), maxZoom: HERE_ZOOM });
  let nearby = null;
  const answer = await present(async (signal) => {
    const [near, located] = await Promise.all([
      postJson("/api/v1/nearby", { ...positionOf(latlng), accuracy_m: accuracy }, signal),
      postJson("/api/v1/locate", positionOf(latlng), signal),
    ]);
    nearby = near;
    return located;
  });
  if (!answer) return;
  showHere(answer, nearby, accuracy, openBuilding);
  town.map.fitBounds(circle.getBounds(), { ...padding(), maxZoom: HERE_ZOOM });
}

async function openBuilding(id) {
  hideView(false);
  change({ building: id, centre: null });
  const answer = await present((signal) => askJson(`/api/v1/locate?building=${encodeURIComponent(id)}`, signal));
  if (!answer?.matches.length) return;
  showPlace(answer.matches[0]);
  followWalk((signal) => askJson(`/api/v1/walk?building=${encodeURIComponent(id)}`, signal));
}

async function chooseEntry(entry) {
  hideView(false);
  if (entry.kind === "centre") change({ centre: entry.key, building: null });
  else if (entry.kind === "building") await openBuilding(entry.key);
  else {
    change({ building: null, centre: null });
    const answer = await present((signal) => askJson(`/api/v1/locate?q=${encodeURIComponent(entry.key)}`, signal));
    if (answer?.matches.length && !(await showArea(entry))) showPlace(answer.matches[0]);
  }
}

/* An area or a compound is outlined whole; false where it is neither. */
async function showArea({ kind, key }) {
  if (!OUTLINED.includes(kind)) return false;
  const shape = await readOutline(kind, key, "area-mark");
  markPlace(shape);
  town.map.fitBounds(shape.getBounds(), { ...padding(), maxZoom: NEAR_ZOOM });
  return true;
}

async function readOutline(layer, feature, className) {
  const outline = await getJson(`/api/v1/outline?${new URLSearchParams({ layer, feature })}`);
  return L.geoJSON(outline, { interactive: false, style: { className } });
}

function showPlace(match) {
  if (!match.lonlat) return;
  const [lon, lat] = match.lonlat;
  markPlace(L.circleMarker([lat, lon], { radius: 7, className: "place-mark", interactive: false }));
  showInSight([lat, lon], Math.max(town.map.getZoom(), NEAR_ZOOM));
  if (match.building) outline(match.building).catch(tell);
}

/* Bring a place into the part of the map that nothing hides. */
function showInSight(latlng, zoom) {
  const { map } = town;
  map.setView(map.unproject(map.project(latlng, zoom).add([0, hiddenHeight() / 2]), zoom), zoom);
}

function isInSight(latlng) {
  const at = town.map.latLngToContainerPoint(latlng);
  const size = town.map.getSize();
  return at.x > 0 && at.x < size.x && at.y > 0 && at.y < size.y - hiddenHeight() - 20;
}

async function openCentre(id) {
  if (asking) asking.abort();
  asking = null;
  clearWalk();
  raise(true);
  try {
    const lonlat = await showCentre(id);
    if (!lonlat) return;
    markPlace(L.circleMarker([lonlat[1], lonlat[0]], { radius: 15, className: "place-mark", interactive: false }));
    if (!isInSight([lonlat[1], lonlat[0]])) showInSight([lonlat[1], lonlat[0]], town.map.getZoom());
  } catch (error) {
    showRefusal(error);
  }
}

async function outline(building) {
  const shape = await readOutline("building", building, "building-mark");
  if (state.building === building) markPlace(shape);
}

function markPlace(mark) {
  if (marked) marked.remove();
  marked = mark.addTo(town.map);
}

function forgetPlace() {
  if (asking) asking.abort();
  asking = null;
  clearWalk();
  hideView(false);
  if (marked) marked.remove();
  marked = null;
  change({ building: null, centre: null });
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !byId("card").hidden && event.target === document.body) closeCard();
});

start().catch((error) => fill(byId("coverage"), element("p", { class: "refusal" }, error.message)));
