// The state of the page, what the reader does to it, and what follows from that.

const byId = (id) => document.getElementById(id);
const heads = allHeads();
const state = {
  index: 0,
  head: heads.find((head) => sameHead(head, data.head)) ?? heads[0],
  cell: null, // { row, column }
  held: false, // whether the cell stays when the mouse moves on
  playing: null, // the timer
};
const main = document.querySelector("main");
let layout = null;
let map = null;

followSystem();
systemIsDark.addEventListener("change", () => {
  root.dataset.theme = systemIsDark.matches ? "dark" : "light";
  show();
});
byId("theme_switch").addEventListener("click", () => {
  root.dataset.theme = theme() === "dark" ? "light" : "dark";
  show();
});

const tiles = buildAtlas(byId("atlas"), chooseHead, () => setSolo(true));
byId("scale").options[0].textContent = `0 to ${data.upper}`;
byId("numbers").checked = data.numbers;
byId("scale").addEventListener("change", showHead);
byId("numbers").addEventListener("change", showHead);
byId("solo").addEventListener("click", () => setSolo(!main.classList.contains("solo")));
addEventListener("resize", showHead);

if (data.steps.length > 1) {
  byId("steps").hidden = byId("steps_help").hidden = false;
  byId("slider").max = data.steps.length - 1;
  byId("slider").addEventListener("input", () => goTo(Number(byId("slider").value)));
  byId("back").addEventListener("click", () => goTo(state.index - 1));
  byId("forward").addEventListener("click", () => goTo(state.index + 1));
  byId("play").addEventListener("click", () => (state.playing ? pause() : play()));
}

function show() {
  const step = data.steps[state.index];
  const steps = data.steps;
  byId("step_label").textContent = `step ${step.step.toLocaleString("en")}`;
  byId("slider").value = state.index;
  byId("slider").setAttribute("aria-valuetext", `step ${step.step}`);
  byId("range").textContent = `${state.index + 1} of ${steps.length}, steps ${steps[0].step} to ${steps.at(-1).step}`;
  showAtlas(tiles, state.index, state.head, data.upper);
  showPredictions(byId("predictions"), state.index);
  showHead();
}

function showHead() {
  map = headAt(state.index, state.head);
  if (state.cell && (state.cell.row >= map.rows || state.cell.column >= map.columns)) releaseCell();
  byId("head_title").textContent = label(state.head);
  layout = drawMap(map, upperEnd(), byId("numbers").checked);
  showCell();
  showCaption();
}

function upperEnd() {
  if (byId("scale").value === "fixed") return data.upper;
  const largest = map.values.reduce((most, weight) => (Number.isFinite(weight) ? Math.max(most, weight) : most), 0);
  return largest > 0 ? largest : data.upper;
}

function showCaption() {
  const step = data.steps[state.index];
  const probe = probeOf(state.index);
  const { kind, layer, number } = state.head;
  const facts = [`${kind} layer ${layer}, head ${number}`, `step ${step.step.toLocaleString("en")}`, `seed ${data.seed}`, step.mode];
  if (data.run) facts.push(`run ${data.run}`);
  byId("caption").textContent = facts.join(" · ");
  const wanted = probe.wanted ? ` → “${probe.wanted}”` : "";
  byId("sentence").textContent = `${probe.origin ? `${probe.origin}: ` : ""}“${probe.sentence}”${wanted}`;
  byId("map").setAttribute("aria-label", `${label(state.head)} at step ${step.step}: ${strongest()}. Arrow keys read the cells.`);
}

function strongest() {
  let best = 0;
  map.values.forEach((weight, at) => {
    if (weight > map.values[best] || Number.isNaN(map.values[best])) best = at;
  });
  const [row, column] = [Math.floor(best / map.columns), best % map.columns];
  return `largest weight ${map.values[best].toFixed(2)}, query ${map.queries[row]} on key ${map.keys[column]}`;
}

function showCell() {
  drawCursor(layout, state.cell, state.held);
  const readout = byId("readout");
  readout.replaceChildren();
  if (!state.cell) {
    readout.textContent = "Point at a cell to read its weight; click to hold it.";
    return;
  }
  const { row, column } = state.cell;
  const weight = map.values[row * map.columns + column];
  const parts = [
    ["query", `${row} ${map.queries[row]}`],
    ["key", `${column} ${map.keys[column]}`],
    ["weight", isMasked(map, row, column) ? "masked" : Number.isFinite(weight) ? weight.toFixed(4) : String(weight)],
    ["row entropy", `${entropy(map, row).toFixed(2)} nats`],
  ];
  parts.forEach(([name, value], number) => {
    readout.append(number ? " · " : "", `${name} `);
    element("b", { textContent: value }, readout);
  });
  if (state.held) readout.append(" · held (Esc lets go)");
}

