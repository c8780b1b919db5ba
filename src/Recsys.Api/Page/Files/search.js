// A combobox over users and items: type, arrow keys, Enter.

import { get, seg } from './api.js';
import { h, fill, failed, userLink, itemLink } from './ui.js';

export function searchBox(kind = 'user') {
  const list = h('ul', { id: 'search-hits', role: 'listbox', 'aria-label': 'Hits', hidden: true });
  const input = h('input', {
    type: 'search', role: 'combobox', autocomplete: 'off', spellcheck: false, 'aria-autocomplete': 'list',
    'aria-controls': 'search-hits', 'aria-expanded': 'false', id: 'search',
  });
  const choices = ['user', 'item'].map(k => h('button', {
    type: 'button', onclick: () => { choose(k); input.focus(); },
  }, k === 'user' ? 'Users' : 'Items'));
  let hits = [];
  let at = -1;
  let pending = null;

  function choose(k) {
    kind = k;
    choices.forEach((c, i) => c.setAttribute('aria-pressed', String((i === 0) === (k === 'user'))));
    input.placeholder = k === 'user' ? 'User id' : 'Item name or id';
    input.setAttribute('aria-label', `Search ${k === 'user' ? 'users' : 'items'}`);
    if (input.value) ask(); else close();
  }

  function close() {
    list.hidden = true;
    at = -1;
    input.setAttribute('aria-expanded', 'false');
    input.removeAttribute('aria-activedescendant');
  }

  async function ask() {
    pending?.abort();
    pending = new AbortController();
    const text = input.value.trim();
    if (!text) return close();
    try {
      const found = await get(`/api/v1/search?kind=${kind}&limit=12&q=${seg(text)}`, pending.signal);
      hits = found.hits;
      at = hits.length > 0 ? 0 : -1;
      show();
    } catch (error) {
      failed(error);
    }
  }

  function show() {
    fill(list, hits.length === 0
      ? h('li', { class: 'muted', role: 'option', 'aria-disabled': 'true' }, `No ${kind} found`)
      : hits.map((hit, i) => h('li', {
        id: `hit-${i}`, role: 'option', 'aria-selected': String(i === at),
        onmousedown: event => { event.preventDefault(); go(i); },
      }, h('span', {}, hit.name ?? hit.id), hit.name && h('span', { class: 'muted num' }, hit.id))));
    list.hidden = false;
    input.setAttribute('aria-expanded', 'true');
    if (at >= 0) {
      input.setAttribute('aria-activedescendant', `hit-${at}`);
      list.children[at]?.scrollIntoView({ block: 'nearest' });
    }
  }

  function go(i) {
    const hit = hits[i];
    if (!hit) return;
    close();
    input.value = '';
    location.hash = kind === 'user' ? userLink(hit.id) : itemLink(hit.id);
  }

  input.addEventListener('input', () => { clearTimeout(input.timer); input.timer = setTimeout(ask, 90); });
  input.addEventListener('blur', close);
  input.addEventListener('keydown', event => {
    if (event.key === 'Escape') close();
    else if (event.key === 'Enter' && at >= 0 && !list.hidden) go(at);
    else if (event.key === 'Enter' && input.value.trim()) {
      // Faster than the hits: wait for them.
      clearTimeout(input.timer);
      ask().then(() => { if (at >= 0) go(at); });
    }
    else if ((event.key === 'ArrowDown' || event.key === 'ArrowUp') && !list.hidden && hits.length > 0) {
      event.preventDefault();
      at = (at + (event.key === 'ArrowDown' ? 1 : hits.length - 1)) % hits.length;
      show();
    }
  });
  choose(kind);
  return h('div', { class: 'row' },
    h('div', { class: 'segmented', role: 'group', 'aria-label': 'What to search' }, choices),
    h('div', { class: 'search' }, input, list));
}
