"""Greets whom the body of the request names, or the world."""

from componentize_py_types import Err, Ok
from wit_world import exports
from wit_world.imports.streams import StreamError_Closed
from wit_world.imports.types import Fields, OutgoingBody, OutgoingResponse, ResponseOutparam

# The most that may be read or written at once.
PIECE = 4096


class IncomingHandler(exports.IncomingHandler):
    """Answers each request; each gets a fresh copy of this program."""

    def handle(self, request, response_out):
        name = read(request).decode("utf-8", "replace").strip() or "world"
        answer(response_out, 200, "text/plain", f"Hello, {name}, from Python!\n".encode())


def read(request) -> bytes:
    """The whole body of a request."""
    pieces = []
    body = request.consume()
    with body.stream() as stream:
        try:
            while True:
                pieces.append(stream.blocking_read(PIECE))
        except Err as error:
            if not isinstance(error.value, StreamError_Closed):
                raise
    return b"".join(pieces)


def answer(response_out, status: int, kind: str, content: bytes) -> None:
    """Sends the head of an answer, then its body."""
    headers = Fields.from_list([("content-type", kind.encode())])
    response = OutgoingResponse(headers)
    response.set_status_code(status)
    body = response.body()
    ResponseOutparam.set(response_out, Ok(response))
    with body.write() as stream:
        for start in range(0, len(content), PIECE):
            stream.blocking_write_and_flush(content[start : start + PIECE])
    OutgoingBody.finish(body, None)
