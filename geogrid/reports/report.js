/* The map of a stand-alone report: it draws what stands in the page as data, and shows it as text. */
(() => {
  "use strict";
  const data = JSON.parse(document.getElementById("report-data").textContent);
  const { map } = window.geogridReport;
  const { colours, texts } = data;

  const [west, south, east, north] = data.bounds;
  map.fitBounds([[south, west], [north, east]]);
  const canvas = L.canvas({ padding: 0.3 });

  function element(name, content) {
    const made = document.createElement(name);
    if (content !== undefined) made.textContent = content;
    return made;
  }

  function card(lines) {
    const box = element("div");
    box.className = "report-card";
    lines.filter(Boolean).forEach((line, number) => box.append(element(number ? "p" : "strong", line)));
    return box;
  }

  function fill(layer, style) {
    return L.geoJSON(layer, { renderer: canvas, interactive: false, ...style });
  }

  fill(data.ground, { style: { stroke: false, fillColor: "#f7f5f0", fillOpacity: 1 } }).addTo(map);
  fill(data.water, { style: { stroke: false, fillColor: "#cfe3ec", fillOpacity: 1 } }).addTo(map);
  fill(data.street, { style: { color: "#cfc8bd", weight: 1.4 } }).addTo(map);
  fill(data.homes, {
    interactive: true,
    style: ({ properties }) => ({ stroke: false, fillColor: colours[properties.status], fillOpacity: 0.95 }),
    onEachFeature: ({ properties }, layer) =>
      layer.bindPopup(() =>
        card([
          properties.name || properties.id,
          texts[properties.status],
          properties.minutes === null ? null : `${texts.walk} ${properties.minutes.toFixed(1)} ${texts.minutes}`,
          properties.centre ? `${texts.nearest} ${properties.centre}` : null,
        ]),
      ),
  }).addTo(map);
  fill(data.areas, { style: { color: "#5a5148", weight: 1.4, dashArray: "6 4", fill: false } }).addTo(map);
  const gaps = L.geoJSON(data.gaps, {
    style: { color: "#8f3300", weight: 1.6, fillColor: "#d55e00", fillOpacity: 0.12 },
    onEachFeature: ({ properties }, layer) => layer.bindPopup(() => card(properties.lines)),
  }).addTo(map);
  data.centres.forEach(({ lon, lat, name }) =>
    L.circleMarker([lat, lon], { radius: 5, color: "#ffffff", weight: 1.5, fillColor: "#1f3a5f", fillOpacity: 1 })
      .bindPopup(() => card([name, texts.centre]))
      .addTo(map),
  );

  document.querySelectorAll("button[data-gap]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => {
      gaps.eachLayer((layer) => {
        if (layer.feature.properties.id !== button.dataset.gap) return;
        document.getElementById("map").scrollIntoView({ behavior: "auto", block: "center" });
        map.fitBounds(layer.getBounds(), { maxZoom: 17, padding: [60, 60] });
        layer.openPopup();
      });
    });
  });
})();
