/* How everything on the map is drawn: one palette, safe for the usual colour-vision deficiencies. */

export const colours = {
  paper: "#fbfaf6",
  water: "#cfe3ec",
  street: "#ffffff",
  streetEdge: "#ddd8cc",
  extentEdge: "#c9c2b2",
  path: "#cfc8b8",
  other: "#dedad0",
  covered: "#3f9e8f",
  notCovered: "#d55e00",
  unanswered: "#8b8f96",
  buildingEdge: "rgba(34, 49, 58, 0.45)",
  doubt: "#f0e442",
  ink: "#22313a",
};

/* The status of a home as the API codes it, one letter a building. */
export const statusFill = {
  c: colours.covered,
  n: colours.notCovered,
  u: colours.unanswered,
  "-": colours.other,
};

/* Homes that what is being tried would bring within reach (+), or put out of it (-). */
export const changeFill = { "+": "#0b4fb3", "-": "#b0127b" };

/* Walking time against the cutoff: up to half of it, the whole, one and a half, twice, more. */
export const bandFill = {
  0: "#1d7467",
  1: "#7cc0b1",
  2: "#f3b988",
  3: "#d9701f",
  4: "#8f3300",
  u: colours.unanswered,
  "-": colours.other,
};

const line = (colour, weight, more = {}) => ({
  color: colour,
  weight,
  fillColor: colour,
  fillOpacity: 0,
  opacity: 1,
  lineJoin: "round",
  ...more,
});

export const areaStyles = {
  district: line("#3c4f8f", 2, { opacity: 0.85, className: "area-district" }),
  community: line("#8a3b6b", 1.8, { dashArray: "7 4", opacity: 0.9, className: "area-community" }),
  grid: line("#5d6b73", 1, { opacity: 0.8 }),
  beat: line("#1c5fa8", 2.2, { dashArray: "2 5", lineCap: "round" }),
  compound: line("#6d5a2f", 1.4, { fillOpacity: 0.06 }),
  gap: { color: "#b34a00", weight: 1.6, fillColor: "url(#gap-hatch)", fillOpacity: 1 },
  centre_footprint: line("#16324f", 1.2, { fillOpacity: 0.25 }),
  isochrone: line("#1d7467", 1, { fillOpacity: 0.1, opacity: 0.7 }),
  catchment: line("#ffffff", 1.4, { fillOpacity: 0.32 }),
};

/* Fills of neighbouring catchments: light, of similar weight, told apart by hue and lightness. */
export const catchmentFills = ["#4e79a7", "#f1ce63", "#76b7b2", "#b07aa1", "#a0cbe8", "#d4a6c8", "#8cd17d", "#ffbe7d"];

/* Of faults in the data, gravest first. */
export const findingColours = { error: "#c1272d", warning: "#e69f00", note: "#0072b2" };

/* The zoom from which the names of a layer are shown, and which of two colliding names stays. */
export const nameStyles = {
  community: { minZoom: 12.5, rank: 0 },
  district: { minZoom: 13.5, rank: 1 },
  beat: { minZoom: 14, rank: 2 },
  compound: { minZoom: 16, rank: 3 },
  grid: { minZoom: 15, rank: 4 },
};

/* Streets: width on the ground and the least width on the screen (px), by class. */
export const streetStyles = {
  trunk: { width_m: 14, least: 2.4 },
  primary: { width_m: 13, least: 2.2 },
  secondary: { width_m: 11, least: 1.8 },
  tertiary: { width_m: 9, least: 1.3 },
  residential: { width_m: 6.5, least: 0.7 },
  path: { width_m: 2.5, least: 0.5, minZoom: 15.5 },
};

const pathClasses = new Set(["footway", "path", "steps", "pedestrian", "cycleway", "track", "corridor", "bridleway"]);

/* The entry of `streetStyles` for a street's class. */
export function streetKind(name) {
  const plain = (name || "").replace(/_link$/, "");
  if (pathClasses.has(plain)) return "path";
  return plain in streetStyles ? plain : "residential";
}
