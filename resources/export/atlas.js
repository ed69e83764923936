// All heads: a block for each kind of attention, a row for each layer, a column for each head; every map is a button.

function buildAtlas(atlas, choose, enlarge) {
  const tiles = [];
  for (const kind of data.kinds) {
    const block = element("div", { className: "kind" }, atlas);
    element("h3", { textContent: kind.title }, block);
    element("p", { textContent: `rows: query (${kind.axes[0]}), columns: key (${kind.axes[1]})` }, block);
    const grid = element("div", { className: "heads" }, block, { role: "group", "aria-label": kind.title });
    grid.style.gridTemplateColumns = `auto repeat(${kind.heads}, minmax(24px, ${kind.heads > 6 ? 72 : 104}px))`;
    element("span", {}, grid);
    for (let number = 0; number < kind.heads; number++) element("span", { textContent: `H${number}` }, grid);
    for (let layer = 0; layer < kind.layers; layer++) {
      element("span", { textContent: `L${layer}` }, grid);
      for (let number = 0; number < kind.heads; number++) {
        const head = { kind: kind.name, layer, number };
        const name = label(head);
        const button = element("button", { className: "tile", type: "button", title: name }, grid, { "aria-label": name });
        button.addEventListener("click", () => choose(head));
        button.addEventListener("dblclick", () => enlarge());
        tiles.push({ head, button, canvas: element("canvas", {}, button) });
      }
    }
  }
  atlas.addEventListener("keydown", (event) => walk(event, tiles, choose));
  return tiles;
}

function showAtlas(tiles, index, chosen, upper) {
  for (const { head, canvas } of tiles) {
    paintCells(canvas, headAt(index, head), upper);
  }
  markTile(tiles, chosen);
}

function markTile(tiles, chosen) {
  for (const { head, button } of tiles) {
    const isChosen = sameHead(head, chosen);
    button.setAttribute("aria-pressed", isChosen);
    button.tabIndex = isChosen ? 0 : -1; // one stop of the tabulator; the arrow keys do the rest
  }
}

// Left and right within a layer and on to the next, up and down to the layer above and below, of the next kind at the end.
function walk(event, tiles, choose) {
  const place = tiles.findIndex(({ button }) => button === document.activeElement);
  if (place < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
  const next = { ArrowLeft: place - 1, ArrowRight: place + 1, Home: 0, End: tiles.length - 1 }[event.key];
  const target = next ?? (event.key === "ArrowUp" || event.key === "ArrowDown" ? vertical(tiles, place, event.key) : null);
  if (target === null) return;
  event.preventDefault();
  event.stopPropagation();
  if (!tiles[target]) return;
  choose(tiles[target].head);
  tiles[target].button.focus();
}

function vertical(tiles, place, key) {
  const here = tiles[place].head;
  const direction = key === "ArrowUp" ? -1 : 1;
  let other = place;
  while (tiles[other] && tiles[other].head.kind === here.kind && tiles[other].head.layer === here.layer) other += direction;
  if (!tiles[other]) return other;
  const { kind, layer } = tiles[other].head;
  const row = tiles.flatMap(({ head }, at) => (head.kind === kind && head.layer === layer ? [at] : []));
  return row[Math.min(here.number, row.length - 1)];
}
