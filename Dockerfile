# The loop with all that it needs. `docker-compose up --build` runs it on the rehearsal model.
FROM debian:bookworm-slim

ENV DEBIAN_FRONTEND=noninteractive PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /app
COPY requirements.txt ./
RUN python3 -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.txt

COPY loop.py ./
COPY builder builder
COPY executor executor
COPY memory memory
COPY trainer trainer
COPY utils utils

# the socket's folder is a volume that sandboxes share; its owner and rights are those of whoever mounts it first
RUN useradd --uid 10001 --no-create-home loop && mkdir --mode 0700 /data /run/builder-trainer \
    && chown loop:loop /data /run/builder-trainer
USER loop
ENV PYTHONPATH=/app PATH=/venv/bin:$PATH MEMORY_DIR=/data
VOLUME /data
ENTRYPOINT ["python", "loop.py"]
