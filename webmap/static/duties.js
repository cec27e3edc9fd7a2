/* Who answers for a place: the five tiers, the police, others; who may call sees whom, everybody sees the posts. */

import { element } from "./dom.js";
import { privateNumber } from "./people.js";
import { language, text } from "./texts.js";

export function duties(match, { on, sees_people: seesPeople }) {
  return element(
    "section",
    { class: "duties" },
    match.duties.length
      ? match.duties.map((section) => [
          element("h3", {}, section.title[language]),
          element("dl", { class: "posts" }, section.roles.map((role) => post(role, seesPeople))),
        ])
      : [element("h3", {}, text("duties.title")), element("p", { class: "none" }, text("duties.none"))],
    element(
      "p",
      { class: "note" },
      text("duties.on", { on }),
      seesPeople ? null : element("a", { href: `/login?lang=${language}` }, text("duties.log_in")),
    ),
  );
}

function post({ title, role, holders, vacant }, seesPeople) {
  const shown = seesPeople ? holders.map(person) : grouped(holders);
  const gaps = vacant.map((sentence) => element("p", { class: "vacant" }, sentence[language]));
  const nobody = !shown.length && !gaps.length ? element("span", { class: "none" }, text("duties.unset")) : null;
  return element("div", {}, element("dt", {}, title[language] || role), element("dd", {}, shown, gaps, nobody));
}

function person(told) {
  return element(
    "p",
    { class: "holder" },
    element("strong", {}, told.name || text("duties.out_of_scope")),
    phone(told.duty_phone),
    element("small", {}, [told.feature_name, told.unit].filter(Boolean).join(" · ")),
    told.private_phone ? privateNumber(told.person, told.private_phone) : null,
  );
}

/* Without names: each post once, with how many hold it, and the phones that are marked public. */
function grouped(holders) {
  const posts = new Map();
  for (const told of holders) {
    const found = posts.get(told.feature) || { name: told.feature_name, n: 0, phones: [] };
    found.n += 1;
    if (told.duty_phone) found.phones.push(told.duty_phone);
    posts.set(told.feature, found);
  }
  return [...posts.values()].map(({ name, n, phones }) =>
    element("p", { class: "holder" }, element("span", {}, name, n > 1 ? ` × ${n}` : null), phones.map(phone)),
  );
}

function phone(number) {
  if (!number) return null;
  return element("a", { class: "phone", href: `tel:${number.replace(/[^0-9+]/g, "")}` }, number);
}
