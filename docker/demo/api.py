"""The demo's consumer: healthy while it can read both the database and the cache."""

import json
import subprocess
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def ask(*argv: str) -> str:
    answer = subprocess.run(argv, capture_output=True, text=True, timeout=10)
    if answer.returncode != 0:
        raise RuntimeError(answer.stderr.strip() or f"{argv[0]} ended with {answer.returncode}")
    return answer.stdout.strip()


def health() -> tuple[int, dict]:
    try:
        customers = int(ask("psql", "-XAtq", "-c", "select count(*) from customers"))
        session = ask("redis-cli", "-h", "cache", "--no-auth-warning", "GET", "session:1")
    except (RuntimeError, ValueError, subprocess.TimeoutExpired) as error:
        return 503, {"status": "unhealthy", "error": str(error)}
    if session == "":
        return 503, {"status": "unhealthy", "error": "no session in the cache"}
    return 200, {"status": "healthy", "customers": customers}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        code, answer = health() if self.path == "/health" else (404, {"error": "not found"})
        body = json.dumps(answer).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


ThreadingHTTPServer(("", 8000), Handler).serve_forever()
