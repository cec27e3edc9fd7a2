/* The card: one place, its areas, who answers for it, the nearest centre, and the evidence. */

import { may } from "./account.js";
import { cardActions } from "./cardactions.js";
import { bar, countsOf, shareText } from "./coverage.js";
import { getJson, withReading } from "./data.js";
import { byId, element, fill } from "./dom.js";
import { duties } from "./duties.js";
import { state } from "./state.js";
import { count, language, minutes, text } from "./texts.js";

const AREA_ORDER = ["grid", "district", "community", "lane", "beat"];
let onClose = () => {};

export function startCard(close) {
  onClose = close;
  byId("card").addEventListener("keydown", (event) => event.key === "Escape" && closeCard());
}

export function closeCard() {
  byId("card").hidden = true;
  byId("overview").hidden = false;
  onClose();
}

function open(...content) {
  const back = element("button", { type: "button", class: "back", onclick: closeCard }, text("back"));
  fill(byId("card"), back, ...content);
  byId("overview").hidden = true;
  byId("card").hidden = false;
  byId("panel-body").scrollTop = 0;
}

export function showWaiting() {
  open(element("p", { class: "note", role: "status" }, text("waiting")));
}

export function showRefusal(error) {
  open(element("p", { class: "refusal" }, error.message));
}

export function showAnswer(answer) {
  if (!answer.matches.length) {
    open(element("p", { class: "refusal" }, text("nothing_here")));
    return;
  }
  const more = answer.n_found - answer.matches.length;
  open(
    answer.matches.length > 1 ? element("p", { class: "note" }, text("several", { n: count(answer.n_found) })) : null,
    ...answer.matches.map((match) => matchSection(match, answer)),
    more > 0 ? element("p", { class: "note" }, text("more", { n: count(more) })) : null,
  );
}

/* The buildings that the reader's own position may be, then what holds for the position itself. */
export function showHere(answer, nearby, accuracy, choose) {
  const rows = nearby.buildings.map(({ id, name, where, distance_m }) =>
    element(
      "li",
      {},
      element(
        "button",
        { type: "button", class: "row", onclick: () => choose(id) },
        element("span", { class: "row-main" }, name || id),
        element("span", { class: "row-figure" }, distance_m ? text("where.distance", { n: distance_m }) : text("where.inside")),
        where ? element("span", { class: "row-more" }, where) : null,
      ),
    ),
  );
  open(
    element(
      "section",
      { class: "here" },
      element("h2", {}, text("where.here", { n: count(Math.round(accuracy)) })),
      rows.length
        ? [element("p", {}, text("where.buildings")), element("ol", { class: "rows" }, rows)]
        : element("p", { class: "none" }, text("where.none", { n: Math.round(nearby.within_m) })),
      nearby.n_found > rows.length ? element("p", { class: "note" }, text("more", { n: count(nearby.n_found - rows.length) })) : null,
      element("p", { class: "note" }, text("where.note")),
    ),
    ...answer.matches.map((match) => matchSection(match, answer)),
  );
}

function titleOf(match) {
  return match.title || match.name || match.key || text("position");
}

function matchSection(match, answer) {
  const { walker } = answer;
  // What the duties say themselves, and that a place was found by the key which the page itself sent, is no news.
  const others = match.evidence.filter(({ code, data }) => !/^duty\.(vacant|no_group)/.test(code) && data.by !== "key");
  return element(
    "section",
    { class: "match" },
    element(
      "header",
      {},
      element("p", { class: "match-kind" }, text(`kind.${match.building ? "building" : match.kind}`)),
      element("h2", {}, titleOf(match)),
      match.where ? element("p", { class: "match-where" }, match.where) : null,
    ),
    AREA_ORDER.includes(match.kind) ? areaCoverage(match) : [nearest(match, walker), element("div", { class: "walk-box" })],
    element("dl", { class: "areas" }, AREA_ORDER.map((kind) => areaRow(kind, match.areas[kind] || []))),
    counts(match.counts),
    duties(match, answer),
    organisations(match.organisations),
    evidence(others, !match.nearest_centre),
    cardActions(match, titleOf(match)),
  );
}

