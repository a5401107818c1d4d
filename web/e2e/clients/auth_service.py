"""A service that decides who may enter, as the operator of a server may have one: MediaMTX's external authentication.

Prints its address. A token "good" and the user ann with the password "secret" are let in; who comes to the room "slow"
waits for ever.
"""

import http.server
import json
import threading


class Service(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        fields = {"ip", "user", "password", "token", "action", "path", "protocol", "id", "query"}
        assert fields <= asked.keys(), asked
        assert asked["action"] in ("publish", "read") and asked["protocol"] == "webrtc", asked
        if asked["path"] == "slow":
            threading.Event().wait()
        is_ann = (asked["user"], asked["password"]) == ("ann", "secret")
        self.send_response(200 if asked["token"] == "good" or is_ann else 401)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
server.daemon_threads = True
print(f"http://127.0.0.1:{server.server_port}/auth", flush=True)
server.serve_forever()
