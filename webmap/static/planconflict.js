/* Somebody else kept another version of a scenario: both are told in words, and the planner chooses. */

import { element, fill } from "./dom.js";
import { text } from "./texts.js";

/* `choices` is label key -> what it does; each is run by `attempt`, which tells what goes wrong. */
export function offerChoice(box, { theirs, yours }, choices, attempt) {
  box.className = "refusal plan-conflict";
  fill(
    box,
    element("span", {}, theirs ? text("plan.conflict", { ...theirs, n: theirs.edits.length }) : text("plan.conflict.gone")),
    yours ? element("span", {}, text("plan.conflict.yours", { n: yours.edits.length })) : null,
    ...Object.entries(choices).map(([key, act]) => element("button", { type: "button", class: "small", "data-choice": key, onclick: () => attempt(act) }, text(key))),
  );
  box.querySelector("button")?.focus();
}
