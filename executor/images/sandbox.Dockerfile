# What a job sees: Debian and its Python 3, nothing that raises privileges.
# The container's PID 1 is the launcher, root with two capabilities (SETUID, SETGID) and no other; it gives every job
# an unprivileged uid of its own. The root filesystem is read-only, /tmp and /dev/shm are small tmpfs.
FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3 \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt /var/log/* /root/.[a-z]* \
    && find / -xdev -perm /6000 ! -type l -exec chmod ug-s {} +
CMD ["/usr/bin/python3", "-V"]
