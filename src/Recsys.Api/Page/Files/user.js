// A user: history, recommendations with reasons, two models side by side.

import { get, seg } from './api.js';
import { h, fill, count, failed, field, figure, itemLink } from './ui.js';
import { searchBox } from './search.js';
import { rankedList } from './ranking.js';

export async function user(root, id, signal) {
  const [known, versions, categories] = await Promise.all([
    get(`/api/v1/users/${seg(id)}?names=true`, signal).catch(error => {
      if (error.status === 404) return { id, history: null };
      throw error;
    }),
    get('/api/v1/models', signal).catch(() => ({ models: [] })),
    get('/api/v1/categories', signal),
  ]);
  const names = versions.models.filter(m => m.active).sort((a, b) => b.default - a.default).map(m => m.model);
  const state = { first: names[0], second: '', n: '20', category: '', keepSeen: false };
  const lists = h('div', { class: 'grid span-8' });
  const past = history(known.history);

  const select = (label, key, options) => field(label, h('select', {
    onchange: event => { state[key] = event.target.value; load(); },
  }, options.map(([value, text]) => h('option', { value, selected: value === state[key] }, text))));

  const controls = h('div', { class: 'controls' },
    names.length > 0 && select('Model', 'first', names.map(n => [n, n])),
    names.length > 1 && select('Compare with', 'second', [['', 'nothing'], ...names.map(n => [n, n])]),
    select('Items', 'n', [10, 20, 50, 100].map(n => [String(n), String(n)])),
    categories.categories.length > 0 && select('Category', 'category', [['', 'all'], ...categories.categories.map(c => [c.name, `${c.name} (${count(c.items)})`])]),
    h('label', { class: 'check' }, h('input', { type: 'checkbox', onchange: event => { state.keepSeen = event.target.checked; load(); } }), 'Keep seen items'));

  const ask = (model, more) => {
    const query = new URLSearchParams({ n: state.n, names: 'true', ...more });
    if (model) query.set('model', model);
    if (state.category) query.set('category', state.category);
    if (state.keepSeen) query.set('keepSeen', 'true');
    return get(`/api/v1/users/${seg(id)}/recommendations?${query}`, signal);
  };

  let asked = 0;

  async function load() {
    const mine = ++asked;
    try {
      const wanted = state.second ? [state.first, state.second] : [state.first];
      const results = await Promise.all(wanted.map(model => ask(model)));
      if (mine !== asked) return;
      past.className = `panel after ${wanted.length > 1 ? 'span-3' : 'span-4'}`;
      lists.className = wanted.length > 1 ? 'grid span-9 compare' : 'grid span-8';
      fill(lists, results.map((list, i) => column(list, results[1 - i], i)));
    } catch (error) {
      failed(error);
    }
  }

  function column(list, other, index) {
    const ranks = new Map(other?.items.map((item, i) => [item.id, i + 1]));
    const common = list.items.filter(item => ranks.has(item.id)).length;
    const mark = other && ((item, rank) => {
      const there = ranks.get(item.id);
      if (!there) return h('span', { class: 'tag' }, 'only here');
      return there === rank ? null : h('span', { class: 'move num', title: `rank ${there} in the other list` }, there > rank ? `▲${there - rank}` : `▼${rank - there}`);
    });
    return h('section', { class: `panel ${other ? 'span-6' : 'span-12'}` },
      h('header', {},
        h('h2', {}, list.fallback ? 'Popular items' : 'Recommended'), h('span', { class: 'tag good' }, list.model),
        list.fallback && h('span', { class: 'tag' }, 'fallback'),
        h('span', { class: 'spacer' }),
        other && h('span', { class: 'muted small num' }, `${common} of ${list.items.length} in both`)),
      rankedList(list.items, {
        why: list.fallback ? null : async item => (await ask(list.model, { n: '1', allow: item.id, explain: 'true', reasons: '1000' })).items[0]?.reasons ?? [],
        open: other ? -1 : 0, second: index === 1, mark, both: other && (item => ranks.has(item.id)),
        empty: 'No item fits the filters.',
      }));
  }

  root.append(
    h('section', { class: 'panel' }, searchBox('user')),
    h('div', { class: 'title' }, h('span', { class: 'kind' }, 'User'), h('h1', {}, id),
      h('span', { class: 'muted' }, known.history ? `${count(known.history.length)} items in the history` : 'nothing is known of this user')),
    h('section', { class: 'panel' }, controls),
    h('div', { class: 'grid' }, past, lists));
  root.dataset.title = `User ${id}`;
  await load();
}

function history(entries) {
  const list = h('ul', { class: 'history', tabIndex: 0, 'aria-label': 'History' });
  const draw = text => {
    const shown = (entries ?? []).filter(e => (e.name ?? e.item).toLowerCase().includes(text.toLowerCase()));
    fill(list, shown.length === 0 ? h('li', { class: 'muted' }, 'Nothing here.') : shown.map(e => h('li', {},
      h('a', { href: itemLink(e.item), title: e.name ?? e.item }, e.name ?? e.item),
      e.weight !== 1 && h('span', { class: 'muted num' }, figure(e.weight)))));
  };
  draw('');
  return h('section', { class: 'panel after span-4' },
    h('header', {}, h('h2', {}, 'History')),
    (entries?.length ?? 0) > 12 && h('input', { type: 'search', placeholder: 'Filter', 'aria-label': 'Filter the history', oninput: event => draw(event.target.value) }),
    list);
}