/* Filled in when it is known; empty for an area that coverage is not summed by. */
function areaCoverage({ kind, key }) {
  const box = element("div", { class: "area-coverage" });
  getJson(withReading("/api/v1/coverage", state.reading))
    .then((coverage) => {
      const area = (coverage[`by_${kind}`] || []).find(({ code }) => code === key);
      if (!area) return;
      const counts = countsOf(area);
      fill(
        box,
        element(
          "p",
          { class: "area-share" },
          element("strong", {}, shareText(counts)),
          element("span", {}, text(counts.isPeople ? "share.people" : "share.homes"), element("em", {}, coverage.title[language])),
        ),
        bar(counts),
        element("p", { class: "note" }, text(counts.isPeople ? "area.counts" : "area.counts.homes", { total: count(counts.total), missed: count(counts.not_covered) })),
      );
    })
    .catch((error) => fill(box, element("p", { class: "refusal" }, error.message)));
  return box;
}

function nearest(match, walker) {
  const centre = match.nearest_centre;
  if (!centre) return element("p", { class: "nearest is-unknown" }, text("nearest.none"));
  return element(
    "p",
    { class: "nearest" },
    element("strong", {}, minutes(centre.walk_s)),
    element("span", {}, text("nearest.walker", { who: walker[language] }), element("em", {}, centre.name || centre.id)),
  );
}

function areaRow(kind, areas) {
  const shown = areas.map((area) =>
    element(
      "a",
      { class: "area", href: `/area/${kind}/${encodeURIComponent(area.code)}?lang=${language}` },
      area.name || area.code,
      area.name && area.name !== area.code ? element("small", {}, area.code) : null,
    ),
  );
  return element(
    "div",
    {},
    element("dt", {}, text(`kind.${kind}`)),
    element("dd", {}, shown.length ? shown : element("span", { class: "none" }, text("area.none"))),
  );
}

/* People by building, which county staff alone are told. */
function counts(known) {
  if (!known) return null;
  return element("p", { class: "note" }, text("counts", { households: count(known.households), people: count(known.residents), old: count(known.residents_60_plus) }));
}

/* Organisations that serve the place, the highest first. */
function organisations(list) {
  if (!list.length) return null;
  return element(
    "section",
    { class: "organisations" },
    element("h3", {}, text("organisations")),
    element("ul", {}, list.map(({ kind, name, id }) => element("li", {}, name || id, kind ? element("small", {}, kind) : null))),
  );
}

function evidence(items, isOpen) {
  if (!items.length) return null;
  return element(
    "details",
    { class: "evidence", open: isOpen },
    element("summary", {}, text("evidence.n", { n: items.length })),
    element("ul", {}, items.map((item) => element("li", {}, item[language]))),
  );
}

/* A service centre: what it offers, and the homes whose nearest centre it is under this reading. */
export async function showCentre(id) {
  showWaiting();
  const [centres, served] = await Promise.all([
    getJson("/api/v1/layers/centre.geojson"),
    may("study") ? getJson(withReading("/api/v1/centres", state.reading)) : null,
  ]);
  const feature = centres.features.find(({ properties }) => (properties.centre || properties.id) === id);
  if (!feature) {
    open(element("p", { class: "refusal" }, text("nothing_here")));
    return null;
  }
  const { name, services, hours, address, capacity } = feature.properties;
  const own = served && (served.centres.find((centre) => centre.centre === id) || { people: 0, n_homes: 0 });
  const rows = [
    ["centre.services", services],
    ["centre.hours", hours],
    ["centre.address", address],
    ["centre.capacity", capacity === null || capacity === undefined ? null : count(capacity)],
    ["centre.people", own && own.people !== null ? text("n.people", { n: count(own.people) }) : null],
    ["centre.homes", own && text("n.homes", { n: count(own.n_homes) })],
  ];
  open(
    element(
      "section",
      { class: "match" },
      element("header", {}, element("p", { class: "match-kind" }, text("kind.centre")), element("h2", {}, name || id)),
      element(
        "dl",
        { class: "areas" },
        rows
          .filter(([, value]) => value)
          .map(([key, value]) => element("div", {}, element("dt", {}, text(key)), element("dd", {}, value))),
      ),
      served ? element("p", { class: "note" }, text("centre.note", { title: served.title[language] })) : null,
    ),
  );
  return feature.geometry.coordinates;
}

