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

RUN useradd --uid 10001 --no-create-home loop && mkdir /data && chown loop:loop /data
USER loop
ENV PYTHONPATH=/app PATH=/venv/bin:$PATH MEMORY_DIR=/data
VOLUME /data
ENTRYPOINT ["python", "loop.py"]
