/* One box for names, addresses and numbers, with suggestions while somebody types (ARIA combobox). */

import { askJson } from "./data.js";
import { byId, element, fill } from "./dom.js";
import { forgetRecent, listRecent, remember } from "./recent.js";
import { hasText, language, text } from "./texts.js";

const WAIT_MS = 120;
const PLAIN = new Set(["exact", "prefix", "inner"]); // what is seen in the name itself needs no reason

export function startSearch(choose) {
  const input = byId("search");
  const list = byId("search-list");
  let found = [];
  let active = -1;
  let timer = 0;
  let asking = null;

  function close() {
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function mark(index) {
    active = found.length ? (index + found.length) % found.length : -1;
    [...list.querySelectorAll("[role=option]")].forEach((option, i) => {
      option.setAttribute("aria-selected", String(i === active));
      if (i === active) option.scrollIntoView({ block: "nearest" });
    });
    if (active >= 0) input.setAttribute("aria-activedescendant", `search-${active}`);
  }

  function pick(index) {
    const entry = found[index];
    if (!entry) return;
    input.value = entry.name;
    close();
    remember(entry);
    choose(entry);
  }

  function offer(entries) {
    found = entries;
    const options = entries.map((entry, i) =>
      element(
        "li",
        { id: `search-${i}`, role: "option", "aria-selected": "false", onpointerdown: (event) => event.preventDefault(), onclick: () => pick(i) },
        element("span", { class: "option-kind" }, hasText(`kind.${entry.kind}`) ? text(`kind.${entry.kind}`) : entry.kind),
        element("span", { class: "option-name" }, entry.name),
        element("span", { class: "option-where" }, entry.where),
        !entry.match || PLAIN.has(entry.match) ? null : element("span", { class: "option-where" }, entry.reason[language]),
      ),
    );
    fill(list, options.length ? options : element("li", { class: "option-none", role: "option", "aria-disabled": "true" }, text("search.none")));
    list.hidden = false;
    active = -1;
    input.setAttribute("aria-expanded", "true");
    input.removeAttribute("aria-activedescendant");
  }

  function offerRecent() {
    const entries = listRecent();
    if (!entries.length) {
      close();
      return;
    }
    offer(entries);
    const clear = () => {
      forgetRecent();
      close();
    };
    list.prepend(element("li", { class: "option-head", role: "presentation" }, text("search.recent")));
    list.append(
      element(
        "li",
        { class: "option-clear", role: "presentation", onpointerdown: (event) => event.preventDefault(), onclick: clear },
        text("search.forget"),
      ),
    );
  }

  async function ask() {
    if (asking) asking.abort();
    const query = input.value.trim();
    if (!query) {
      offerRecent();
      return;
    }
    asking = new AbortController();
    try {
      offer((await askJson(`/api/v1/search?q=${encodeURIComponent(query)}`, asking.signal)).results);
    } catch (error) {
      if (error.name !== "AbortError") close();
    }
  }

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT_MS);
  });
  input.addEventListener("focus", ask);
  input.addEventListener("blur", close);
  input.addEventListener("keydown", async (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) await ask();
      mark(active + (event.key === "ArrowDown" ? 1 : active < 0 ? 0 : -1));
    } else if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      if (list.hidden || active < 0) {
        clearTimeout(timer);
        await ask();
      }
      pick(Math.max(active, 0));
    } else if (event.key === "Escape") {
      close();
    }
  });
}
