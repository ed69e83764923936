// Uses a page for a test and leaves in it, as JSON, what the test's script told.

const told = {};
const get = (id) => document.getElementById(id);
const tell = (name, value) => { told[name] = value; };
const press = (key, where = document.body, more = {}) =>
  where.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }));
const tile = (name) => document.querySelector(`[aria-label="${name}"]`);
const cell = (row, column) => {
  const size = Number(document.querySelector("#drawing .frame").getAttribute("width")) - 1;
  const left = Number(document.querySelector("#drawing .frame").getAttribute("x")) + 0.5;
  const step = size / get("cells").width;
  const box = get("drawing").getBoundingClientRect();
  return { clientX: box.left + left + (column + 0.5) * step, clientY: box.top + 6 + (row + 0.5) * step, bubbles: true };
};
const point = (row, column) => get("map").dispatchEvent(new PointerEvent("pointermove", cell(row, column)));
const click = (row, column) => get("map").dispatchEvent(new MouseEvent("click", cell(row, column)));
const all = (selector) => [...document.querySelectorAll(selector)];
const pixels = (canvas) => {
  const { width, height } = canvas;
  return [width, height, ...canvas.getContext("2d").getImageData(0, 0, width, height).data];
};
const seen = () => ({
  step: get("step_label").textContent,
  head: get("head_title").textContent,
  caption: get("caption").textContent,
  readout: get("readout").textContent,
});
window.addEventListener("error", (event) => tell("error", event.message));
try {
  /* script */
} catch (error) { tell("error", String(error)); }
const result = document.createElement("pre");
result.id = "told";
result.textContent = JSON.stringify(told);
document.body.append(result);
