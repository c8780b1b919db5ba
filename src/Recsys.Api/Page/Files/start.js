// The start: search, a few users to begin with, popular items.

import { get } from './api.js';
import { h, count, figure, userLink } from './ui.js';
import { searchBox } from './search.js';
import { rankedList } from './ranking.js';

export async function start(root, _, signal) {
  const [status, users, popular] = await Promise.all([
    get('/api/v1/status', signal),
    get('/api/v1/search?kind=user&q=&limit=12', signal),
    get('/api/v1/popular?n=20&names=true', signal),
  ]);
  root.append(
    h('div', { class: 'title' }, h('h1', {}, 'Explore')),
    h('section', { class: 'panel' },
      searchBox('user'),
      h('p', { class: 'muted small' }, 'Look a user up to see the history and what is recommended, with reasons; or an item, to see its neighbourhood.'),
      h('div', { class: 'chips' }, users.hits.map(u => h('a', { class: 'chip', href: userLink(u.id) }, u.name ?? u.id)))),
    h('div', { class: 'grid' },
      h('section', { class: 'panel span-8' },
        h('header', {}, h('h2', {}, 'Popular items'), h('span', { class: 'muted small' }, status.events ? 'recent events count more; what an unknown user gets' : 'share of users; what an unknown user gets')),
        rankedList(popular.items, status.events ? {} : { value: i => `${(i.score * 100).toFixed(1)} %` })),
      h('section', { class: 'panel span-4' },
        h('header', {}, h('h2', {}, 'Live model')),
        h('dl', { class: 'table' }, [
          ['model', `${status.model} v${status.version}, ${status.kind.toLowerCase()}`],
          ['users', count(status.users)],
          ['items', count(status.items)],
          ['interactions', count(status.interactions)],
          ['density', `${figure(100 * status.interactions / Math.max(1, status.users * status.items))} %`],
          ['events', status.events ? 'accepted' : 'read-only service'],
        ].map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', { class: 'num' }, value)))),
        h('p', { class: 'small' }, h('a', { href: '/openapi/v1.json' }, 'OpenAPI document'), ' · ', h('a', { href: '/metrics' }, 'metrics')))));
  root.dataset.title = 'Explore';
}
