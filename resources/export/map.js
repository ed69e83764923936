// One head, large: tokens on both axes, a colour bar, and the cell that the mouse or the keyboard is at.

const LARGEST_CELL = { solo: 110, beside: 64 };
const READABLE = 11; // pixels of a label
const BAR_SPACE = 78;
const LONGEST_TOKEN = 130;
const NUMBERS_FROM = 36;

// Draws the map into the space there is; returns where it lies: { left, top, cell, bottom }.
function drawMap(map, upper, withNumbers) {
  const svg = byId("drawing");
  svg.replaceChildren();
  const layout = layOut(map);
  svg.setAttribute("width", layout.width);
  svg.setAttribute("height", layout.height);
  place(byId("cells"), layout.left, layout.top, map.columns * layout.cell, map.rows * layout.cell);
  paintCells(byId("cells"), map, upper);
  drawMarks(svg, map, layout);
  drawAxes(svg, map, layout);
  drawBar(svg, layout, upper, map);
  if (withNumbers && layout.cell >= NUMBERS_FROM) drawNumbers(svg, map, layout, upper);
  return layout;
}

function layOut(map) {
  const room = byId("map").clientWidth;
  const high = Math.max(320, innerHeight - 260);
  const largest = LARGEST_CELL[main.classList.contains("solo") ? "solo" : "beside"];
  const rough = Math.min(largest, (room - 200) / map.columns, high / map.rows);
  const size = Math.min(12, Math.max(rough, READABLE) * 0.9);
  const queries = axis(map.queries, size, rough);
  const keys = axis(map.keys, size, rough);
  const slant = keys.extent <= rough * keys.every - 4 ? 0 : rough * keys.every >= size * 1.7 ? -45 : -90;
  const overhang = slant === -45 ? keys.extent * Math.SQRT1_2 - rough / 2 : 0;
  const left = Math.ceil(26 + Math.max(queries.extent + 10, overhang));
  const fitting = Math.min(largest, (room - left - BAR_SPACE) / map.columns, high / map.rows);
  const cell = fitting >= 4 ? Math.floor(fitting) : 4;
  const depth = slant === 0 ? size : slant === -90 ? keys.extent : (keys.extent + size) * Math.SQRT1_2;
  const top = 6;
  const bottom = top + map.rows * cell;
  const height = Math.ceil(bottom + 10 + depth + 24);
  return { left, top, cell, bottom, size, queries, keys, slant, height, right: left + map.columns * cell, width: left + map.columns * cell + BAR_SPACE };
}

// The labels of an axis, and how many tokens share one where there is no room for each.
function axis(tokens, size, cell) {
  const labels = tokens.map((text) => elided(text, size, LONGEST_TOKEN));
  const every = Math.max(1, Math.ceil(READABLE / cell));
  return { labels, every, extent: Math.max(0, ...labels.map((text) => textWidth(text, size))) };
}

