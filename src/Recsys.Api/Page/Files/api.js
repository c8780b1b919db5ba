// Talks to the service. An API key, where one is needed, is kept for this tab only.

const keyName = 'recsys-key';
let asking = null;

export class ApiError extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

export const seg = encodeURIComponent;

function headers(extra) {
  const key = sessionStorage.getItem(keyName);
  return key ? { ...extra, authorization: `Bearer ${key}` } : extra;
}

function askForKey() {
  asking ??= new Promise(resolve => {
    const dialog = document.getElementById('key-dialog');
    const input = document.getElementById('key-input');
    dialog.addEventListener('close', () => {
      sessionStorage.setItem(keyName, input.value.trim());
      input.value = '';
      asking = null;
      resolve();
    }, { once: true });
    dialog.showModal();
  });
  return asking;
}

async function problem(response) {
  try {
    const body = await response.json();
    return new ApiError(response.status, body.detail ?? response.statusText);
  } catch {
    return new ApiError(response.status, response.statusText || `status ${response.status}`);
  }
}

async function send(path, options) {
  for (;;) {
    let response;
    try {
      response = await fetch(path, { ...options, headers: headers(options.headers) });
    } catch (error) {
      if (error.name === 'AbortError') throw error;
      throw new ApiError(0, 'the service does not answer');
    }
    if (response.status === 401) {
      await askForKey();
      continue;
    }
    if (!response.ok) throw await problem(response);
    return response;
  }
}

export async function get(path, signal) {
  return (await send(path, { signal })).json();
}

export async function post(path, body) {
  const options = { method: 'POST' };
  if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers = { 'content-type': 'application/json' };
  }
  return (await send(path, options)).json();
}

export async function del(path) {
  const response = await send(path, { method: 'DELETE' });
  return response.status === 204 ? null : response.json();
}

// Server-sent events by fetch, so that they can carry a key.
export async function* events(path, signal) {
  const response = await send(path, { signal });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      text += value;
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const fields = text.slice(0, end).split('\n');
        text = text.slice(end + 2);
        const data = fields.filter(f => f.startsWith('data: ')).map(f => f.slice(6)).join('\n');
        const event = fields.find(f => f.startsWith('event: '))?.slice(7) ?? 'message';
        if (data) yield { event, data: JSON.parse(data) };
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
