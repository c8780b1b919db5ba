// A new user: questions whose answers tell most, recommendations that follow, and making the user known.

import { get, post, seg } from './api.js';
import { h, fill, count, failed, field, notify, itemLink, userLink } from './ui.js';
import { rankedList } from './ranking.js';

const enough = 10;
const kinds = [
  ['likes', 'Like', 'l'],
  ['dislikes', 'Dislike', 'd'],
  ['unknown', 'Don’t know it', 'u'],
];

export async function onboarding(root, _, signal) {
  const [status, versions, categories] = await Promise.all([
    get('/api/v1/status', signal),
    get('/api/v1/models', signal).catch(() => ({ models: [] })),
    get('/api/v1/categories', signal),
  ]);
  const names = versions.models.filter(m => m.active).sort((a, b) => b.default - a.default).map(m => m.model);
  const state = { model: names[0], category: '', answers: [], question: null, asked: 0, id: newId() };
  const card = h('section', { class: 'panel question', 'aria-live': 'polite' });
  const given = h('section', { class: 'panel' });
  const list = h('section', { class: 'panel span-7' });

  const of = kind => state.answers.filter(a => a.kind === kind).map(a => a.item);

  async function next() {
    const asked = ++state.asked;
    try {
      const step = await post('/api/v1/onboarding', {
        likes: of('likes'), dislikes: of('dislikes'), unknown: of('unknown'), questions: 1, n: 20, names: true,
        ...(state.model ? { model: state.model } : {}), ...(state.category ? { categories: [state.category] } : {}),
      });
      if (signal.aborted || asked !== state.asked) return;
      state.question = step.questions[0] ?? null;
      drawCard();
      drawGiven();
      drawList(step.recommendations);
    } catch (error) {
      failed(error);
    }
  }

  function answer(kind) {
    if (!state.question) return;
    state.answers.push({ ...state.question, kind });
    state.question = null;
    next();
  }

  function takeBack(item) {
    state.answers = state.answers.filter(a => a.item !== item);
    next();
  }

  function drawCard() {
    const question = state.question;
    const done = state.answers.length;
    fill(card,
      h('header', {}, h('h2', {}, question ? 'Do you like this?' : 'No more questions'), h('span', { class: 'spacer' }),
        h('span', { class: 'muted small num' }, done < enough ? `${done} of about ${enough} answered` : `${done} answered: enough to begin with`)),
      h('div', { class: 'progress', role: 'progressbar', 'aria-label': 'Answers', 'aria-valuemin': 0, 'aria-valuemax': enough, 'aria-valuenow': Math.min(done, enough) },
        h('i', { width: `${Math.min(100, done * 100 / enough)}%` })),
      question && [
        h('p', { class: 'asked' }, h('a', { href: itemLink(question.item) }, question.name ?? question.item)),
        h('div', { class: 'answers' }, kinds.map(([kind, text, key]) => h('button', {
          type: 'button', class: kind === 'likes' ? 'primary' : '', 'aria-keyshortcuts': key, onclick: () => answer(kind),
        }, text, ' ', h('kbd', {}, key.toUpperCase())))),
      ]);
  }

  function drawGiven() {
    fill(given,
      h('header', {}, h('h2', {}, 'Answers')),
      state.answers.length === 0
        ? h('p', { class: 'empty' }, 'None yet.')
        : h('ul', { class: 'given' }, kinds.flatMap(([kind, text]) => state.answers.filter(a => a.kind === kind).map(a => h('li', {},
          h('span', { class: `tag ${kind === 'likes' ? 'good' : kind === 'dislikes' ? 'bad' : ''}` }, text.toLowerCase()),
          h('span', { class: 'what' }, a.name ?? a.item),
          h('button', { type: 'button', class: 'small', 'aria-label': `Take the answer about ${a.name ?? a.item} back`, onclick: () => takeBack(a.item) }, 'Take back'))))),
      status.events && form());
  }

  function form() {
    const id = h('input', { type: 'text', autocomplete: 'off', spellcheck: false, maxLength: 200, required: true, value: state.user ?? '', oninput: event => { state.user = event.target.value; } });
    const any = state.answers.some(a => a.kind !== 'unknown');
    return h('form', {
      class: 'row end new-user',
      onsubmit: async event => {
        event.preventDefault();
        const user = id.value.trim();
        if (!user) return;
        try {
          await post(`/api/v1/users/${seg(user)}/onboarding`, { id: state.id, likes: of('likes'), dislikes: of('dislikes') });
          notify(`${user} is known now`);
          location.hash = userLink(user);
        } catch (error) {
          failed(error);
        }
      },
    }, field('User id', id), h('button', { type: 'submit', disabled: !any }, 'Make the user known'));
  }

  function drawList(recommendations) {
    const history = state.answers.filter(a => a.kind !== 'unknown').map(a => ({ item: a.item, weight: a.kind === 'likes' ? 1 : -1 }));
    fill(list,
      h('header', {}, h('h2', {}, recommendations.fallback ? 'Popular items' : 'Recommended so far'), h('span', { class: 'tag good' }, recommendations.model),
        recommendations.fallback && h('span', { class: 'muted small' }, 'until something is liked')),
      rankedList(recommendations.items, {
        why: recommendations.fallback ? null : async item => (await post('/api/v1/recommendations', {
          history, n: 1, allow: [item.id], keepSeen: true, explain: true, reasons: 1000, names: true, model: recommendations.model,
        })).items[0]?.reasons ?? [],
        empty: 'No item fits.',
      }));
  }

  const select = (label, key, options) => field(label, h('select', {
    onchange: event => { state[key] = event.target.value; next(); },
  }, options.map(([value, text]) => h('option', { value, selected: value === state[key] }, text))));

  const keys = event => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.('input, select, textarea')) return;
    const kind = kinds.find(k => k[2] === event.key.toLowerCase())?.[0];
    if (kind) {
      event.preventDefault();
      answer(kind);
    }
  };
  document.addEventListener('keydown', keys);
  signal.addEventListener('abort', () => document.removeEventListener('keydown', keys), { once: true });

  root.append(
    h('div', { class: 'title' }, h('h1', {}, 'New user'), h('span', { class: 'muted' }, 'each question is the one whose answer tells most')),
    (names.length > 1 || categories.categories.length > 0) && h('section', { class: 'panel' }, h('div', { class: 'controls' },
      names.length > 1 && select('Model', 'model', names.map(n => [n, n])),
      categories.categories.length > 0 && select('Category', 'category', [['', 'all'], ...categories.categories.map(c => [c.name, `${c.name} (${count(c.items)})`])]))),
    h('div', { class: 'grid' }, h('div', { class: 'stack span-5' }, card, given), list));
  root.dataset.title = 'New user';
  await next();
}

// Sent along when the user is made known: sending it twice changes nothing.
function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), b => b.toString(16).padStart(2, '0')).join('');
}
