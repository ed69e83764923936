// From weights to colours, in the map of the theme: 0 is its first colour, the upper end and above its last.

const root = document.documentElement;
const MAPS = { light: "viridis", dark: "inferno" };
const systemIsDark = matchMedia("(prefers-color-scheme: dark)");
const tables = Object.fromEntries(Object.entries(data.colour_maps).map(([name, text]) => [name, colours(text)]));

function colours(text) {
  return Uint32Array.from(text.match(/.{6}/g), (colour) => parseInt(colour, 16));
}

function theme() {
  return root.dataset.theme;
}

function token(name) {
  return getComputedStyle(root).getPropertyValue(`--${name}`).trim();
}

// Paints one pixel for each cell; the canvas is stretched by the style sheet.
function paintCells(canvas, map, upper) {
  const table = tables[MAPS[theme()]];
  const marks = ["masked", "not-a-number", "infinite"].map((name) => parseInt(token(name).slice(1), 16));
  canvas.width = map.columns;
  canvas.height = map.rows;
  const context = canvas.getContext("2d");
  const image = context.createImageData(map.columns, map.rows);
  map.values.forEach((weight, place) => {
    const row = Math.floor(place / map.columns);
    let colour = table[Math.round(Math.min(Math.max(weight / upper, 0), 1) * 255)];
    if (isMasked(map, row, place % map.columns)) colour = marks[0];
    else if (Number.isNaN(weight)) colour = marks[1];
    else if (!Number.isFinite(weight)) colour = marks[2];
    image.data.set([colour >> 16, (colour >> 8) & 255, colour & 255, 255], 4 * place);
  });
  context.putImageData(image, 0, 0);
}

function paintBar(canvas) {
  const values = Float64Array.from({ length: 256 }, (_, place) => 1 - place / 255);
  paintCells(canvas, { rows: 256, columns: 1, values, masked: false }, 1);
}

// Black or white, whichever can be read on the colour of a weight.
function inkOn(weight, upper) {
  const colour = tables[MAPS[theme()]][Math.round(Math.min(Math.max(weight / upper, 0), 1) * 255)];
  const bright = 0.299 * (colour >> 16) + 0.587 * ((colour >> 8) & 255) + 0.114 * (colour & 255);
  return bright > 140 ? "#000000" : "#ffffff";
}

function followSystem() {
  if (!root.dataset.theme) root.dataset.theme = systemIsDark.matches ? "dark" : "light";
}
