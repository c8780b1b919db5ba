// Line charts as inline SVG.

import { svg, figure } from './ui.js';

function extent(series, fromZero) {
  const values = series.flat().filter(Number.isFinite);
  if (values.length === 0) return [0, 1];
  let low = fromZero ? 0 : Math.min(...values);
  let high = Math.max(...values);
  if (high === low) {
    high = high === 0 ? 1 : high + Math.abs(high) * 0.1;
    if (!fromZero) low -= Math.abs(low) * 0.1;
  }
  return [low, high];
}

/**
 * series: arrays of numbers, drawn over the same steps.
 * options: width, height, fromZero, labels (left and right end of the axis), dots, describe (text for screen readers).
 */
export function lineChart(series, options = {}) {
  const width = options.width ?? 640;
  const height = options.height ?? 200;
  const left = 56;
  const right = 10;
  const bottom = options.labels ? 22 : 8;
  const top = 8;
  const [low, high] = extent(series, options.fromZero);
  const steps = Math.max(2, options.steps ?? 0, ...series.map(s => s.length));
  const x = i => left + (width - left - right) * i / (steps - 1);
  const y = v => top + (height - top - bottom) * (1 - (v - low) / (high - low));
  const root = svg('svg', { class: 'chart', viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': options.describe ?? 'chart' });
  for (let g = 0; g <= 3; g++) {
    const value = low + (high - low) * g / 3;
    root.append(
      svg('line', { class: 'axis', x1: left, x2: width - right, y1: y(value), y2: y(value) }),
      svg('text', { x: left - 8, y: y(value) + 4, 'text-anchor': 'end' }, short(value)));
  }
  series.forEach((values, s) => {
    const offset = options.alignRight ? steps - values.length : 0;
    const points = values.map((v, i) => [x(i + offset), y(v)]);
    if (points.length > 1) {
      root.append(svg('path', { class: s === 0 ? 'line' : 'line second', d: 'M' + points.map(p => `${p[0].toFixed(1)},${p[1].toFixed(1)}`).join('L') }));
    }
    if (options.dots || points.length === 1) {
      for (const [px, py] of points) root.append(svg('circle', { class: 'dot', cx: px, cy: py, r: 2.6 }));
    }
  });
  if (options.labels) {
    root.append(
      svg('text', { x: left, y: height - 4 }, options.labels[0]),
      svg('text', { x: width - right, y: height - 4, 'text-anchor': 'end' }, options.labels[1]));
  }
  return root;
}

function short(value) {
  const size = Math.abs(value);
  if (size >= 1e9) return `${(value / 1e9).toPrecision(3)} G`;
  if (size >= 1e6) return `${(value / 1e6).toPrecision(3)} M`;
  if (size >= 1e4) return `${(value / 1e3).toPrecision(3)} k`;
  return figure(value);
}
