// Greets whom the body of the request names, or the world.

import { serve } from './http.js';

export const incomingHandler = serve(async (request) => {
  const name = request.text().trim() || 'world';
  return {
    headers: { 'content-type': 'text/plain' },
    body: `Hello, ${name}, from JavaScript!\n`,
  };
});
