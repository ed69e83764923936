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
  const [masked, notANumber, infinite] = ["masked", "not-a-number", "infinite"].map(mark);
  canvas.width = map.columns;
  canvas.height = map.rows;
  const context = canvas.getContext("2d");
  const image = context.createImageData(map.columns, map.rows);
  const pixels = new DataView(image.data.buffer);
  for (let row = 0, place = 0; row < map.rows; row++) {
    for (let column = 0; column < map.columns; column++, place++) {
      const weight = map.values[place];
      let colour = masked;
      if (!isMasked(map, row, column)) {
        colour = Number.isFinite(weight) ? table[level(weight, upper)] : Number.isNaN(weight) ? notANumber : infinite;
      }
      pixels.setUint32(4 * place, ((colour << 8) | 255) >>> 0); // red, green, blue, opaque
    }
  }
  context.putImageData(image, 0, 0);
}

// Which of the 256 colours of a map.
function level(weight, upper) {
  return Math.round(Math.min(Math.max(weight / upper, 0), 1) * 255);
}

// The colour of a mark, read from the style sheet once for each theme.
const marks = new Map();

function mark(name) {
  const key = `${theme()} ${name}`;
  if (!marks.has(key)) marks.set(key, parseInt(token(name).slice(1), 16));
  return marks.get(key);
}

function paintBar(canvas) {
  const values = Float64Array.from({ length: 256 }, (_, place) => 1 - place / 255);
  paintCells(canvas, { rows: 256, columns: 1, values, masked: false }, 1);
}

// Black or white, whichever can be read on the colour of a weight.
function inkOn(weight, upper) {
  const colour = tables[MAPS[theme()]][level(weight, upper)];
  const bright = 0.299 * (colour >> 16) + 0.587 * ((colour >> 8) & 255) + 0.114 * (colour & 255);
  return bright > 140 ? "#000000" : "#ffffff";
}

function followSystem() {
  if (!root.dataset.theme) root.dataset.theme = systemIsDark.matches ? "dark" : "light";
}
