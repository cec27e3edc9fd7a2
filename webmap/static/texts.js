/* The page's words, from the one label table, and numbers as its reader writes them. */

import { getJson } from "./data.js";

let table = {};
export const language = document.body.dataset.language;
const locale = language === "en" ? "en" : "zh-CN";

export async function loadTexts() {
  table = await getJson(document.body.dataset.texts);
}

export function text(key, values = {}) {
  const found = table[key];
  if (found === undefined) throw new Error(`no text ${key}`);
  return found.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

export function hasText(key) {
  return key in table;
}

/* A count; `<5` stays as it is, and what is unknown is a dash. */
export function count(value) {
  if (value === null || value === undefined) return "—";
  return typeof value === "number" ? value.toLocaleString(locale) : value;
}

export function percent(share, digits = 1) {
  if (share === null || !Number.isFinite(share)) return "—";
  return `${(share * 100).toLocaleString(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits })} %`;
}

/* Seconds on foot as minutes, rounded up to a tenth so that 10:00.5 is never shown as within ten. */
export function minutes(seconds) {
  if (seconds === null || seconds === undefined) return "—";
  return text("minutes", { n: (Math.ceil(seconds / 6) / 10).toLocaleString(locale, { minimumFractionDigits: 1 }) });
}
