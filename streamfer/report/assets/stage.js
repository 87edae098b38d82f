// A stretch of time that several bands show together, and the cursor in it.

class Stage {
  /** `root` holds the bands; they span from 0 to `end`, in seconds. */
  constructor(root, end) {
    this.root = root;
    this.end = end;
    this.bands = [];
    this.show(0, end);
  }

  /** Shows the time from `from` to `to`, as far as there is any. */
  show(from, to) {
    const length = Math.min(Math.max(to - from, Math.min(STRIDE_S, this.end)), this.end);
    this.from = Math.min(Math.max(from, 0), this.end - length);
    this.to = this.from + length;
    this.root.style.setProperty("--from", this.from);
    this.root.style.setProperty("--to", this.to);
    this.bands.forEach((band) => band.refresh());
  }

  whole() {
    this.show(0, this.end);
  }

  /** Shows `factor` times as much time, and leaves what is at `fixed` where it is. */
  zoom(factor, fixed = (this.from + this.to) / 2) {
    this.show(fixed - (fixed - this.from) * factor, fixed + (this.to - fixed) * factor);
  }

  /** Moves on by a part of what is shown. */
  move(part) {
    const by = (this.to - this.from) * part;
    this.show(this.from + by, this.to + by);
  }

  /** Puts the cursor at a moment and makes sure that it is in sight. */
  point(seconds) {
    if (seconds < this.from || seconds > this.to) {
      const half = (this.to - this.from) / 2;
      this.show(seconds - half, seconds + half);
    }
    this.root.style.setProperty("--cursor", seconds);
    this.root.classList.add("pointed");
  }

  leave() {
    this.root.classList.remove("pointed");
  }

  /** Buttons for those who do not drag. */
  buttons() {
    const button = (text, label, act) =>
      element("button", { type: "button", "aria-label": label, title: label, onclick: act }, text);
    return element("div", { class: "zoom", role: "group", "aria-label": "Time shown" },
      button("−", "Zoom out", () => this.zoom(2)),
      button("+", "Zoom in", () => this.zoom(0.5)),
      button("◀", "Earlier", () => this.move(-0.5)),
      button("▶", "Later", () => this.move(0.5)),
      button("Whole video", "Show the whole video", () => this.whole()));
  }
}

const STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600];

/** Where the time axis has its marks, and what they say, `room` pixels being there. */
function marks(from, to, room) {
  const wish = ((to - from) * 64) / room;
  const step = STEPS.find((step) => step >= wish) ?? Math.ceil(wish / 43200) * 43200;
  const count = Math.floor((to - Math.ceil(from / step) * step) / step + 1e-9) + 1;
  const values = Array.from({ length: Math.max(count, 0) }, (_, i) => (Math.ceil(from / step) + i) * step);
  return { values, texts: values.map((seconds) => clock(seconds, step < 1)) };
}
