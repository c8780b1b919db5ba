// What happens now: rates and latencies, asked for once a second.

import { get } from './api.js';
import { h, fill, count, figure, milliseconds, seconds } from './ui.js';
import { lineChart } from './charts.js';

const keep = 120;

export async function live(root, _, signal) {
  const past = { requests: [], events: [], p50: [], p99: [] };
  const body = h('div', { class: 'grid' });

  async function tick() {
    const status = await get('/api/v1/status', signal);
    const { traffic } = status;
    push(past.requests, traffic.requestsPerSecond);
    push(past.events, traffic.eventsPerSecond);
    push(past.p50, traffic.recommendations.p50Ms);
    push(past.p99, traffic.recommendations.p99Ms);
    draw(body, status, past);
  }

  root.append(h('div', { class: 'title' }, h('h1', {}, 'Live'), h('span', { class: 'muted' }, 'latencies inside the service, over the last minute')), body);
  root.dataset.title = 'Live';
  await tick();
  (async () => {
    while (!signal.aborted) {
      await new Promise(resolve => setTimeout(resolve, 1000));
      try { if (!signal.aborted && !document.hidden) await tick(); } catch { /* asked again in a second */ }
    }
  })();
}

function push(list, value) {
  list.push(value);
  if (list.length > keep) list.shift();
}

function tile(name, value, unit, note) {
  return h('section', { class: 'panel tile span-3' }, h('div', { class: 'muted small' }, name), h('div', { class: 'value' }, value, ' ', h('small', {}, unit)), h('div', { class: 'muted small num' }, note));
}

function draw(root, status, past) {
  const { traffic } = status;
  const chart = (series, describe) => lineChart(series, { height: 190, fromZero: true, steps: keep, alignRight: true, labels: ['2 minutes ago', 'now'], describe });
  fill(root,
    tile('Requests', figure(traffic.requestsPerSecond), 'per second', `${count(traffic.requests)} since the start`),
    tile('Recommendation, median', milliseconds(traffic.recommendations.p50Ms), 'ms', `${count(traffic.recommendations.count)} in the last minute`),
    tile('Recommendation, p99', milliseconds(traffic.recommendations.p99Ms), 'ms', `slowest ${milliseconds(traffic.recommendations.maxMs)} ms`),
    tile('Events', figure(traffic.eventsPerSecond), 'per second', status.events ? `${count(traffic.eventsAccepted)} accepted${traffic.ingest.count > 0 ? ` · p99 ${milliseconds(traffic.ingest.p99Ms)} ms` : ''}` : 'read-only service'),
    h('section', { class: 'panel span-6' }, h('header', {}, h('h2', {}, 'Rates per second'), h('span', { class: 'spacer' }), h('span', { class: 'legend' }, h('span', {}, 'requests'), h('span', { class: 'second' }, 'events'))), chart([past.requests, past.events], 'Requests and events a second')),
    h('section', { class: 'panel span-6' }, h('header', {}, h('h2', {}, 'Latency, ms'), h('span', { class: 'spacer' }), h('span', { class: 'legend' }, h('span', {}, 'median'), h('span', { class: 'second' }, 'p99'))), chart([past.p50, past.p99], 'Median and 99th percentile of recommendations')),
    h('p', { class: 'muted small span-12' }, `Up ${seconds(traffic.uptime)} · ${status.model} v${status.version} · Prometheus reads /metrics`));
}
