// Source, target, and what the model says: chips marked right or wrong, with the probability of each token.

function showPredictions(section, index) {
  const probe = probeOf(index);
  section.replaceChildren();
  element("h2", { textContent: "Predictions" }, section);
  row(section, "source", probe.source.map((token) => ({ token })));
  if (probe.expected.length) row(section, "target", probe.expected.map((token) => ({ token })));
  for (const answer of data.steps[index].answers) {
    const chips = answer.tokens.map((token, place) => ({
      token,
      probability: answer.probabilities[place],
      right: answer.right?.[place],
      expected: probe.expected[place],
    }));
    row(section, `${answer.name} (%)`, chips, answer.score);
  }
  if (!data.steps[index].answers.length) element("p", { className: "faint", textContent: "No prediction was recorded at this step." }, section);
}

function row(section, name, chips, score) {
  const line = element("div", { className: "answer" }, section);
  element("h3", { textContent: name }, line);
  const list = element("ol", {}, line, { "aria-label": name });
  for (const chip of chips) addChip(list, chip);
  if (score) element("p", { className: "score", textContent: score }, line);
}

function addChip(list, { token, probability, right, expected }) {
  const chip = element("li", { className: "chip" }, list);
  element("span", { textContent: token }, chip);
  if (probability === undefined) return;
  const percent = probability === null ? "NaN" : (100 * probability).toFixed(0);
  chip.append(right === false ? `× ${percent}` : percent);
  if (right !== undefined) chip.classList.add(right ? "right" : "wrong");
  const judgement = right === undefined ? "" : right ? ", right" : `, expected ${expected ?? "nothing"}`;
  chip.title = `${token}: ${percent} %${judgement}`;
}
