// Renders readings, a JSON object of names and numbers, as a page with bars.

addEventListener('fetch', (event) => event.respondWith(serve(event.request)));

async function serve(request) {
  if (request.method !== 'POST') return page(200, 'Send readings', form());
  const body = await request.text();
  try {
    return page(200, 'Readings', bars(readings(body)));
  } catch (error) {
    return page(400, 'These are no readings', html`<p>${error.message}</p>${form()}`);
  }
}

// The pairs in a body: JSON, or what a form sends.
function readings(body) {
  const text = body.startsWith('readings=') ? new URLSearchParams(body).get('readings') : body;
  const pairs = Object.entries(JSON.parse(text));
  const wrong = pairs.find(([, value]) => typeof value !== 'number');
  if (wrong) throw new Error(`"${wrong[0]}" is no number`);
  return pairs;
}

function bars(pairs) {
  const most = Math.max(...pairs.map(([, value]) => value), 1e-9);
  const row = ([name, value]) => html`<tr>
    <th>${name}</th>
    <td><meter min="0" max="${most}" value="${value}"></meter></td>
    <td>${value.toLocaleString('en')}</td>
  </tr>`;
  return html`<table>${pairs.map(row)}</table>`;
}

function form() {
  return html`<form method="post">
    <textarea name="readings" cols="40" rows="4">{"cellar": 12.5, "attic": 27}</textarea>
    <p><button>Show</button></p>
  </form>`;
}

function page(status, title, content) {
  const text = html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${title}</title>
<style>body { font: 16px sans-serif; margin: 2em } th { text-align: left }</style>
<h1>${title}</h1>
${content}
</html>
`;
  return new Response(text.raw, { status, headers: { 'content-type': 'text/html; charset=utf-8' } });
}

// A template whose values are text unless they came out of a template themselves.
function html(strings, ...values) {
  return { raw: String.raw({ raw: strings }, ...values.map(safe)) };
}

function safe(value) {
  if (Array.isArray(value)) return value.map(safe).join('');
  if (value?.raw !== undefined) return value.raw;
  const names = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return String(value).replace(/[&<>"']/g, (letter) => names[letter]);
}
