"""A bucket for tests: moto's S3 in memory, one request after the other.

moto looks at `If-Match` and then writes, in two steps; served by one thread the two are one,
as they are in a real bucket. Prints `ready` once the bucket is there; ends when killed.

Usage: bucket.py PORT BUCKET
"""

import sys
import threading
import urllib.request

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server


def main(port: int, bucket: str) -> None:
    application = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", port, application, threaded=False)
    threading.Thread(target=make, args=(port, bucket), daemon=True).start()
    server.serve_forever()


def make(port: int, bucket: str) -> None:
    request = urllib.request.Request(f"http://127.0.0.1:{port}/{bucket}", method="PUT")
    with urllib.request.urlopen(request, timeout=60):
        print("ready", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
