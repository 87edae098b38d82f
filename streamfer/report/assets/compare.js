// Videos and tracks side by side: chosen by their boxes, drawn on one scale of time.

const chosen = new Set();

/** A box that chooses a video ("3") or a track ("3/7"). */
function compareBox(key, label) {
  const box = element("input", {
    type: "checkbox", "data-key": key, "aria-label": label, checked: chosen.has(key),
    onchange: () => choose(key, box.checked),
  });
  return element("label", { class: "check" }, box, "Compare");
}

function choose(key, wanted) {
  if (wanted) chosen.add(key);
  else chosen.delete(key);
  for (const box of document.querySelectorAll(`input[data-key="${key}"]`)) box.checked = wanted;
  const tray = document.getElementById("tray");
  tray.hidden = chosen.size === 0;
  tray.querySelector("output").textContent = `${chosen.size} chosen`;
  const section = document.getElementById("compare");
  if (!section.hidden) showComparison();
}

function showComparison() {
  const section = document.getElementById("compare");
  section.hidden = chosen.size === 0;
  const items = [...chosen].map((key) => {
    const [video, number] = key.split("/").map(Number);
    const track = number === undefined
      ? together(video)
      : tracksOf(video).find((track) => track.number === number);
    return { key, track, name: INDEX.videos[video].name, seconds: INDEX.videos[video].seconds ?? 0,
      part: number === undefined ? "all tracks together" : `track ${number}` };
  });
  const columns = element("div", { class: "sides" });
  const stage = new Stage(columns, Math.max(1, ...items.map(({ seconds, track }) => Math.max(seconds, track.end))));
  for (const { key, track, name, part } of items) {
    const label = `${name}, ${part}`;
    const head = element("header", {},
      faceElement(track, label),
      element("h4", {}, nameElement(name), element("small", {}, part)),
      element("button", { type: "button", "aria-label": `Leave out ${label}`, onclick: () => choose(key, false) }, "×"));
    const band = new Band(stage, track, label, head);
    columns.append(element("div", { class: "side" }, band.element,
      sharesTable(element("table", { class: "shares" }), track.windows)));
  }
  section.querySelector(".body").replaceChildren(
    element("div", { class: "bar tools" }, stage.buttons(), legend()), columns);
}

document.querySelector("#tray .go").addEventListener("click", () => {
  showComparison();
  document.getElementById("compare-title").focus();
  document.getElementById("compare").scrollIntoView();
});
document.querySelector("#tray .clear").addEventListener("click", () => {
  for (const key of [...chosen]) choose(key, false);
});
