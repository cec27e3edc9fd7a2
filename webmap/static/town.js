/* The map, its layer control and its groups, as Folium's script hands them over. */

export const town = { map: null, control: null, groups: [] };

export function registerMap(parts) {
  Object.assign(town, parts);
}

export function groupNamed(name) {
  return town.groups.find((group) => group.name === name);
}
