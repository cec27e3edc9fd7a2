/* The letters that buildings are coloured by while planning, with those that change marked. */

import { latestAnswer } from "./planask.js";

/* The letters of an answer: + for a home newly within reach, - for one no longer, a space for the others. */
export function colour(answer) {
  const { bands, bands_before: before, status, version } = answer;
  let changes = "";
  for (let i = 0; i < bands.length; i++) {
    const is = bands[i] === "0" || bands[i] === "1";
    const was = before[i] === "0" || before[i] === "1";
    changes += is === was ? " " : is ? "+" : "-";
  }
  return { version, status, bands, changes };
}

/* Those of what is being tried; null before the first answer. */
export function latestColour() {
  const answer = latestAnswer();
  return answer ? colour(answer) : null;
}
