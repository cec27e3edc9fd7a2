/* Who is logged in: the token that every change bears, and the way to the login when a session is over. */

/* Whether the reader has a capability: what is not offered is neither shown nor asked for. */
export function may(capability) {
  return !capability || (document.body.dataset.may || "").split(" ").includes(capability);
}

/* Whether the account counts people in some areas alone. */
export function isScoped() {
  return document.body.dataset.scoped === "true";
}

/* The token of this page, which a foreign page cannot read. */
export function changeHeaders() {
  return { "X-CSRFToken": document.querySelector('meta[name="csrf-token"]')?.content || "" };
}

/* Send the reader to the login and back here when an answer says that a login is needed. */
export function goToLogin(problem) {
  if (problem.code !== "LoginNeededError") return;
  const here = location.pathname + location.search;
  location.assign(`/login?${new URLSearchParams({ lang: document.body.dataset.language || "zh", next: here })}`);
}
