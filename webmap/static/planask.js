/* Asks what the edits change, one question at a time: while one is under way only the latest waits. */

import { postJson, readingQuery } from "./data.js";
import { byId } from "./dom.js";
import { currentEdits } from "./planedits.js";
import { state } from "./state.js";

let waiting = null;
let isBusy = false;
let latest = null;
const listeners = new Set();

/* Called with the answer, or with null and the error; and with when it was asked for. */
export function onAnswer(listener) {
  listeners.add(listener);
}

export function latestAnswer() {
  return latest;
}

/* A question as the API takes it, in the reading in force unless another is named. */
export function question(edits, reading = state.plan, service = state.service) {
  const query = Object.fromEntries(new URLSearchParams(readingQuery(reading)));
  return { edits, ...query, ...(service ? { service } : {}) };
}

export function askEffect(edits, reading) {
  return postJson("/api/v1/scenario", question(edits, reading));
}

export function ask() {
  waiting = { body: question(currentEdits()), since: performance.now() };
  byId("plan").setAttribute("aria-busy", "true");
  if (!isBusy) run();
}

async function run() {
  isBusy = true;
  while (waiting) {
    const { body, since } = waiting;
    waiting = null;
    let answer = null;
    let failure = null;
    try {
      answer = await postJson("/api/v1/scenario", body);
    } catch (error) {
      failure = error;
    }
    latest = answer;
    listeners.forEach((listener) => listener(answer, failure, since));
  }
  isBusy = false;
  byId("plan").setAttribute("aria-busy", "false");
}
