// A video in the list: a line that says what is in it, and its bands once it is opened.

class VideoItem {
  /** `number` is the video's place in the index. */
  constructor(number) {
    this.number = number;
    this.video = INDEX.videos[number];
    const { name, status, seconds, tracks, windows } = this.video;
    this.button = element("button", {
      type: "button", "aria-expanded": "false", "aria-controls": `body-${number}`,
      onclick: () => this.toggle(),
    }, nameElement(name));
    this.body = element("div", { class: "body", id: `body-${number}`, hidden: true });
    const shares = sharesOf(windows);
    this.element = element("li", { class: "video" },
      element("div", { class: "row" },
        element("h3", {}, this.button),
        element("span", { class: `status ${status ?? "unknown"}` }, status === "done" ? "" : status ?? ""),
        element("span", { class: "length" }, seconds === null ? "" : clock(seconds)),
        element("span", { class: "count" }, tracks ? counted(tracks, "track") : "no face"),
        strip(shares),
        element("span", { class: "most" }, tracks ? mostly(windows) : ""),
        tracks ? compareBox(`${number}`, `Compare ${name}`) : element("span")),
      this.body);
  }

  /** Opens or closes the video's part. What it shows is made when it is first opened. */
  toggle(open = this.body.hidden) {
    this.button.setAttribute("aria-expanded", open);
    this.body.hidden = !open;
    if (open && !this.body.hasChildNodes()) this.fill();
  }

  fill() {
    const { name, reason, seconds, tracks, status } = this.video;
    if (reason) this.body.append(element("p", { class: "warning" }, element("b", {}, `${status}: `), reason));
    for (const warning of this.video.warnings) this.body.append(element("p", { class: "warning" }, warning));
    this.body.append(element("p", { class: "hint" }, facts(this.video)));
    if (!tracks) return;
    const shown = tracksOf(this.number);
    const stage = new Stage(this.body, Math.max(seconds ?? 0, ...shown.map((track) => track.end)));
    const step = Math.max(...shown.map((track) => track.step));
    if (step > 1) {
      this.body.append(element("p", { class: "hint" },
        `To keep this page small, a value here is the mean of up to ${step} windows. The tables have them all.`));
    }
    this.body.append(element("div", { class: "bar tools" }, stage.buttons(), legend()));
    for (const track of shown) {
      const label = `Track ${track.number} of ${name}`;
      const head = element("header", {},
        faceElement(track, label),
        element("h4", {}, `Track ${track.number}`),
        element("span", { class: "facts" }, trackFacts(track)),
        element("button", {
          type: "button", onclick: () => stage.show(track.start, track.end),
          "aria-label": `Zoom to track ${track.number}`,
        }, "Zoom to it"),
        compareBox(`${this.number}/${track.number}`, `Compare ${label}`));
      this.body.append(new Band(stage, track, label, head).element);
    }
  }
}

/** Shares as a strip of colours, largest first, with its words for those who do not see it. */
function strip(shares) {
  const order = shares.map((share, e) => [share, EMOTIONS[e]]).filter(([share]) => share)
    .sort(([a], [b]) => b - a);
  const words = order.map(([share, emotion]) => `${emotion} ${percent(share)}`).join(", ");
  return element("span", { class: "strip", role: "img", "aria-label": words || "no face", title: words },
    ...order.map(([share, emotion]) => element("i", { class: emotion, "--share": share })));
}

function mostly(windows) {
  const e = largest(windows);
  return `mostly ${EMOTIONS[e]} (${percent(sharesOf(windows)[e])})`;
}

function trackFacts(track) {
  const seen = sum([...track.coverage]) / 255 / track.count;
  const tenths = track.end - track.start < 60;
  return `${clock(track.start, tenths)} – ${clock(track.end, tenths)} · seen in ${percent(seen)} of the frames · ` +
    mostly(track.windows);
}

function faceElement(track, label) {
  if (!track.face) return null;
  return element("img", { class: "face", src: `data:image/jpeg;base64,${track.face}`, alt: `Face of ${label}` });
}

/** What the ledger knows of the file. */
function facts({ width, height, fps, size_bytes: size, sampled_frames: sampled, audio }) {
  return [
    width ? `${width} × ${height} pixels` : "",
    fps ? `${fps.toFixed(2).replace(/\.?0+$/, "")} frames a second` : "",
    size ? `${(size / 1e6).toLocaleString("en", { maximumFractionDigits: size < 1e7 ? 1 : 0 })} MB` : "",
    sampled ? `${counted(sampled, "frame")} analysed` : "",
    audio ? `sound: ${audio}` : "",
  ].filter(Boolean).join(" · ");
}

/** The colours' names. */
function legend() {
  return element("ul", { class: "legend", "aria-label": "Colours" },
    ...[...EMOTIONS, "not seen"].map((word) =>
      element("li", {}, element("i", { class: `swatch ${word.replace(" ", "-")}` }), word)));
}

/** A table of shares with bars on one scale; `windows` counts by emotion. */
function sharesTable(table, windows) {
  const shares = sharesOf(windows);
  table.replaceChildren(...EMOTIONS.map((emotion, e) => element("tr", { "--share": shares[e] },
    element("th", { scope: "row" }, emotion),
    element("td", { class: "bar" }, element("i", { class: emotion })),
    element("td", {}, percent(shares[e])),
    element("td", { class: "time" }, duration(windows[e] * STRIDE_S)))));
  return table;
}
