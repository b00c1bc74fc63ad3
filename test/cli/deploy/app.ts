/**
 * A small web server with what a deploy has to do with: it needs a moment until it is healthy, tells its version, can be
 * slow, and ends by itself when it is told to. VERSION and its switches come from the environment:
 * `ILL=1` never becomes healthy.
 */
export const APP = `
import os, signal, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

begun = time.monotonic()
version = os.environ.get('VERSION', '0')
model = os.environ.get('LLM_MODEL', 'real')

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        status, body = 200, version + ' ' + model
        if self.path == '/health':
            warm = time.monotonic() - begun > 1
            ill = os.environ.get('ILL') == '1'
            status, body = (200, '{"status":"healthy"}') if warm and not ill else (503, '{"status":"starting"}')
        elif self.path == '/slow':
            time.sleep(2)
        self.send_response(status)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())
    def log_message(self, *args):
        pass

class Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 128

server = Server(('0.0.0.0', 8000), Handler)
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
print('version', version, 'listens', flush=True)
server.serve_forever()
server.server_close()
`;
