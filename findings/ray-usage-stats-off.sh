#!/usr/bin/env bash
# ray 2.60.0: with usage statistics switched off, a local cluster still asks the cloud what it is.
#
# The documentation says that RAY_USAGE_STATS_ENABLED=0 stops the collection of usage data. Expected: a
# local `ray.init` without a dashboard then makes no request beyond its own processes.
# Seen: the module of usage statistics finds out the "cloud provider to report" before it looks at the
# switch: it requests the metadata services of Azure, Google and Amazon, by address and by name
# (169.254.169.254, metadata.google.internal). Nothing is reported, but a traced or closed network sees
# the requests, and a look-up of a name. Here a proxy on this machine takes them in place of the network.
#
# Output seen (Linux, Python 3.11):
#   GET http://169.254.169.254/metadata/instance?api-version=2021-12-13
#   GET http://metadata.google.internal/computeMetadata/v1
#   GET http://169.254.169.254/latest/meta-data/
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check ray==2.60.0
cat >"$folder/seen.py" <<'PYTHON'
import http.server
import os
import sys
import threading
import time

seen = []


class Proxy(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        seen.append(self.path)
        self.send_error(404)

    def log_message(self, *words):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
threading.Thread(target=server.serve_forever, daemon=True).start()
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
os.environ["http_proxy"] = f"http://127.0.0.1:{server.server_port}"
os.environ["no_proxy"] = "127.0.0.1,localhost"

import ray

ray.init(num_cpus=1, include_dashboard=False, logging_level="error", log_to_driver=False)
for _ in range(60):
    if len(seen) >= 3:
        break
    time.sleep(0.5)
ray.shutdown()
for path in seen:
    print("GET", path)
wanted = ("169.254.169.254/metadata", "metadata.google.internal", "169.254.169.254/latest")
sys.exit(not all(any(name in path for path in seen) for name in wanted))
PYTHON
cd "$folder"
env -u http_proxy -u HTTP_PROXY -u no_proxy -u NO_PROXY "$folder/venv/bin/python" "$folder/seen.py"
