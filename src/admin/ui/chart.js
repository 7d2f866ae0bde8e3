// Small drawings of numbers over time: SVG, no library. Colours come from the style sheet.
import { h, svg } from "./dom.js";
import { number } from "./text.js";

function points(values, width, height, most) {
  const step = width / Math.max(1, values.length - 1);
  return values.map((value, i) => `${(i * step).toFixed(1)},${(height - (value / most) * height).toFixed(1)}`);
}

function drawing(values, width, height, most, label) {
  const image = svg("svg", { viewBox: `0 -2 ${width} ${height + 4}`, preserveAspectRatio: "none", class: "chart", role: "img", "aria-label": label });
  if (values.length > 1) {
    const line = points(values, width, height, most);
    image.append(svg("polygon", { points: `0,${height} ${line.join(" ")} ${width},${height}` }), svg("polyline", { points: line.join(" "), "vector-effect": "non-scaling-stroke" }));
  } else {
    image.append(svg("polyline", { points: `0,${height} ${width},${height}`, "vector-effect": "non-scaling-stroke" }));
  }
  return image;
}

/// In a line of a table.
export const sparkline = (values, label) => drawing(values.slice(-40), 100, 24, Math.max(1, ...values), label);

const rounded = (value) => number(value >= 10 ? Math.round(value) : Math.round(value * 10) / 10);

/// With its title, its newest value and its highest.
export function chart(title, values, unit) {
  const newest = values.at(-1);
  const most = Math.max(0, ...values);
  return h("figure", { class: "card" }, h("figcaption", {}, title),
    h("strong", { class: "figure" }, newest === undefined ? "–" : rounded(newest), h("small", {}, ` ${unit}`)),
    drawing(values, 300, 64, Math.max(1, most), `${title}: now ${rounded(newest ?? 0)}, at most ${rounded(most)} ${unit}`),
    h("small", { class: "muted" }, values.length > 1 ? `at most ${rounded(most)} in the last minutes` : "the line begins in a few seconds"));
}
