/* What the server knows, fetched once each; errors carry the server's own sentence. */

import { changeHeaders, goToLogin } from "./account.js";

const kept = new Map();

export class Refusal extends Error {
  constructor(problem) {
    super(document.body.dataset.language === "en" ? problem.detail_en : problem.detail);
    this.code = problem.code;
    this.status = problem.status;
    this.problem = problem;
  }
}

async function read(response) {
  if (response.ok) return response.json();
  let problem = { detail: response.statusText, detail_en: response.statusText, status: response.status };
  try {
    problem = await response.json();
  } catch (error) {
    // Not ours: the status text has to do.
  }
  goToLogin(problem);
  throw new Refusal(problem);
}

/* The answer of an address, asked once while the page is open. */
export function getJson(url) {
  if (!kept.has(url)) {
    const answer = fetch(url, { headers: { Accept: "application/json" } }).then(read);
    answer.catch(() => kept.delete(url));
    kept.set(url, answer);
  }
  return kept.get(url);
}

/* Ask anew next time. */
export function forget(url) {
  kept.delete(url);
}

/* An answer that is kept nowhere, for what somebody types or where somebody stands. */
export function askJson(url, signal) {
  return fetch(url, { headers: { Accept: "application/json" }, signal, cache: "no-store" }).then(read);
}

export function postJson(url, body, signal) {
  return fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json", ...changeHeaders() },
    body: JSON.stringify(body),
    signal,
    cache: "no-store",
  }).then(read);
}

/* `minutes:10:adult` or `metres:500` as the API takes it. */
export function readingQuery(reading) {
  const [kind, cutoff, profile] = reading.split(":");
  return kind === "metres" ? `metres=${cutoff}` : `minutes=${cutoff}&profile=${profile}`;
}

export function withReading(url, reading) {
  return `${url}${url.includes("?") ? "&" : "?"}${readingQuery(reading)}`;
}