function place(node, left, top, width, height) {
  Object.assign(node.style, { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` });
}

function drawMarks(svg, map, { left, top, cell }) {
  const pattern = shape("pattern", { id: "hatch", width: 6, height: 6, patternUnits: "userSpaceOnUse" }, shape("defs", {}, svg));
  shape("path", { d: "M-1 7L7-1M-1 1L1-1M5 7L7 5", "stroke-width": 1 }, pattern);
  let hidden = "";
  map.values.forEach((weight, at) => {
    const row = Math.floor(at / map.columns);
    const column = at % map.columns;
    const [x, y] = [left + column * cell, top + row * cell];
    if (isMasked(map, row, column)) hidden += `M${x} ${y}h${cell}v${cell}h${-cell}z`;
    else if (!Number.isFinite(weight)) {
      shape("rect", { x, y, width: cell, height: cell, class: "masked" }, svg);
      const cross = `M${x} ${y}l${cell} ${cell}M${x} ${y + cell}l${cell} ${-cell}`;
      shape("path", { d: cross, class: Number.isNaN(weight) ? "nan" : "infinite" }, svg);
    }
  });
  if (hidden) {
    shape("path", { d: hidden, class: "masked" }, svg);
    shape("path", { d: hidden, class: "hatched" }, svg);
  }
  shape("rect", { x: left - 0.5, y: top - 0.5, width: map.columns * cell + 1, height: map.rows * cell + 1, class: "frame" }, svg);
}

function drawAxes(svg, map, layout) {
  const { left, top, bottom, cell, size, queries, keys, slant, height } = layout;
  for (let row = 0; row < map.rows; row += queries.every) {
    const y = top + (row + 0.5) * cell;
    const text = shape("text", { x: left - 8, y: y + size * 0.35, "text-anchor": "end", "font-size": size, "data-row": row }, svg, queries.labels[row]);
    shape("title", {}, text, map.queries[row]);
  }
  for (let column = 0; column < map.columns; column += keys.every) {
    const x = left + (column + 0.5) * cell;
    shape("path", { d: `M${x} ${bottom}v4`, class: "tick" }, svg);
    const at = slant === 0 ? [x, bottom + 8 + size * 0.8] : slant === -90 ? [x + size * 0.35, bottom + 8] : [x + size * 0.25, bottom + 8 + size * 0.25];
    const attributes = { x: at[0], y: at[1], "text-anchor": slant ? "end" : "middle", "font-size": size, "data-column": column };
    if (slant) attributes.transform = `rotate(${slant} ${at[0]} ${at[1]})`;
    const text = shape("text", attributes, svg, keys.labels[column]);
    shape("title", {}, text, map.keys[column]);
  }
  const middle = top + (map.rows * cell) / 2;
  shape("text", { x: 12, y: middle, class: "name", "text-anchor": "middle", transform: `rotate(-90 12 ${middle})` }, svg, map.rows * cell < 90 ? "query" : `query (${map.title.axes[0]})`);
  shape("text", { x: left + (map.columns * cell) / 2, y: height - 4, class: "name", "text-anchor": "middle" }, svg, `key (${map.title.axes[1]})`);
}

function drawBar(svg, { right, top, bottom, cell }, upper, map) {
  const x = right + 18;
  const high = bottom - top;
  place(byId("colour_bar"), x, top, 12, high);
  paintBar(byId("colour_bar"));
  shape("rect", { x: x - 0.5, y: top - 0.5, width: 13, height: high + 1, class: "frame" }, svg);
  const parts = high >= 120 ? 5 : high >= 50 ? 2 : 1;
  const clipped = map.values.some((weight) => weight > upper * (1 + 1e-9));
  for (let part = 0; part <= parts; part++) {
    const y = bottom - (high * part) / parts;
    const number = ((upper * part) / parts).toPrecision(2);
    const text = (part === parts && clipped ? "≥" : "") + (part ? String(Number(number)) : "0");
    shape("path", { d: `M${x + 12} ${y}h4`, class: "tick" }, svg);
    shape("text", { x: x + 19, y: y + 4, class: "level" }, svg, text);
  }
  if (high < 110) return;
  const middle = (top + bottom) / 2;
  shape("text", { x: x + 54, y: middle, class: "name", "text-anchor": "middle", transform: `rotate(-90 ${x + 54} ${middle})` }, svg, "attention weight");
}

function drawNumbers(svg, map, { left, top, cell }, upper) {
  map.values.forEach((weight, at) => {
    const row = Math.floor(at / map.columns);
    const column = at % map.columns;
    if (!(weight >= 0.005) || !Number.isFinite(weight) || isMasked(map, row, column)) return;
    const [x, y] = [left + (column + 0.5) * cell, top + (row + 0.5) * cell + 4];
    const text = shape("text", { x, y, "text-anchor": "middle", "font-size": Math.min(12, cell * 0.3) }, svg, weight.toFixed(2));
    text.style.fill = inkOn(weight, upper);
  });
}

// Frames the cell and stresses its two tokens; null takes that away.
function drawCursor({ left, top, cell }, at, held) {
  const svg = byId("drawing");
  svg.querySelectorAll(".cursor, .cursor_edge").forEach((node) => node.remove());
  svg.querySelectorAll(".query, .key").forEach((node) => node.classList.remove("query", "key"));
  if (!at) return;
  const box = { x: left + at.column * cell, y: top + at.row * cell, width: cell, height: cell };
  shape("rect", { ...box, class: held ? "cursor_edge held" : "cursor_edge" }, svg);
  shape("rect", { ...box, class: held ? "cursor held" : "cursor" }, svg);
  svg.querySelector(`[data-row="${at.row}"]`)?.classList.add("query");
  svg.querySelector(`[data-column="${at.column}"]`)?.classList.add("key");
}
