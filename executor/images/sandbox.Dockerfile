# What a job sees: Debian and its Python 3, packages that were asked for, nothing that raises privileges.
# The container's PID 1 is the launcher, root with two capabilities (SETUID, SETGID) and no other; it gives every job
# an unprivileged uid of its own. The root filesystem is read-only, /tmp and /dev/shm are small tmpfs.
# The base has no digest here: engines without a registry hold it under this name alone, and a pinned one would come
# with packages that miss Debian's corrections. The id of the image that ran is stored with every result.
FROM debian:bookworm-slim
# Debian's packages, python3-NAME each, separated by spaces; Debian compiles their .pyc files while they are installed.
ARG PACKAGES=""
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3 $PACKAGES \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt /var/cache/debconf /var/log/* /root/.[a-z]* /usr/share/doc \
    && find / -xdev -perm /6000 ! -type l -exec chmod ug-s {} +
CMD ["/usr/bin/python3", "-V"]
