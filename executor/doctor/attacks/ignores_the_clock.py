# run on after its time, deaf to signals
import signal
import sys
import time

for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
    signal.signal(number, signal.SIG_IGN)
until = time.monotonic() + 6
while time.monotonic() < until:
    time.sleep(0.1)
sys.exit(0)
