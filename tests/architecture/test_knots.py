from __future__ import annotations

from tests.architecture.knots import arrows, knots, running_back


def test_package_has_no_knot() -> None:
    assert knots(arrows()) == []


def test_knot_is_a_group_that_imports_itself_in_a_circle() -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}, "e": set[str]()}
    assert knots(graph) == [{"a", "b", "c"}]
    assert running_back(graph, {"a", "b", "c"}) == 1


def test_arrows_that_run_back_up_are_counted_in_the_best_order() -> None:
    graph = {"a": {"b", "c", "d"}, "b": {"a"}, "c": {"a", "d"}, "d": {"c"}}
    assert knots(graph) == [{"a", "b", "c", "d"}]
    assert running_back(graph, {"a", "b", "c", "d"}) == 3
