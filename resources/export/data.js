// What the page shows. The weights of a step are 16-bit numbers in base64, decoded when the step is first looked at.

const data = JSON.parse(document.getElementById("data").textContent);
const decoded = new Map();
const KEPT = 40; // steps that stay decoded

function weightsOfStep(index) {
  if (!decoded.has(index)) {
    if (decoded.size >= KEPT) decoded.delete(decoded.keys().next().value);
    decoded.set(index, decode(data.steps[index]));
  }
  return decoded.get(index);
}

function decode(step) {
  const text = atob(step.weights);
  const { largest, nan, positive } = data.codes;
  const [low, high] = step.range;
  const values = new Float64Array(text.length / 2);
  for (let place = 0; place < values.length; place++) {
    const code = text.charCodeAt(2 * place) + 256 * text.charCodeAt(2 * place + 1);
    if (code <= largest) values[place] = low + ((high - low) * code) / largest;
    else values[place] = code === nan ? NaN : code === positive ? Infinity : -Infinity;
  }
  return values;
}

function probeOf(index) {
  return data.probes[data.steps[index].probe];
}

// One head at a step: { kind, layer, number, rows, columns, queries, keys, values (row by row), masked (causal) }.
function headAt(index, head) {
  const probe = probeOf(index);
  let start = 0;
  for (const kind of data.kinds) {
    const queries = probe[kind.queries];
    const keys = probe[kind.keys];
    const size = queries.length * keys.length;
    if (kind.name === head.kind) {
      const first = start + (head.layer * kind.heads + head.number) * size;
      const values = weightsOfStep(index).subarray(first, first + size);
      const masked = kind.name === "decoder" && data.steps[index].causal;
      return { ...head, title: kind, rows: queries.length, columns: keys.length, queries, keys, values, masked };
    }
    start += kind.layers * kind.heads * size;
  }
  throw new Error(`there is no ${head.kind} attention`);
}

function isMasked(map, row, column) {
  return map.masked && column > row;
}

// In nats; a masked or zero weight adds nothing.
function entropy(map, row) {
  let sum = 0;
  for (let column = 0; column < map.columns; column++) {
    const weight = map.values[row * map.columns + column];
    if (Number.isNaN(weight)) return NaN;
    if (weight > 0) sum -= weight * Math.log(weight);
  }
  return sum;
}

function allHeads() {
  return data.kinds.flatMap((kind) =>
    Array.from({ length: kind.layers * kind.heads }, (_, place) => ({
      kind: kind.name,
      layer: Math.floor(place / kind.heads),
      number: place % kind.heads,
    })),
  );
}

function label(head) {
  return `${head.kind} L${head.layer}H${head.number}`;
}

function sameHead(one, other) {
  return one.kind === other.kind && one.layer === other.layer && one.number === other.number;
}
