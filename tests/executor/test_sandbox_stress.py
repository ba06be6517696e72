"""Hostile conversations, closed at random moments, never spoil what honest jobs get from the same slots."""

import hashlib
import json
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from executor.sandbox import Conversation, ConversationEnded, Job, Limits, Program, Sandbox, Status

LIMITS = Limits(wall_s=6.0, cpu_s=3.0, memory_mb=256, file_mb=8, processes=32)
BRIEF = Limits(wall_s=2.0, cpu_s=1.0, memory_mb=256, file_mb=8, processes=32)
THREADS = 4
SUMS = "import hashlib, sys; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest(), {number})"
TELLS = (
    "import json\n"
    "while (frame := channel.receive()) is not None:\n"
    "    channel.send(json.dumps([len(frame), frame[:9].decode(), {number}]).encode())\n"
)
HOSTILE = (
    "import os\nos.write(channel._outgoing, bytes([0, 0, 3, 232]) + b'x' * 10)\nchannel.receive()\n",
    "import os\nwhile True: os.write(channel._outgoing, b'\\0\\0\\0\\1x' * 10_000)\n",
    "import os\nos.write(channel._outgoing, b'\\xff' * 40)\nchannel.receive()\n",
    "import time\ntime.sleep(60)\n",
    "import os\nos._exit(3)\n",
    "import os\nchannel.receive()\nos.kill(os.getpid(), 9)\n",
    "import os, time\nos.close(channel._outgoing)\nos.close(channel._incoming)\ntime.sleep(60)\n",
    "import os\nos.close(channel._incoming)\nchannel.send(b'x')\n",
    "while True: print('x' * 100_000)\n",
    "while (frame := channel.receive()) is not None: channel.send(frame)\n",
)


def summed(sandbox: Sandbox, chance: random.Random) -> None:
    """An honest job gets its own input and gives its own output."""
    number = chance.randrange(10**9)
    data = str(number).encode() * chance.choice((1, 1000, 100_000))
    result = sandbox.run(Job(argv=("python", "-c", SUMS.format(number=number)), stdin=data, limits=LIMITS))
    wanted = f"{hashlib.sha256(data).hexdigest()} {number}\n"
    assert (result.status, result.stdout.text) == (Status.EXIT, wanted), result


def told(sandbox: Sandbox, chance: random.Random) -> None:
    """An honest program answers what it was asked, and ends well."""
    number, fresh = chance.randrange(10**9), chance.random() < 0.3
    conversation = sandbox.converse(Program(source=TELLS.format(number=number), fresh=fresh, limits=LIMITS))
    for _ in range(chance.randrange(1, 5)):
        frame = str(chance.randrange(10**8, 10**9)).encode() * chance.choice((1, 5000, 100_000))
        conversation.send(frame)
        assert json.loads(conversation.receive()) == [len(frame), frame[:9].decode(), number]
    assert conversation.close().status is Status.EXIT


@contextmanager
def interrupted(conversation: Conversation, chance: random.Random) -> Iterator[None]:
    """Another thread closes it within 0.3 s."""
    timer = threading.Timer(chance.random() * 0.3, conversation.close)
    timer.start()
    yield
    timer.join()


def attacked(sandbox: Sandbox, chance: random.Random) -> None:
    """A hostile program ends soon after it is closed, and always in the same way."""
    conversation = sandbox.converse(Program(source=chance.choice(HOSTILE), limits=BRIEF))
    with interrupted(conversation, chance):
        try:
            for _ in range(chance.randrange(4)):
                conversation.send(bytes(chance.choice((0, 1, 70_000, 3_000_000))))
                if chance.random() < 0.3:
                    conversation.receive()
        except ConversationEnded:
            pass
    began = time.monotonic()
    assert conversation.close() is conversation.close()
    assert time.monotonic() - began < 4.0


@pytest.mark.parametrize("seconds", [4.0, pytest.param(12.0, marks=pytest.mark.night)])
def test_honest_jobs_are_right_between_hostile_ones_that_end_at_random(namespaced: Sandbox, seconds: float) -> None:
    until, wrong, done = time.monotonic() + seconds, list[BaseException](), list[str]()

    def work(seed: int) -> None:
        chance = random.Random(seed)
        while time.monotonic() < until and not wrong:
            act = chance.choice((summed, told, attacked, attacked))
            try:
                act(namespaced, chance)
            except BaseException as fault:  # noqa: BLE001  a thread's failure is the test's
                wrong.append(fault)
            done.append(act.__name__)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds + 30)
    assert not any(thread.is_alive() for thread in threads)
    assert wrong == []
    assert {"summed", "told", "attacked"} <= {*done}
