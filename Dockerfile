# The loop with all that it needs, and the rehearsal model's server. docker-compose.yml says how they are run.
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

# compose gives both folders to the user whom it runs the loop as; alone, the image has one of its own
RUN useradd --uid 10001 --no-create-home loop && mkdir --mode 0700 /data /run/builder-trainer \
    && chown loop:loop /data /run/builder-trainer
USER loop
ENV PYTHONPATH=/app PATH=/venv/bin:$PATH MEMORY_DIR=/data HOME=/tmp
VOLUME /data
ENTRYPOINT ["python", "loop.py"]
