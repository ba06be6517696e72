"""The trusted first process of every sandbox. Standard library only, Python 3.9 and later; it runs in any image.

Nothing here is imported by the host but the frames and the environment; `executor.agent_bundle` makes one text of it
all, which a sandbox runs. It starts a job or program, watches it, reports how it ended, leaves nothing of it, and
proves that.

What keeps a job from forging or losing a report: the agent is not dumpable (no ptrace, no /proc/1/fd), has another uid
where it is root, is PID 1 (signals from inside do not reach it) or outside of the job's Landlock domain, and the job
holds none of its file descriptors; in the process kind it is not protected.
"""
