// Tracks as they are drawn: points with a share of each emotion, decoded when a video is opened.

/**
 * A track: `shares[e][i]` is the probability of emotion e at point i, `coverage[i]` the share of
 * samples in which the face was seen. Point i is drawn from `edges[i]` to `edges[i + 1]`, seconds.
 */
function decode(track) {
  const bytes = Uint8Array.from(atob(track.data), (char) => char.charCodeAt(0));
  const plane = (n) => bytes.subarray(n * track.count, (n + 1) * track.count);
  return withEdges({ ...track, shares: EMOTIONS.map((_, e) => plane(e)), coverage: plane(EMOTIONS.length) });
}

/**
 * Windows overlap: two points meet midway between the centres of their windows. Where the face was
 * away for longer than a window, what is before and after reaches to its window's own end and start,
 * as episodes do.
 */
function withEdges(track) {
  const { first, step, count, coverage, start, end } = track;
  const inside = (seconds) => Math.min(Math.max(seconds, start), end);
  const edge = (i) => inside((first + i * step) * STRIDE_S + (WINDOW_S - STRIDE_S) / 2);
  const edges = Array.from({ length: count + 1 }, (_, i) => edge(i));
  edges[0] = start;
  edges[count] = end;
  for (let i = 0, away; i < count; i = away + 1) {
    for (away = i; away < count && coverage[away] === 0;) away++;
    if ((away - i) * step * STRIDE_S <= WINDOW_S) continue;
    edges[i] += (WINDOW_S - STRIDE_S) / 2;
    edges[away] -= (WINDOW_S - STRIDE_S) / 2;
  }
  return { ...track, edges };
}

const opened = new Map();

/** The tracks of a video, by its place in the index. */
function tracksOf(video) {
  if (!opened.has(video)) {
    const part = JSON.parse(document.getElementById(`part-${video}`).textContent);
    opened.set(video, part.map(decode));
  }
  return opened.get(video);
}

const MOST_POINTS = 20000;

/** All tracks of a video as one: at each point the mean of the faces that are seen. */
function together(video) {
  const tracks = tracksOf(video);
  const first = Math.min(...tracks.map((track) => track.first));
  const last = Math.max(...tracks.map((track) => track.first + track.step * track.count));
  const step = Math.max(...tracks.map((track) => track.step), Math.ceil((last - first) / MOST_POINTS));
  const count = Math.ceil((last - first) / step);
  const weight = new Float64Array(count);
  const sums = EMOTIONS.map(() => new Float64Array(count));
  const coverage = new Uint8Array(count);
  for (const track of tracks) {
    for (let i = 0; i < track.count; i++) {
      const point = Math.floor((track.first + i * track.step - first) / step);
      weight[point] += track.coverage[i];
      coverage[point] = Math.max(coverage[point], track.coverage[i]);
      sums.forEach((sums, e) => (sums[point] += track.coverage[i] * track.shares[e][i]));
    }
  }
  return withEdges({
    first, step, count, coverage,
    shares: sums.map((sums) => sums.map((value, i) => (weight[i] ? value / weight[i] : 0))),
    start: Math.min(...tracks.map((track) => track.start)),
    end: Math.max(...tracks.map((track) => track.end)),
    windows: INDEX.videos[video].windows,
    episodes: [],
  });
}

/** The point that is drawn at a moment; the nearest, where the track is away. */
function pointAt(track, seconds) {
  let low = 0;
  let high = track.count - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (track.edges[middle] <= seconds) low = middle;
    else high = middle - 1;
  }
  return low;
}

/**
 * What there is to draw of a track between two moments, shares from 0 to 1: its points or, where
 * these are more than `most`, means of equally many that were seen.
 */
function drawn(track, from, to, most) {
  const stop = pointAt(track, to) + 1;
  const every = Math.ceil((stop - pointAt(track, from)) / most);
  const first = pointAt(track, from) - (pointAt(track, from) % every); // means do not change in moving
  const count = Math.ceil((stop - first) / every);
  const starts = Array.from({ length: count + 1 }, (_, i) => Math.min(first + i * every, track.count));
  const shares = EMOTIONS.map(() => new Float64Array(count));
  const coverage = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const seen = track.coverage.subarray(starts[i], starts[i + 1]);
    const weight = sum([...seen]);
    coverage[i] = weight / seen.length / 255;
    if (weight === 0) continue;
    shares.forEach((shares, e) => {
      seen.forEach((seen, n) => (shares[i] += (seen * track.shares[e][starts[i] + n]) / weight / 255));
    });
  }
  return { edges: starts.map((point) => track.edges[point]), shares, coverage };
}

/** What a point says: its windows' times and shares, the largest first. */
function valuesAt(track, point) {
  const start = (track.first + point * track.step) * STRIDE_S;
  return {
    start,
    end: start + (track.step - 1) * STRIDE_S + WINDOW_S,
    coverage: track.coverage[point] / 255,
    shares: EMOTIONS.map((emotion, e) => ({ e, emotion, share: track.shares[e][point] / 255 }))
      .sort((a, b) => b.share - a.share),
  };
}
