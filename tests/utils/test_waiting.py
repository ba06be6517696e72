from utils.waiting import Backoff


def test_waits_double_up_to_the_longest() -> None:
    backoff = Backoff(longest_s=10)
    assert [backoff.next_s() for _ in range(6)] == [1, 2, 4, 8, 10, 10]


def test_a_success_starts_anew() -> None:
    backoff = Backoff(longest_s=10)
    for _ in range(3):
        backoff.next_s()
    backoff.reset()
    assert (backoff.next_s(), backoff.failures) == (1, 1)


def test_years_of_failures_are_still_the_longest_wait() -> None:
    assert Backoff(longest_s=300, failures=10**9).next_s() == 300
    assert Backoff(longest_s=0.5).next_s() == 0.5
