// Ranked items, with reasons as signed bars.

import { h, fill, failed, figure, signed, itemLink } from './ui.js';

const width = share => `${Math.max(0, Math.min(100, share * 100)).toFixed(1)}%`;

function row(item, rank, options, greatest) {
  const share = greatest > 0 ? Math.abs(item.score) / greatest : 0;
  const name = item.name ?? item.id;
  const meter = `meter${options.second ? ' second' : ''}${item.score < 0 ? ' minus' : ''}`;
  return [
    h('span', { class: 'rank num' }, rank),
    h('span', { class: 'name-cell' },
      h('a', { class: 'name', href: itemLink(item.id), title: name }, name),
      options.mark?.(item, rank)),
    h('span', { class: 'score' },
      h('span', { class: meter, 'aria-hidden': 'true' }, h('i', { width: width(share) })),
      h('span', { class: 'num' }, options.value?.(item) ?? (item.score < 0 ? signed(item.score) : figure(item.score)))),
  ];
}

const shownFor = 7;
const shownAgainst = 5;

// What the history adds and takes: bars to the right add, bars to the left take.
export function reasonBars(reasons) {
  if (reasons.length === 0) return h('div', { class: 'reasons' }, h('span', { class: 'note' }, 'Nothing in the history speaks for or against it.'));
  const greatest = Math.max(...reasons.map(r => Math.abs(r.contribution)));
  const plus = reasons.filter(r => r.contribution > 0);
  const minus = reasons.filter(r => r.contribution < 0);
  const sum = list => list.reduce((total, r) => total + r.contribution, 0);
  const shown = [...plus.slice(0, shownFor), ...minus.slice(0, shownAgainst)];
  return h('div', { class: 'reasons' },
    shown.map(r => {
      const against = r.contribution < 0;
      return [
        h('span', { class: 'what' }, h('a', { href: itemLink(r.item), title: r.name ?? r.item }, r.name ?? r.item)),
        h('span', { class: 'signed', 'aria-hidden': 'true' }, h('i', { class: against ? 'minus' : 'plus', width: width(Math.abs(r.contribution) / greatest / 2) })),
        h('span', { class: `signed-value${against ? ' minus' : ''}` }, signed(r.contribution)),
      ];
    }),
    h('span', { class: 'note small num' },
      `${plus.length} of the history speak for it (${signed(sum(plus))})`, minus.length > 0 ? `, ${minus.length} against (${signed(sum(minus))})` : '',
      reasons.length > shown.length ? '; the strongest are shown' : ''));
}

/**
 * items: { id, name, score }. options: value (text of a score), why (reasons of an item, asked for when it is opened),
 * open (place of the item to open), mark (something beside a name), both (whether another list has it), second (other colour).
 */
export function rankedList(items, options = {}) {
  if (items.length === 0) return h('p', { class: 'empty' }, options.empty ?? 'No items.');
  const greatest = Math.max(...items.map(i => Math.abs(i.score)));
  return h('ol', { class: 'ranked' }, items.map((item, i) => {
    const cells = row(item, i + 1, options, greatest);
    const both = options.both?.(item) ? 'both' : '';
    return h('li', { class: both }, options.why ? explained(item, i, cells, options) : h('div', { class: 'line' }, cells));
  }));
}

function explained(item, place, cells, options) {
  const room = h('div', {}, h('div', { class: 'reasons' }, h('span', { class: 'note' }, '…')));
  let asked = false;
  const ask = async () => {
    if (asked) return;
    asked = true;
    try {
      fill(room, reasonBars(await options.why(item)));
    } catch (error) {
      asked = false;
      failed(error);
    }
  };
  const details = h('details', {}, h('summary', { 'aria-label': `${place + 1}. ${item.name ?? item.id}, score ${figure(item.score)}: reasons` }, cells), room);
  details.addEventListener('toggle', () => { if (details.open) ask(); });
  details.open = options.open === place;
  return details;
}
