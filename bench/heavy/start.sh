#!/bin/bash
# Starts in OpenAlgo's order: migrations, WebSocket proxy, web server.
export PYTHONDONTWRITEBYTECODE=1
cd /app || exit 1
echo "[OpenAlgo] Running database migrations..."
.venv/bin/python upgrade/migrate_all.py
.venv/bin/python -m websocket_proxy.server &
mkdir -p /tmp/gunicorn_workers
echo "[OpenAlgo] Starting application on port 5000 with eventlet..."
exec .venv/bin/gunicorn --worker-class eventlet --workers 1 --bind 0.0.0.0:5000 --timeout 300 \
  --graceful-timeout 30 --worker-tmp-dir /tmp/gunicorn_workers --no-control-socket --log-level warning app:app
