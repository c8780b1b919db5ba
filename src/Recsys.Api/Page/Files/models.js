// Versions of models: what they are, which answer, switching.

import { get, post, seg } from './api.js';
import { h, fill, count, failed, figure, notify, seconds, versionOf, when } from './ui.js';

export async function models(root, _, signal) {
  const body = h('tbody');

  async function load() {
    const list = (await get('/api/v1/models', signal)).models;
    fill(body, list.map(m => row(m, list, act)));
  }

  async function act(path, request, text) {
    try {
      await post(path, request);
      notify(text);
      dispatchEvent(new Event('recsys-models'));
      await load();
    } catch (error) {
      failed(error);
    }
  }

  root.append(
    h('div', { class: 'title' }, h('h1', {}, 'Models'), h('span', { class: 'spacer' }), h('a', { href: '#/training' }, 'Train another')),
    h('section', { class: 'panel' }, h('div', { class: 'scroll', tabIndex: 0, 'aria-label': 'Models' }, h('table', {},
      h('thead', {}, h('tr', {}, ['Model', 'Trained', 'Options', 'Metrics'].map(t => h('th', { scope: 'col' }, t)), h('th', { scope: 'col', class: 'num' }, 'Data'), h('th', { scope: 'col' }, h('span', { class: 'muted' }, 'Actions')))),
      body))));
  root.dataset.title = 'Models';
  await load();
}

const KINDS = {
  Live: 'learns from every event',
  Standing: 'as it was trained, for histories as they are now; new items wait for the next training',
  Trained: 'as it was trained, for the histories of the training',
};

function row(m, list, act) {
  const path = `/api/v1/models/${seg(m.model)}`;
  const metrics = Object.entries(m.metrics);
  const live = m.version === 'live';
  const last = m.losses.at(-1);
  const older = list.some(o => o.model === m.model && o.version !== m.version);
  return h('tr', {},
    h('td', {}, h('div', {}, h('strong', {}, m.model), ` ${versionOf(m.version)} `), h('div', { class: 'row' },
      h('span', { class: 'tag' }, m.algorithm), h('span', { class: 'tag', title: KINDS[m.kind] }, m.kind.toLowerCase()), m.active && h('span', { class: 'tag good' }, 'active'), m.default && h('span', { class: 'tag good' }, 'default'), !m.stored && h('span', { class: 'tag' }, 'in memory'))),
    h('td', {}, live ? 'with every event' : when(m.created), h('div', { class: 'muted small' }, live ? m.data ?? '' : [seconds(m.trainingSeconds), m.data ? ` · ${m.data}` : ''])),
    h('td', {}, live ? null : pairs(Object.entries(m.options).map(([k, v]) => [k, String(v)]))),
    h('td', {}, metrics.length > 0 ? pairs(metrics.map(([k, v]) => [k, v.toFixed(4)])) : h('span', { class: 'muted small' }, 'not evaluated'),
      last !== undefined && h('div', { class: 'muted small num' }, `loss ${figure(last)} after ${m.losses.length}`)),
    h('td', { class: 'num' }, `${count(m.users)} × ${count(m.items)}`, h('div', { class: 'muted small' }, `${count(m.interactions)} pairs`)),
    h('td', {}, h('div', { class: 'row' },
      !m.active && h('button', { type: 'button', class: 'small', onclick: () => act(`${path}/activate`, { version: m.version }, `${m.model} ${versionOf(m.version)} answers now`) }, 'Activate'),
      m.active && !m.default && h('button', { type: 'button', class: 'small', onclick: () => act(`${path}/activate`, { default: true }, `${m.model} is the default now`) }, 'Make default'),
      m.active && older && h('button', { type: 'button', class: 'small', onclick: () => act(`${path}/rollback`, undefined, `${m.model} is rolled back`) }, 'Roll back'))));
}

function pairs(entries) {
  return h('dl', { class: 'options' }, entries.map(([k, v]) => h('div', {}, h('dt', {}, k), h('dd', { class: 'num' }, v))));
}
