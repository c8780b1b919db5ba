// Training: start a job, watch its progress and loss, cancel it.

import { get, post, del, events, seg } from './api.js';
import { h, fill, failed, field, figure, notify, seconds } from './ui.js';
import { lineChart } from './charts.js';

const ended = job => ['Succeeded', 'Failed', 'Cancelled'].includes(job.state);

export async function training(root, id, signal) {
  const [{ algorithms }, { jobs }] = await Promise.all([get('/api/v1/algorithms', signal), get('/api/v1/training', signal)]);
  const list = h('ul', { class: 'jobs' });
  const detail = h('section', { class: 'panel' });
  let all = jobs;
  let watching = null;

  function drawList(current) {
    fill(list, all.length === 0 ? h('li', { class: 'empty' }, 'No job yet.') : all.map(job => h('li', {}, h('button', {
      type: 'button', 'aria-current': job.id === current ? 'true' : null, onclick: () => watch(job.id),
    }, h('span', { class: 'muted num' }, `#${job.id}`), h('span', {}, `${job.model} `, h('span', { class: 'muted small' }, job.algorithm)), state(job)))));
  }

  async function watch(jobId) {
    watching?.abort();
    watching = new AbortController();
    signal.addEventListener('abort', () => watching.abort(), { once: true });
    try {
      for await (const { event, data } of events(`/api/v1/training/${seg(jobId)}/events`, watching.signal)) {
        all = all.map(job => job.id === data.id ? data : job);
        drawList(jobId);
        drawJob(detail, data);
        if (event === 'end') dispatchEvent(new Event('recsys-models'));
      }
    } catch (error) {
      failed(error);
    }
  }

  async function startJob(request) {
    try {
      const job = await post('/api/v1/training', request);
      all = [job, ...all];
      watch(job.id);
    } catch (error) {
      failed(error);
    }
  }

  root.append(
    h('div', { class: 'title' }, h('h1', {}, 'Training')),
    h('div', { class: 'grid' },
      h('div', { class: 'span-6' }, form(algorithms, startJob)),
      h('div', { class: 'stack span-6' }, detail,
        h('section', { class: 'panel' }, h('header', {}, h('h2', {}, 'Jobs'), h('span', { class: 'muted small' }, 'since the service started')), list))));
  root.dataset.title = 'Training';
  drawList(null);
  const first = id ?? all[0]?.id;
  if (first) watch(first);
  else fill(detail, h('header', {}, h('h2', {}, 'Progress')), h('p', { class: 'empty' }, 'Start a job to watch it here.'));
}

function state(job) {
  const kind = job.state === 'Succeeded' ? 'good' : job.state === 'Failed' ? 'bad' : '';
  return h('span', { class: `tag ${kind}` }, job.state.toLowerCase());
}

function form(algorithms, start) {
  const fields = h('div', { class: 'fields' });
  const summary = h('p', { class: 'muted small' });
  const name = h('input', { type: 'text', autocomplete: 'off', spellcheck: false, maxLength: 64 });
  const evaluate = h('input', { type: 'checkbox' });
  const activate = h('input', { type: 'checkbox', checked: true });
  const choice = h('select', { onchange: draw }, algorithms.map(a => h('option', { value: a.name }, a.name)));

  function draw() {
    const algorithm = algorithms.find(a => a.name === choice.value);
    summary.textContent = algorithm.summary;
    name.placeholder = algorithm.name;
    fill(fields, algorithm.options.map(o => {
      const given = /default (from data|[^\s),;]+?)(?=:\s|[\s),;])/.exec(o.summary)?.[1];
      const values = o.value.includes('|') ? o.value.split('|') : null;
      const control = values
        ? h('select', {}, h('option', { value: '' }, given ? `default (${given})` : 'default'), values.map(v => h('option', { value: v }, v)))
        : h('input', { type: 'text', placeholder: given ?? '', autocomplete: 'off', spellcheck: false });
      control.name = o.name;
      control.title = o.summary;
      return field(o.name, control);
    }));
  }

  draw();
  return h('section', { class: 'panel' },
    h('header', {}, h('h2', {}, 'New job'), h('span', { class: 'muted small' }, 'trains on what the service knows now')),
    h('form', {
      class: 'stack',
      onsubmit: event => {
        event.preventDefault();
        const options = {};
        for (const control of fields.querySelectorAll('input, select')) {
          if (control.value.trim()) options[control.name] = control.value.trim();
        }
        start({ algorithm: choice.value, options, activate: activate.checked, evaluate: evaluate.checked, ...(name.value.trim() ? { model: name.value.trim() } : {}) });
      },
    },
    h('div', { class: 'controls' }, field('Algorithm', choice), field('Model name', name), h('label', { class: 'check' }, activate, 'Answer with it when done'), h('label', { class: 'check', title: 'On users it has not seen; trains twice' }, evaluate, 'Measure it first')),
    summary, fields,
    h('div', { class: 'row' }, h('button', { class: 'primary', type: 'submit' }, 'Start training'))));
}

function drawJob(root, job) {
  const progress = job.progress;
  const share = job.state === 'Succeeded' ? 1 : progress && progress.total > 0 ? progress.done / progress.total : 0;
  fill(root,
    h('header', {}, h('h2', {}, `Job #${job.id}: ${job.model}`), state(job), h('span', { class: 'spacer' }),
      h('span', { class: 'muted small num' }, seconds(job.seconds)),
      !ended(job) && h('button', {
        type: 'button', class: 'small',
        onclick: async () => {
          try { await del(`/api/v1/training/${seg(job.id)}`); notify(`Job #${job.id} is asked to stop`); } catch (error) { failed(error); }
        },
      }, 'Cancel')),
    h('div', { class: 'progress', role: 'progressbar', 'aria-label': 'Progress', 'aria-valuemin': 0, 'aria-valuemax': 100, 'aria-valuenow': Math.round(share * 100) },
      h('i', { width: `${(share * 100).toFixed(1)}%` })),
    h('p', { class: 'small num' }, progress ? `${progress.phase} ${progress.done} of ${progress.total}` : 'waiting', progress?.detail ? ` · ${progress.detail}` : '',
      job.version ? [' · ', h('a', { href: '#/models' }, `${job.model} v${job.version}`)] : ''),
    job.error && h('p', { class: 'tag bad' }, job.error),
    job.losses.length > 0 && [
      h('p', { class: 'muted small' }, `Loss by iteration; now ${figure(job.losses.at(-1))}`),
      lineChart([job.losses], { height: 210, dots: job.losses.length <= 60, steps: progress?.phase === 'iteration' ? progress.total : undefined, labels: ['1', String(progress?.phase === 'iteration' ? progress.total : job.losses.length)], describe: `Loss over ${job.losses.length} iterations, from ${figure(job.losses[0])} to ${figure(job.losses.at(-1))}` }),
    ]);
}
