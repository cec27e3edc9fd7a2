/* What the planner has changed: a list of edits as scenarios keep them, with undo and redo. */

let edits = [];
let past = [];
let future = [];
let isDragging = false;
const listeners = new Set();

export function currentEdits() {
  return edits;
}

export function onEdits(listener) {
  listeners.add(listener);
}

export function canUndo() {
  return past.length > 0;
}

export function canRedo() {
  return future.length > 0;
}

/* Put another list in the place of this one; during a drag only its beginning is kept to go back to. */
function put(next) {
  if (!isDragging) {
    past.push(edits);
    future = [];
  }
  edits = next;
  listeners.forEach((listener) => listener());
}

export function undo() {
  if (!past.length) return;
  future.push(edits);
  edits = past.pop();
  listeners.forEach((listener) => listener());
}

export function redo() {
  if (!future.length) return;
  past.push(edits);
  edits = future.pop();
  listeners.forEach((listener) => listener());
}

/* Begin with a list that was kept elsewhere. */
export function loadEdits(list) {
  past = [];
  future = [];
  edits = list;
  listeners.forEach((listener) => listener());
}

export function addEdits(list) {
  put([...edits, ...list]);
}

export function dropEdit(edit) {
  put(edits.filter((other) => other !== edit));
}

export function clearEdits() {
  put([]);
}

/* From here to `endDrag` all places of a centre are one step of undo. */
export function beginDrag() {
  past.push(edits);
  future = [];
  isDragging = true;
}

export function endDrag() {
  isDragging = false;
}

/* The edit that says where a centre stands, be it new or moved; it stands last, where the server goes on from. */
export function placeCentre(id, { lat, lng }) {
  const old = edits.find((edit) => edit.id === id && (edit.do === "add_centre" || edit.do === "move_centre"));
  const place = { lon: round(lng), lat: round(lat) };
  const edit = old ? { ...old, ...place } : { do: "move_centre", id, ...place };
  put([...edits.filter((other) => other !== old), edit]);
}

export function addCentre(id, name, { lat, lng }) {
  put([...edits, { do: "add_centre", id, name, lon: round(lng), lat: round(lat) }]);
}

/* A centre that was added goes as if it had never been; one that stands is closed. */
export function removeCentre(id) {
  const isNew = edits.some((edit) => edit.do === "add_centre" && edit.id === id);
  const others = edits.filter((edit) => !isOfCentre(edit, id));
  put(isNew ? others : [...others, { do: "remove_centre", id }]);
}

/* A standing centre is again as it stands. */
export function restoreCentre(id) {
  put(edits.filter((edit) => !isOfCentre(edit, id)));
}

/* Open a gate that is closed and close one that is open; once more takes it back. */
export function toggleGate(id, isOpen) {
  const made = edits.find((edit) => edit.id === id && (edit.do === "open_gate" || edit.do === "close_gate"));
  if (made) dropEdit(made);
  else put([...edits, { do: isOpen ? "close_gate" : "open_gate", id }]);
}

function isOfCentre(edit, id) {
  return edit.id === id && edit.do.endsWith("_centre");
}

/* An id that neither the county nor the edits have. */
export function freshId(prefix, isTaken) {
  let number = 1;
  const has = (id) => isTaken(id) || edits.some((edit) => edit.id === id);
  while (has(`${prefix}${number}`)) number += 1;
  return { id: `${prefix}${number}`, number };
}

export function round(degrees) {
  return Math.round(degrees * 1e7) / 1e7;
}
