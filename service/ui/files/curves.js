// A small line chart: one score for each number of segments.

import { svg } from "./dom.js";
import { number } from "./words.js";

const [WIDTH, HEIGHT] = [260, 120];
const [LEFT, RIGHT, TOP, BOTTOM] = [40, 10, 10, 22];
const MOST_TICKS = 8;

export function chart(points, chosen, label) {
  const [x, y] = [scale(points.map(([k]) => k), LEFT, WIDTH - RIGHT), scale(points.map(([, score]) => score), HEIGHT - BOTTOM, TOP)];
  const at = points.map(([k, score]) => [k, x(k), y(score)]);
  return svg("svg", { class: "chart", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label },
    edges(points, y), ticks(points, x),
    svg("polyline", { points: at.map(([, px, py]) => `${px},${py}`).join(" ") }),
    at.map(([k, px, py]) => svg("circle", { cx: px, cy: py, r: k === chosen ? 5 : 2, class: k === chosen ? "chosen" : null })));
}

function scale(values, from, to) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return (value) => Math.round(10 * (high === low ? (from + to) / 2 : from + ((value - low) / (high - low)) * (to - from))) / 10;
}

function edges(points, y) {
  const scores = points.map(([, score]) => score);
  return [...new Set([Math.min(...scores), Math.max(...scores)])].map((score) => [
    svg("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: y(score), y2: y(score) }),
    svg("text", { x: LEFT - 6, y: y(score) + 4, "text-anchor": "end" }, compact(score)),
  ]);
}

function ticks(points, x) {
  const step = Math.ceil(points.length / MOST_TICKS);
  return points.filter((_, i) => i % step === 0).map(([k]) => svg("text", { x: x(k), y: HEIGHT - 6, "text-anchor": "middle" }, String(k)));
}

function compact(score) {
  return Math.abs(score) >= 1000 ? new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 }).format(score) : number(score, 2);
}
