"""The partitions of AWS, against those that botocore knows."""

import re
from typing import Any

import pytest
from botocore.loaders import Loader

from finding_router.findings.outline import read_outline
from finding_router.findings.partitions import PARTITIONS, REGION, partition_of

LOADER = Loader()
KNOWN: list[dict[str, Any]] = LOADER.load_data("partitions")["partitions"]
REGIONS = [
    (each["id"], region)
    for each in KNOWN
    for region in each["regions"]
    if not region.endswith("-global")
]


def test_every_partition_of_botocore_is_known() -> None:
    """With the end of its addresses, and the Region that stands for its global services."""
    expected = {
        each["id"]: (each["outputs"]["dnsSuffix"], each["outputs"]["implicitGlobalRegion"])
        for each in KNOWN
    }

    assert expected == {name: (one.suffix, one.home) for name, one in PARTITIONS.items()}
    assert expected.keys() == {
        each["partition"] for each in LOADER.load_data("endpoints")["partitions"]
    }


def test_every_console_stands_beside_its_sign_in() -> None:
    """The hosts of the sign-in service are in botocore; the console's differ by a word."""
    rules = str(LOADER.load_service_model("signin", "endpoint-rule-set-1"))
    hosts = set(re.findall(r"https://\{Region\}\.signin\.([a-z0-9.-]+)'", rules))

    assert {f"console.{host}" for host in hosts} == {one.console for one in PARTITIONS.values()}


@pytest.mark.parametrize(("partition", "region"), REGIONS)
def test_every_region_is_of_its_partition(partition: str, region: str) -> None:
    """Also where nothing but the Region of a finding says so."""
    finding = {"Id": "one", "ProductArn": "nonsense", "Region": region}

    assert REGION.fullmatch(region)
    assert (None if partition == "aws" else partition) == partition_of(region)
    assert partition == read_outline(finding).partition
