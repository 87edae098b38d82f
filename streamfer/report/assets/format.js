"use strict";

// What every other script uses: the index of the run, elements, and figures as text.

const INDEX = JSON.parse(document.getElementById("index").textContent);
const EMOTIONS = INDEX.emotions;
const WINDOW_S = INDEX.settings.window_s;
const STRIDE_S = INDEX.settings.stride_s;

/**
 * An element with attributes and children. Text goes in as text: whatever a file is called, it is
 * never read as HTML.
 */
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name.startsWith("--")) made.style.setProperty(name, value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** A file's name, kept apart from the text around it: it may run from right to left. */
function nameElement(name) {
  return element("bdi", { class: "name", title: name }, name);
}

/** A moment, as players show it: 1:05, 1:02:05; with tenths where asked for. */
function clock(seconds, tenths = false) {
  const all = tenths ? Math.round(seconds * 10) : Math.round(seconds) * 10;
  const two = (number) => String(number).padStart(2, "0");
  const whole = Math.floor(all / 10);
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return (h ? `${h}:${two(m)}` : m) + `:${two(s)}` + (tenths ? `.${all % 10}` : "");
}

/** A length: 42 s, 3 min 20 s, 2 h 05 min. */
function duration(seconds) {
  const whole = Math.round(seconds);
  const two = (number) => String(number).padStart(2, "0");
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  return `${Math.floor(whole / 3600).toLocaleString("en")} h ${two(Math.floor((whole % 3600) / 60))} min`;
}

function percent(share) {
  return share > 0 && share < 0.005 ? "< 1 %" : `${Math.round(share * 100)} %`;
}

function counted(number, thing) {
  return `${number.toLocaleString("en")} ${thing}${number === 1 ? "" : "s"}`;
}

/** The place of the largest of some numbers. */
function largest(numbers) {
  return numbers.indexOf(Math.max(...numbers));
}

function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}

/** Each of some counts as a share of them all; zeros of zeros. */
function sharesOf(counts) {
  const total = sum(counts);
  return counts.map((count) => (total ? count / total : 0));
}
