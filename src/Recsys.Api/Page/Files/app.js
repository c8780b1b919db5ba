// The page: sections by address (#/users/7), the bar, the theme.

import { get } from './api.js';
import { h, fill, svg, count, failed } from './ui.js';
import { start } from './start.js';
import { user } from './user.js';
import { item } from './item.js';
import { onboarding } from './onboarding.js';
import { training } from './training.js';
import { models } from './models.js';
import { live } from './live.js';

const routes = [
  [/^#?\/?$/, 'explore', start],
  [/^#\/users\/(.+)$/, 'explore', user],
  [/^#\/items\/(.+)$/, 'explore', item],
  [/^#\/new$/, 'new', onboarding],
  [/^#\/training(?:\/(.+))?$/, 'training', training],
  [/^#\/models$/, 'models', models],
  [/^#\/live$/, 'live', live],
];

let leave = null;

async function show() {
  const hash = location.hash;
  const found = routes.map(r => [r, hash.match(r[0])]).find(r => r[1]);
  leave?.abort();
  leave = new AbortController();
  const { signal } = leave;
  const main = document.getElementById('main');
  const section = found?.[0][1];
  for (const link of document.querySelectorAll('nav a')) {
    if (link.dataset.section === section) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  if (!found) {
    fill(main, h('p', {}, 'There is nothing at this address.'));
    return;
  }
  const root = h('div', { class: 'stack' });
  try {
    const id = found[1][1] === undefined ? undefined : decodeURIComponent(found[1][1]);
    await found[0][2](root, id, signal);
    if (signal.aborted) return;
    fill(main, root);
    document.title = root.dataset.title ? `${root.dataset.title} · Recsys` : 'Recsys';
    if (root.dataset.focus !== 'none') main.focus({ preventScroll: true });
    scrollTo(0, 0);
  } catch (error) {
    if (signal.aborted) return;
    fill(main, h('div', { class: 'panel' }, h('h1', {}, error.status === 404 ? 'Not found' : 'That did not work'), h('p', { class: 'muted' }, error.message)));
  }
}

async function facts() {
  try {
    const status = await get('/api/v1/status');
    document.getElementById('facts').textContent =
      `${status.model} v${status.version} · ${count(status.users)} users · ${count(status.items)} items`;
  } catch (error) {
    failed(error);
  }
}

function theme() {
  const button = document.getElementById('theme');
  const saved = localStorage.getItem('recsys-theme');
  if (saved) document.documentElement.dataset.theme = saved;
  const dark = () => (document.documentElement.dataset.theme ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')) === 'dark';
  const draw = () => fill(button, dark()
    ? svg('svg', { viewBox: '0 0 24 24', width: 18, height: 18, fill: 'none', stroke: 'currentColor', 'stroke-width': 1.8 }, svg('circle', { cx: 12, cy: 12, r: 4.2 }), svg('path', { d: 'M12 2v3M12 19v3M2 12h3M19 12h3M4.9 4.9l2.1 2.1M17 17l2.1 2.1M19.1 4.9L17 7M7 17l-2.1 2.1', 'stroke-linecap': 'round' }))
    : svg('svg', { viewBox: '0 0 24 24', width: 18, height: 18, fill: 'none', stroke: 'currentColor', 'stroke-width': 1.8 }, svg('path', { d: 'M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z', 'stroke-linejoin': 'round' })));
  button.addEventListener('click', () => {
    const next = dark() ? 'light' : 'dark';
    document.documentElement.dataset.theme = next;
    localStorage.setItem('recsys-theme', next);
    draw();
  });
  draw();
}

addEventListener('hashchange', show);
addEventListener('recsys-models', facts);
theme();
show();
facts();
