// An item and its neighbourhood: what is like it, what suppresses it.

import { get, seg } from './api.js';
import { h, fill, count, failed, field } from './ui.js';
import { searchBox } from './search.js';
import { rankedList } from './ranking.js';

export async function item(root, id, signal) {
  const [known, versions] = await Promise.all([
    get(`/api/v1/items/${seg(id)}`, signal),
    get('/api/v1/models', signal).catch(() => ({ models: [] })),
  ]);
  const names = versions.models.filter(m => m.active).sort((a, b) => b.default - a.default).map(m => m.model);
  let model = names[0];
  const near = h('section', { class: 'panel span-6' });
  const far = h('section', { class: 'panel span-6' });

  let asked = 0;

  async function load() {
    const mine = ++asked;
    try {
      const query = `n=20&names=true${model ? `&model=${seg(model)}` : ''}`;
      const [similar, opposite] = await Promise.all([
        get(`/api/v1/items/${seg(id)}/similar?${query}`, signal),
        get(`/api/v1/items/${seg(id)}/similar?${query}&opposite=true`, signal),
      ]);
      if (mine !== asked) return;
      fill(near,
        h('header', {}, h('h2', {}, 'Similar'), h('span', { class: 'muted small' }, 'whoever has these is more likely to want it')),
        rankedList(similar.items, { empty: 'This model knows no similar items.' }));
      fill(far,
        h('header', {}, h('h2', {}, 'Opposite'), h('span', { class: 'muted small' }, 'whoever has these is less likely to want it')),
        rankedList(opposite.items, { empty: 'This model knows no opposite items.' }));
    } catch (error) {
      failed(error);
    }
  }

  root.append(
    h('section', { class: 'panel' }, searchBox('item')),
    h('div', { class: 'title' }, h('span', { class: 'kind' }, 'Item'), h('h1', {}, known.name ?? known.id),
      known.name && h('span', { class: 'muted num' }, known.id),
      h('span', { class: 'muted' }, `${count(known.users)} users`),
      known.available ? null : h('span', { class: 'tag bad' }, 'not available'),
      h('span', { class: 'spacer' }),
      names.length > 1 && field('Model', h('select', { onchange: event => { model = event.target.value; load(); } }, names.map(n => h('option', { value: n }, n))))),
    known.categories.length > 0 && h('div', { class: 'chips' }, known.categories.map(c => h('span', { class: 'chip' }, c))),
    h('div', { class: 'grid' }, near, far));
  root.dataset.title = known.name ?? known.id;
  await load();
}
