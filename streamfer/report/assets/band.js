// One track's band: the strip of episodes, the probabilities, how often the face was seen.

const COLOURS = EMOTIONS.map((emotion) =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${emotion}`).trim());
const PATTERNS = ["", ".", "/", "|", "x", "-", "\\"];
const NOT_SEEN = { fillcolor: "#fff", fillpattern: { shape: "/", fgcolor: "#8a929c", size: 7, solidity: 0.15 } };
const SIDES = { l: 46, r: 10, t: 8, b: 22 }; // of the plot, pixels; page.css knows the first two
const HEIGHT = 154;
const FINEST = 2; // pixels that a point takes at least
const PAPER = 680; // pixels between the margins of a page

// Where fingers scroll, a plot that took every touch for a drag would be in the way.
const touch = matchMedia("(pointer: coarse)").matches;

const settings = { patterns: false, printing: false };

const nearby = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    entry.target.band.near = entry.isIntersecting;
    entry.target.band.refresh();
  }
}, { rootMargin: "400px" });

const resized = new ResizeObserver((entries) => {
  for (const entry of entries) entry.target.band.refresh();
});

class Band {
  /** `head` is what stands above; `label` names the band for those who do not see it. */
  constructor(stage, track, label, head) {
    this.stage = stage;
    this.track = track;
    this.near = false;
    this.drawn = "";
    this.plot = element("div", { class: "plot" });
    this.chart = element("div", {
      class: "chart", tabindex: 0, role: "slider", "aria-label": `${label}: probabilities over time`,
      "aria-valuemin": track.start, "aria-valuemax": track.end,
      onkeydown: (event) => this.key(event),
      onfocus: () => this.chart.matches(":focus-visible") && this.go(this.at ?? 0),
      onblur: () => this.leave(),
      onpointermove: (event) => this.hover(event),
      onpointerdown: (event) => this.hover(event),
      onpointerleave: (event) => event.pointerType === "mouse" && this.leave(),
    }, this.lane(), this.plot, element("div", { class: "cursor" }));
    this.element = element("section", { class: "band", "aria-label": label }, head, this.chart);
    this.plot.band = this;
    this.say(0);
    stage.bands.push(this);
    nearby.observe(this.plot);
    resized.observe(this.plot);
  }

  lane() {
    const episodes = this.track.episodes.map(([e, start, end, share]) => {
      const text = `${EMOTIONS[e]}, ${clock(start, true)} to ${clock(end, true)}, on average ${percent(share)}`;
      return element("li", {
        "--start": start, "--end": end, class: EMOTIONS[e], title: `${text}. Click to zoom in.`,
        onclick: () => this.stage.show(start - (end - start) / 4, end + (end - start) / 4),
      }, element("span", {}, EMOTIONS[e]));
    });
    return element("ol", { class: "lane", "aria-label": "Episodes" }, ...episodes);
  }

  /** Draws what has changed, if the band is in sight or goes to paper. */
  refresh() {
    const { printing, patterns } = settings;
    const room = this.plot.clientWidth; // none where the video is closed
    if (!room || !(this.near || printing)) return;
    const width = printing ? PAPER : room;
    const { from, to } = this.stage;
    const wanted = [from, to, width, patterns || printing].join();
    if (wanted === this.drawn) return;
    this.drawn = wanted;
    const first = !this.plot.data;
    Plotly.react(this.plot, this.traces(width), this.layout(width),
      { displayModeBar: false, doubleClick: false, showTips: false, staticPlot: touch });
    if (first && !touch) {
      this.plot.on("plotly_relayout", (change) => {
        if ("xaxis.range[0]" in change) {
          this.drawn = "";
          this.stage.show(change["xaxis.range[0]"], change["xaxis.range[1]"]);
        }
      });
      this.plot.on("plotly_doubleclick", () => this.stage.whole());
    }
  }

  traces(width) {
    const { edges, shares, coverage } = drawn(this.track, this.stage.from, this.stage.to, width / FINEST);
    const trace = (values, more) => ({
      x: edges, y: [...values, values.at(-1)], mode: "lines", hoverinfo: "skip",
      line: { shape: "hv", width: 0 }, ...more,
    });
    const area = (values, fill) => trace(values, { stackgroup: "shares", ...fill });
    const areas = shares.map((values, e) => area(values, {
      fillcolor: COLOURS[e],
      fillpattern: settings.patterns || settings.printing
        ? { shape: PATTERNS[e], bgcolor: COLOURS[e], fgcolor: "#000", fgopacity: 0.45, size: 6, solidity: 0.15 }
        : { shape: "" },
    }));
    return [
      ...areas,
      area(coverage.map((seen) => (seen ? 0 : 1)), NOT_SEEN),
      trace(coverage, { yaxis: "y2", fill: "tozeroy", fillcolor: "#3d4650" }),
    ];
  }

  layout(width) {
    const { from, to } = this.stage;
    const { values, texts } = marks(from, to, width - SIDES.l - SIDES.r);
    const axis = { fixedrange: true, zeroline: false, tickfont: { size: 11, color: "#4a525c" } };
    return {
      width, height: HEIGHT, margin: SIDES, showlegend: false, hovermode: false,
      dragmode: touch ? false : "zoom", paper_bgcolor: "transparent", plot_bgcolor: "#f4f5f7",
      font: { family: getComputedStyle(document.body).fontFamily },
      xaxis: { ...axis, fixedrange: touch, range: [from, to], tickvals: values, ticktext: texts,
        showgrid: true, gridcolor: "#dfe2e6", anchor: "y2", ticks: "outside", ticklen: 3 },
      yaxis: { ...axis, domain: [0.16, 1], range: [0, 1], tickvals: [0, 0.5, 1],
        ticktext: ["0", "50", "100 %"], ticklabeloverflow: "allow", showgrid: false },
      yaxis2: { ...axis, domain: [0, 0.08], range: [0, 1], tickvals: [0.5], ticktext: ["seen"], showgrid: false },
    };
  }

  hover(event) {
    const box = this.plot.getBoundingClientRect();
    const part = (event.clientX - box.left - SIDES.l) / (box.width - SIDES.l - SIDES.r);
    const seconds = this.stage.from + part * (this.stage.to - this.stage.from);
    if (part < 0 || part > 1) return this.leave();
    this.stage.point(seconds);
    const { start, end } = this.track;
    if (seconds < start || seconds > end) return hideValues();
    this.say(pointAt(this.track, seconds));
    showValues(valuesAt(this.track, this.at), event.clientX, box);
  }

  leave() {
    this.stage.leave();
    hideValues();
  }

  /** Moves the cursor to a point, as the keyboard does. */
  go(point) {
    this.say(Math.min(Math.max(point, 0), this.track.count - 1));
    const seconds = (this.track.edges[this.at] + this.track.edges[this.at + 1]) / 2;
    this.stage.point(seconds);
    const box = this.plot.getBoundingClientRect();
    const part = (seconds - this.stage.from) / (this.stage.to - this.stage.from);
    const x = box.left + SIDES.l + part * (box.width - SIDES.l - SIDES.r);
    showValues(valuesAt(this.track, this.at), x, box);
  }

  /** Tells a screen reader what the cursor is on. */
  say(point) {
    this.at = point;
    const { start, end, coverage, shares } = valuesAt(this.track, point);
    const words = shares.filter(({ share }) => share >= 0.05)
      .map(({ emotion, share }) => `${emotion} ${percent(share)}`);
    this.chart.setAttribute("aria-valuenow", this.track.edges[point].toFixed(1));
    this.chart.setAttribute("aria-valuetext", `${clock(start)} to ${clock(end)}: ` + (coverage
      ? `${words.join(", ")}; face seen in ${percent(coverage)} of the frames`
      : "face not seen"));
  }

  key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const middle = (this.track.edges[this.at] + this.track.edges[this.at + 1]) / 2;
    const starts = this.track.episodes.map(([, start]) => start);
    const episode = (start) => start !== undefined && this.go(pointAt(this.track, start + 1e-6));
    const acts = {
      ArrowLeft: () => this.go(this.at - 1),
      ArrowRight: () => this.go(this.at + 1),
      ArrowDown: () => this.go(this.at - 1),
      ArrowUp: () => this.go(this.at + 1),
      PageDown: () => this.go(this.at - 10),
      PageUp: () => this.go(this.at + 10),
      Home: () => this.go(0),
      End: () => this.go(this.track.count - 1),
      "[": () => episode(starts.findLast((start) => start < this.track.edges[this.at] - 1e-6)),
      "]": () => episode(starts.find((start) => start > middle)),
      "+": () => this.stage.zoom(0.5, middle),
      "=": () => this.stage.zoom(0.5, middle),
      "-": () => this.stage.zoom(2, middle),
      0: () => this.stage.whole(),
      Escape: () => this.leave(),
    };
    if (!acts[event.key]) return;
    event.preventDefault();
    acts[event.key]();
  }
}

/** The values at the cursor, in a box above or below a band, so that nothing of it is covered. */
function showValues({ start, end, coverage, shares }, x, band) {
  const box = document.getElementById("values");
  const rows = shares.map(({ emotion, share }) => element("tr", { "--share": share },
    element("th", {}, element("i", { class: `swatch ${emotion}` }), emotion),
    element("td", { class: "bar" }, element("i", { class: emotion })),
    element("td", {}, percent(share))));
  box.replaceChildren(
    element("b", {}, `${clock(start)} – ${clock(end)}`),
    ...(coverage ? [element("table", {}, ...rows)] : []),
    element("span", {}, coverage ? `face seen in ${percent(coverage)} of the frames` : "face not seen"));
  box.hidden = false;
  const { width, height } = box.getBoundingClientRect();
  const below = band.bottom + 6 + height < innerHeight || band.top - 30 - height < 0;
  const left = x + 14 + width < innerWidth ? x + 14 : x - 14 - width;
  box.style.left = `${Math.max(4, Math.min(left, innerWidth - width - 4))}px`;
  box.style.top = `${below ? band.bottom + 6 : band.top - 30 - height}px`;
}

function hideValues() {
  document.getElementById("values").hidden = true;
}