function chooseHead(head) {
  state.head = head;
  releaseCell();
  markTile(tiles, head);
  showHead();
}

function releaseCell() {
  state.cell = null;
  state.held = false;
}

function setSolo(alone) {
  main.classList.toggle("solo", alone);
  byId("solo").setAttribute("aria-pressed", alone);
  byId("solo").textContent = alone ? "all heads" : "enlarge";
  showHead();
  if (alone) byId("map").focus({ preventScroll: true });
  else tiles.find(({ head }) => sameHead(head, state.head)).button.focus();
}

function goTo(index) {
  state.index = Math.min(Math.max(index, 0), data.steps.length - 1);
  show();
}

function play() {
  if (state.index === data.steps.length - 1) goTo(0);
  byId("play").classList.add("playing");
  byId("play").setAttribute("aria-label", "Pause");
  state.playing = setInterval(() => {
    goTo(state.index + 1);
    if (state.index === data.steps.length - 1) pause();
  }, 150);
}

function pause() {
  clearInterval(state.playing);
  state.playing = null;
  byId("play").classList.remove("playing");
  byId("play").setAttribute("aria-label", "Play");
}

function cellAt(event) {
  const box = byId("drawing").getBoundingClientRect();
  const column = Math.floor((event.clientX - box.left - layout.left) / layout.cell);
  const row = Math.floor((event.clientY - box.top - layout.top) / layout.cell);
  return row >= 0 && row < map.rows && column >= 0 && column < map.columns ? { row, column } : null;
}

byId("map").addEventListener("pointermove", (event) => {
  if (state.held) return;
  const at = cellAt(event);
  if (at?.row === state.cell?.row && at?.column === state.cell?.column) return;
  state.cell = at;
  showCell();
});
byId("map").addEventListener("pointerleave", () => {
  if (state.held) return;
  state.cell = null;
  showCell();
});
byId("map").addEventListener("click", (event) => {
  const at = cellAt(event);
  const again = state.held && at?.row === state.cell.row && at?.column === state.cell.column;
  state.cell = at;
  state.held = Boolean(at) && !again;
  showCell();
});
byId("map").addEventListener("keydown", (event) => {
  const move = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
  if (!move || event.altKey || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  event.stopPropagation();
  const { row, column } = state.cell ?? { row: -Math.min(move[0], 0), column: -Math.min(move[1], 0) };
  const from = state.cell ? move : [0, 0];
  state.cell = { row: clamp(row + from[0], map.rows), column: clamp(column + from[1], map.columns) };
  state.held = true;
  showCell();
});

function clamp(value, count) {
  return Math.min(Math.max(value, 0), count - 1);
}

addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const inField = event.target.matches?.("input, select");
  const onButton = event.target.matches?.("button, summary");
  if (event.key === "Escape") letGo();
  else if (event.key === ",") goTo(state.index - 1);
  else if (event.key === ".") goTo(state.index + 1);
  else if (inField || data.steps.length === 1) return;
  else if (event.key === "ArrowLeft") goTo(state.index - (event.shiftKey ? 10 : 1));
  else if (event.key === "ArrowRight") goTo(state.index + (event.shiftKey ? 10 : 1));
  else if (event.key === "Home") goTo(0);
  else if (event.key === "End") goTo(data.steps.length - 1);
  else if (event.key === " " && !onButton) state.playing ? pause() : play();
  else return;
  event.preventDefault();
});

// Esc takes back one thing at a time: the held cell, the enlarged head, playing.
function letGo() {
  if (state.cell) {
    releaseCell();
    showCell();
  } else if (main.classList.contains("solo")) setSolo(false);
  else if (state.playing) pause();
}

// #cross.L0H3@120 at the end of the address opens that head at that step.
function followAddress() {
  const match = /^#(encoder|decoder|cross)\.L(\d+)H(\d+)(?:@(\d+))?$/.exec(location.hash);
  if (!match) return;
  const wanted = { kind: match[1], layer: Number(match[2]), number: Number(match[3]) };
  state.head = heads.find((head) => sameHead(head, wanted)) ?? state.head;
  if (match[4]) state.index = Math.max(0, data.steps.findLastIndex(({ step }) => step <= Number(match[4])));
}

addEventListener("hashchange", () => {
  followAddress();
  show();
});
followAddress();
show();
