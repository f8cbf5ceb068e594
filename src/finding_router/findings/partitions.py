"""The partitions of AWS: each a cloud of its own, with its own Regions, console and addresses."""

from re import compile as regex
from typing import Final, NamedTuple


class Partition(NamedTuple):
    """A partition by the name that its ARNs have."""

    console: str
    """Host of its console; a Region's own console has its Region in front."""
    suffix: str
    """End of the addresses of its services."""
    regions: str
    """Beginning of the names of its Regions; "" where those of no other partition begin so."""
    home: str
    """Region that stands for services without Regions, such as IAM."""


# As botocore lists them, of which the deployed layer has a part only.
# https://docs.aws.amazon.com/general/latest/gr/mgmt-console.html; the consoles of the isolated
# partitions stand beside the hosts of their sign-in service, which botocore knows.
PARTITIONS: Final = {
    "aws": Partition("console.aws.amazon.com", "amazonaws.com", "", "us-east-1"),
    "aws-cn": Partition("console.amazonaws.cn", "amazonaws.com.cn", "cn-", "cn-northwest-1"),
    "aws-us-gov": Partition(
        "console.amazonaws-us-gov.com", "amazonaws.com", "us-gov-", "us-gov-west-1"
    ),
    "aws-eusc": Partition("console.amazonaws-eusc.eu", "amazonaws.eu", "eusc-", "eusc-de-east-1"),
    "aws-iso": Partition("console.c2shome.ic.gov", "c2s.ic.gov", "us-iso-", "us-iso-east-1"),
    "aws-iso-b": Partition(
        "console.sc2shome.sgov.gov", "sc2s.sgov.gov", "us-isob-", "us-isob-east-1"
    ),
    "aws-iso-e": Partition(
        "console.csphome.adc-e.uk", "cloud.adc-e.uk", "eu-isoe-", "eu-isoe-west-1"
    ),
    "aws-iso-f": Partition(
        "console.csphome.hci.ic.gov", "csp.hci.ic.gov", "us-isof-", "us-isof-south-1"
    ),
}
DEFAULT: Final = "aws"
REGION: Final = regex(r"[a-z]{2,4}(?:-[a-z]+)+-[0-9]{1,2}")


def partition_of(region: str | None) -> str | None:
    """Return the name of the partition that *region* can only be of; None if that is not known."""
    return next(
        (
            name
            for name, partition in PARTITIONS.items()
            if partition.regions and (region or "").startswith(partition.regions)
        ),
        None,
    )
