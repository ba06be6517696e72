"""A tenth of the soak: server, loop and disk fail again and again. `make soak` restarts the Docker daemon too."""

import pytest

from benchmarks.soak_night import main


@pytest.mark.night
@pytest.mark.docker
@pytest.mark.timeout(900)
def test_a_night_survives_everything_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["--units", "200"])
    told = capsys.readouterr().out
    assert code == 0, told
    assert "disk_nearly_full 1" in told
