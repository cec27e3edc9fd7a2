/* What can be done with a card: copy it as text, share its address, print it. */

import { element } from "./dom.js";
import { language, minutes, text } from "./texts.js";

const AREA_ORDER = ["grid", "district", "community", "lane", "beat"];

export function cardActions(match, title) {
  const page = match.key ? `/find?${new URLSearchParams({ kind: match.kind, key: match.key, lang: language })}` : null;
  const building = match.kind === "building" ? match.key : match.building;
  return element(
    "p",
    { class: "actions" },
    action(text("copy"), () => copy(asText(match, title))),
    building ? action(text("share"), () => share(title, permalink(building))) : null,
    page ? element("a", { class: "action", href: page }, text("page")) : null,
    element("button", { type: "button", class: "action", onclick: () => window.print() }, text("print")),
  );
}

/* The address of a building alone: no view, no layers, no position. */
function permalink(building) {
  return `${location.origin}/?lang=${language}#${new URLSearchParams({ building })}`;
}

function action(name, act) {
  const button = element("button", { type: "button", class: "action" }, name);
  button.addEventListener("click", async () => {
    try {
      const said = await act();
      if (said) button.textContent = said;
    } catch (error) {
      if (error.name !== "AbortError") button.textContent = text("copy.failed");
    }
  });
  return button;
}

async function copy(words) {
  await navigator.clipboard.writeText(words);
  return text("copied");
}

async function share(title, url) {
  if (!navigator.share) return copy(url);
  await navigator.share({ title, url });
  return null;
}

function asText(match, title) {
  const colon = text("colon");
  const lines = [title, match.where].filter(Boolean);
  for (const kind of AREA_ORDER) {
    for (const area of match.areas[kind] || []) lines.push(`${text(`kind.${kind}`)}${colon}${area.name || ""} ${area.code}`);
  }
  for (const { roles } of match.duties) {
    for (const { title: role, holders, vacant } of roles) {
      for (const told of holders) {
        lines.push(`${role[language]}${colon}${[told.name, told.duty_phone, told.feature_name].filter(Boolean).join(" ")}`);
      }
      for (const sentence of vacant) lines.push(sentence[language]);
    }
  }
  if (match.nearest_centre) {
    const { id, name, walk_s: seconds } = match.nearest_centre;
    lines.push(`${text("nearest.to")}${colon}${name || id} ${minutes(seconds)}`);
  }
  return lines.join("\n");
}
