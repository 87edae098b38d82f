// The run as a whole, the list of its videos, and printing.

const { videos } = INDEX;
const items = videos.map((_, number) => new VideoItem(number));

function showOverview() {
  const windows = EMOTIONS.map((_, e) => sum(videos.map((video) => video.windows[e])));
  const count = (status) => videos.filter((video) => video.status === status).length;
  const states = ["partial", "failed"].map((status) => [count(status), status])
    .filter(([number]) => number).map(([number, status]) => `${number} ${status}`);
  const tile = (name, value, more) =>
    element("div", {}, element("dt", {}, name), element("dd", {}, value), element("dd", { class: "hint" }, more));
  document.getElementById("subtitle").append(nameElement(INDEX.title));
  document.getElementById("tiles").append(
    tile("Videos", videos.length.toLocaleString("en"), states.join(", ") || "none failed"),
    tile("Tracks", sum(videos.map((video) => video.tracks)).toLocaleString("en"), "a face’s continuous presence"),
    tile("Video", duration(sum(videos.map((video) => video.seconds ?? 0))), "analysed"),
    tile("Time with a face", duration(sum(windows) * STRIDE_S), "of all tracks, added up"));
  sharesTable(document.getElementById("shares"), windows);
  document.getElementById("window").textContent =
    `${WINDOW_S} s, of which one begins every ${STRIDE_S} s`;
  for (const warning of INDEX.warnings) {
    document.getElementById("warnings").append(element("p", { class: "warning" }, warning));
  }
  showProblems();
  showModels();
}

function showProblems() {
  const list = document.querySelector("#problems ul");
  items.forEach((item) => {
    const { name, status, reason, warnings } = item.video;
    for (const text of [reason, ...warnings].filter(Boolean)) {
      list.append(element("li", {},
        element("button", { type: "button", class: "link", onclick: () => reveal(item) }, nameElement(name)),
        text === reason ? element("span", { class: `status ${status}` }, status) : null,
        ` ${text}`));
    }
  });
  if (!list.hasChildNodes()) list.append(element("li", {}, "None: every video was analysed to its end."));
}

function showModels() {
  const row = (cells) => element("tr", {}, element("th", { scope: "row" }, cells[0]),
    ...cells.slice(1).map((cell) => element("td", {}, cell)));
  const models = Object.entries(INDEX.models).map(([role, { name, runtime, sha256 }]) =>
    row([role, name, runtime, element("code", { title: sha256 }, sha256.slice(0, 12))]));
  const settings = Object.entries(INDEX.settings).map(([name, value]) =>
    element("li", {}, `${name} = `, element("code", {}, JSON.stringify(value))));
  const table = (caption, rows) =>
    element("div", { class: "wide" }, element("table", {}, element("caption", {}, caption), ...rows));
  document.querySelector("#models div").append(
    table("What for, name, runtime, SHA-256", models), element("ul", { class: "settings" }, ...settings),
    element("p", { class: "hint" }, `Run ${INDEX.run_id}`));
}

/** Opens a video and goes to it. */
function reveal(item) {
  find.querySelector("input").value = "";
  showList();
  item.toggle(true);
  item.element.scrollIntoView();
  item.button.focus({ preventScroll: true });
}

const ORDERS = {
  "Name": () => 0,
  "Longest": (video) => video.seconds ?? 0,
  "Most tracks": (video) => video.tracks,
  "Problems": (video) => ["done", "unknown", "partial", "failed"].indexOf(video.status ?? "unknown"),
};
for (const [e, emotion] of EMOTIONS.entries()) {
  ORDERS[`Most ${emotion}`] = (video) => sharesOf(video.windows)[e];
}

const find = document.getElementById("find");

/** The list in the order chosen, without the videos whose names lack what is sought. */
function showList() {
  const sought = find.querySelector("input").value.trim().toLowerCase();
  const order = ORDERS[find.querySelector("select").value];
  const found = items.filter(({ video }) => video.name.toLowerCase().includes(sought));
  const sorted = found.map((item) => [order(item.video), item]).sort(([a], [b]) => b - a);
  document.getElementById("list").replaceChildren(...sorted.map(([, item]) => item.element));
  find.querySelector("output").textContent = found.length === items.length
    ? counted(items.length, "video")
    : `${found.length} of ${counted(items.length, "video")}`;
}

find.querySelector("select").append(...Object.keys(ORDERS).map((name) => element("option", {}, name)));
find.querySelector("input").addEventListener("input", showList);
find.querySelector("select").addEventListener("change", showList);
find.addEventListener("submit", (event) => event.preventDefault());
find.querySelector("#patterns").addEventListener("change", (event) => {
  settings.patterns = event.target.checked;
  refreshAll();
});

function refreshAll() {
  for (const plot of document.querySelectorAll(".plot")) plot.band.refresh();
}

// Paper shows no more than what is opened, but of that everything.
addEventListener("beforeprint", () => {
  document.getElementById("models").open = true;
  settings.printing = true;
  refreshAll();
});
addEventListener("afterprint", () => {
  settings.printing = false;
  refreshAll();
});
addEventListener("keydown", (event) => event.key === "Escape" && hideValues());
addEventListener("scroll", hideValues, { passive: true });

showOverview();
showList();
// The tracks and plotly come after this script, so that the overview need not wait for them. What
// opens a video waits.
addEventListener("load", () => {
  for (const part of document.querySelectorAll("[inert]")) part.inert = false;
  items.find(({ video }) => video.tracks)?.toggle(true);
});
