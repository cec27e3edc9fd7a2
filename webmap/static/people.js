/* The private number of somebody on duty, shown for a reason that is kept. */

import { postJson } from "./data.js";
import { element, fill } from "./dom.js";
import { text } from "./texts.js";

/* The ends of the number, and a form that asks why it should be shown. */
export function privateNumber(person, masked) {
  const box = element("span", { class: "private" }, masked);
  const button = element("button", { type: "button", class: "reveal" }, text("reveal"));
  button.addEventListener("click", () => askWhy(box, person, masked));
  box.append(button);
  return box;
}

function askWhy(box, person, masked) {
  const reason = element("input", { required: true, maxlength: "200", "aria-label": text("reveal.why"), placeholder: text("reveal.why") });
  const told = element("span", { role: "status" });
  const form = element("form", { class: "why" }, masked, reason, element("button", { type: "submit" }, text("reveal")), told);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const answer = await postJson(`/api/v1/people/${encodeURIComponent(person)}/phone`, { reason: reason.value });
      fill(box, answer.private_phone || "—");
    } catch (error) {
      fill(told, error.message);
    }
  });
  fill(box, form);
  reason.focus();
}
