# A sandbox as a service for compose: what sandbox.Dockerfile has, and the agent that dials the loop's socket.
# Build it in the project's folder. Its container needs what docker-compose.yml gives it; the loop checks that.
FROM debian:bookworm-slim
# Debian's packages, python3-NAME each, separated by spaces
ARG PACKAGES=""
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3 $PACKAGES \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt /var/cache/debconf /var/log/* /root/.[a-z]* /usr/share/doc \
    && find / -xdev -perm /6000 ! -type l -exec chmod ug-s {} +
# 10001 is the loop's user: the socket's folder is open to it alone, whoever mounts the volume first
RUN mkdir --mode 0700 /run/builder-trainer && chown 10001:10001 /run/builder-trainer
ENV PYTHONHASHSEED=0 PYTHONDONTWRITEBYTECODE=1 MALLOC_ARENA_MAX=2 LANG=C.UTF-8 TZ=UTC
COPY executor /build/executor
COPY utils /build/utils
RUN cd /build && python3 -B -m executor.sandbox_service > /agent.py && rm -r /build
CMD ["/usr/bin/python3", "-s", "/agent.py"]
