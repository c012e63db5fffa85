from utils.experiments import published


def test_the_box_reaches_from_three_fast_epochs_to_ten_slow_ones():
    seconds, accuracies = published.student_box()
    assert seconds == (3 * 382, 10 * 569)
    assert accuracies == tuple(sorted(accuracies))
    assert (accuracies[0], accuracies[2], accuracies[-1]) == (0.617, 0.668, 0.713)
    # The one run whose time is known took about as long, and reached the median.
    known, accuracy = 5958, 0.667
    assert seconds[0] < known < 1.1 * seconds[1] and abs(accuracy - 0.668) < 0.002


def test_peers_are_seconds_and_parts_of_one():
    for seconds, accuracy in published.PEERS.values():
        assert seconds > 60 and 0.6 < accuracy < 0.8
