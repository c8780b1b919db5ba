// Small helpers: elements, figures, notices. Texts are only ever set as text, never as HTML.

export function h(tag, props, ...children) {
  const element = document.createElement(tag);
  set(element, props);
  add(element, children);
  return element;
}

export function svg(tag, props, ...children) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(props ?? {})) element.setAttribute(name, value);
  add(element, children);
  return element;
}

function set(element, props) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name === 'class') element.className = value;
    else if (name === 'width') element.style.setProperty('width', value);
    else if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name in element && !name.startsWith('aria') && name !== 'list' && name !== 'role') element[name] = value;
    else element.setAttribute(name, value === true ? '' : value);
  }
}

function add(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child);
  }
}

export function fill(element, ...children) {
  element.replaceChildren();
  add(element, children);
  return element;
}

export function notify(text) {
  const notice = h('div', {}, text);
  document.getElementById('notices').append(notice);
  setTimeout(() => notice.remove(), 6000);
}

export function failed(error) {
  if (error?.name === 'AbortError') return;
  notify(error?.message ?? String(error));
}

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
export const count = n => whole.format(n);

export function figure(value) {
  const size = Math.abs(value);
  if (size === 0) return '0';
  return size >= 100 ? value.toFixed(0) : size >= 10 ? value.toFixed(1) : size >= 1 ? value.toFixed(2) : size >= 0.001 ? value.toFixed(3) : value.toExponential(1);
}

export const signed = value => (value > 0 ? '+' : value < 0 ? '−' : '') + figure(Math.abs(value));

export function milliseconds(value) {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

export function seconds(value) {
  if (value < 60) return `${value.toFixed(value < 10 ? 1 : 0)} s`;
  return `${Math.floor(value / 60)} min ${Math.round(value % 60)} s`;
}

export function when(text) {
  return text ? new Date(text).toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' }) : '';
}

// Live models have no number.
export const versionOf = version => version === 'live' ? 'live' : `v${version}`;

export const itemLink = id => `#/items/${encodeURIComponent(id)}`;
export const userLink = id => `#/users/${encodeURIComponent(id)}`;

export function panel(title, note, ...children) {
  return h('section', { class: 'panel' },
    h('header', {}, h('h2', {}, title), note && h('span', { class: 'muted small' }, note)), ...children);
}

export function field(label, control) {
  const id = `f${Math.random().toString(36).slice(2)}`;
  control.id = id;
  return h('div', { class: 'field' }, h('label', { htmlFor: id }, label), control);
}
