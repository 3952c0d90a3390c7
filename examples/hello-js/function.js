// Greets whom the body of the request names, or the world.

addEventListener('fetch', (event) => event.respondWith(serve(event.request)));

async function serve(request) {
  const name = (await request.text()).trim() || 'world';
  return new Response(`Hello, ${name}, from JavaScript!\n`, {
    headers: { 'content-type': 'text/plain' },
  });
}
