// `wasi:http` for functions that take a request and return an answer.
//
// An event listener for `fetch` does the same with the types of a browser, but its engine
// serves one request only; what is here can serve request after request in one guest
// (`isolation = "instance"` in the manifest). What a request holds on the host's side is
// given back at its end: the engine alone would do that at some time or never.

import { Fields, OutgoingBody, OutgoingResponse, ResponseOutparam } from 'wasi:http/types@0.2.10';

// The longest piece that a stream takes at a time.
const PIECE = 4096;

// A handler that answers with `{ status, headers, body }`, each of which may be left out;
// a body is text or bytes.
export function serve(answer) {
  return {
    async handle(incoming, out) {
      const { status = 200, headers = {}, body = '' } = await answer(new Request(incoming));
      const encode = (text) => new TextEncoder().encode(text);
      const fields = Object.entries(headers).map(([name, value]) => [name, encode(value)]);
      const response = new OutgoingResponse(Fields.fromList(fields));
      response.setStatusCode(status);
      const outgoing = response.body();
      ResponseOutparam.set(out, { tag: 'ok', val: response });
      const bytes = typeof body === 'string' ? encode(body) : body;
      const stream = outgoing.write();
      for (let at = 0; at < bytes.length; at += PIECE) {
        stream.blockingWriteAndFlush(bytes.subarray(at, at + PIECE));
      }
      stream[Symbol.dispose]();
      OutgoingBody.finish(outgoing, undefined);
      incoming[Symbol.dispose]();
    },
  };
}

class Request {
  #incoming;

  constructor(incoming) {
    this.#incoming = incoming;
  }

  get method() {
    const { tag, val } = this.#incoming.method();
    return val ?? tag.toUpperCase();
  }

  // With the query.
  get path() {
    return this.#incoming.pathWithQuery() ?? '/';
  }

  // The first value of a header, or undefined.
  header(name) {
    const headers = this.#incoming.headers();
    const [value] = headers.get(name);
    headers[Symbol.dispose]();
    return value && new TextDecoder().decode(value);
  }

  // The whole body, once.
  bytes() {
    const body = this.#incoming.consume();
    const stream = body.stream();
    const pieces = [];
    try {
      for (;;) pieces.push(stream.blockingRead(65536n));
    } catch (end) {
      if (end?.payload?.tag !== 'closed') throw end;
    }
    stream[Symbol.dispose]();
    body[Symbol.dispose]();
    const whole = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
    let at = 0;
    for (const piece of pieces) {
      whole.set(piece, at);
      at += piece.length;
    }
    return whole;
  }

  text() {
    return new TextDecoder().decode(this.bytes());
  }
}
