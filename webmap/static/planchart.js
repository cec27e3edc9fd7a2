/* The curve of a siting study: people newly reached by the best one, two, … sites; a small drawing of its own. */

import { count, text } from "./texts.js";

const [WIDE, HIGH] = [340, 132];
const [LEFT, RIGHT, TOP, FOOT] = [8, 44, 16, 22];
const SPACE = "http://www.w3.org/2000/svg";

function shape(tag, attributes, words) {
  const made = document.createElementNS(SPACE, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (words !== undefined) made.textContent = words;
  return made;
}

/* The points of the curve { k, value, gained }, with the number asked for marked, and the bend where there is one. */
export function makeCurve(curve, k, knee) {
  const most = Math.max(1, ...curve.map(({ value }) => value));
  const last = Math.max(2, ...curve.map((point) => point.k));
  const x = (n) => LEFT + ((WIDE - LEFT - RIGHT) * n) / last;
  const y = (value) => HIGH - FOOT - ((HIGH - TOP - FOOT) * value) / most;
  const points = [{ k: 0, value: 0 }, ...curve];
  const chart = shape("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, class: "plan-curve", role: "img" });
  const told = curve.find((point) => point.k === k) || curve[curve.length - 1];
  chart.append(
    shape("title", {}, text("plan.curve.told", { k: told.k, n: count(told.value), last: curve[curve.length - 1].k, most: count(most) })),
    shape("line", { x1: LEFT, x2: WIDE - RIGHT, y1: y(0), y2: y(0), class: "axis" }),
    shape("polyline", { points: points.map((point) => `${x(point.k)},${y(point.value)}`).join(" "), class: "line" }),
  );
  for (const point of curve) {
    const isChosen = point.k === told.k;
    chart.append(shape("circle", { cx: x(point.k), cy: y(point.value), r: isChosen ? 5 : 2.6, class: isChosen ? "chosen" : point.k === knee ? "knee" : "dot" }));
    if (point.k === 1 || point.k % 5 === 0 || isChosen) {
      chart.append(shape("text", { x: x(point.k), y: HIGH - 7, class: "tick", "text-anchor": "middle" }, String(point.k)));
    }
  }
  const isLast = told.k === last;
  if (!isLast) chart.append(shape("text", { x: x(told.k), y: y(told.value) - 8, class: "value", "text-anchor": told.k < 3 ? "start" : "middle" }, `+${count(told.value)}`));
  chart.append(shape("text", { x: WIDE - RIGHT + 5, y: y(most) + 4, class: "value" }, `+${count(most)}`));
  return chart;
}
