from __future__ import annotations

import pytest

from harlm.errors import ConfigError
from harlm.executors.choosing import EXECUTORS, check_executor


@pytest.mark.parametrize(("name", "address"), [("local", None), ("ray", None), ("ray", "10.0.0.1:6379")])
def test_what_can_be_chosen(name: str, address: str | None) -> None:
    check_executor(name, address)
    assert name in EXECUTORS


def test_another_executor_and_an_address_without_a_cluster_are_refused() -> None:
    with pytest.raises(ConfigError, match="there is no executor 'dask'; choose one of local, ray"):
        check_executor("dask", None)
    with pytest.raises(ConfigError, match=r"'10\.0\.0\.1:6379' is of a cluster.*--executor ray"):
        check_executor("local", "10.0.0.1:6379")
