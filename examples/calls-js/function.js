// Greets, and tells how many calls this guest has served.

import { serve } from './http.js';

let calls = 0;

export const incomingHandler = serve(async (request) => {
  calls += 1;
  const name = request.text().trim() || 'world';
  return {
    headers: { 'content-type': 'text/plain' },
    body: `Hello, ${name}, for the ${calls}. time!\n`,
  };
});
