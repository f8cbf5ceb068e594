"""Lines of a digest, their groups, totals and trend."""

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest_lines import HOSTILE, lines, make_line
from factories import make_finding, make_resource
from finding_router.delivery.digests.lines import LINE_BYTES, line_of, size_bytes
from finding_router.findings.digest import (
    LINKED,
    URGENT,
    Figures,
    Kind,
    Line,
    Totals,
    Trend,
    accounts,
    groups,
    kind_of,
    resources,
)
from finding_router.findings.finding import Finding, Severity
from finding_router.slack.kit.links import AccessPortal

PORTAL = AccessPortal("https://acme.awsapps.com/start", "ReadOnly")


def read(finding: Finding, **changes: Any) -> Line:
    """Return the finding's line, in no special circumstances but *changes*."""
    values: dict[str, Any] = {"subject": "0" * 40, "account_alias": None, "portal": None}
    return line_of(finding, **values | changes)


class TestKind:
    """The key by which findings are grouped."""

    @pytest.mark.parametrize(
        ("title", "about"),
        [
            ("S3 buckets should be private", "S3 buckets should be private"),
            ("S3.8 S3 buckets should be private", "S3 buckets should be private"),
            ("[S3.8] S3 buckets should be private", "S3 buckets should be private"),
            ("S3.80 is another control", "S3.80 is another control"),
            ("S3.8", None),
        ],
    )
    def test_controls_come_first(self, title: str, about: str | None) -> None:
        """A control has one id under any title, and the title does not repeat the id."""
        finding = make_finding(control_id="S3.8", title=title, types=("A/B/C",))

        assert kind_of(finding) == Kind("S3.8", about)

    @pytest.mark.parametrize(
        "vulnerabilities",
        [[{"Id": "CVE-2021-44228"}], [{"Id": "CVE-1"}, {"Id": "CVE-2"}], [{"Cvss": []}], "none"],
    )
    def test_a_vulnerability_is_known_by_its_resource(self, vulnerabilities: object) -> None:
        """One scan of an image finds hundreds; their type, CVE, says nothing."""
        title = "CVE-2021-44228 - log4j-core"
        finding = make_finding(
            {"Vulnerabilities": vulnerabilities},
            title=title,
            types=("Software and Configuration Checks/Vulnerabilities/CVE",),
        )

        assert kind_of(finding, "web") == Kind("web", title, is_of_resource=True)
        assert kind_of(finding) == Kind("CVE", title)

    def test_vulnerabilities_of_any_product_are_known_by_their_resource(self) -> None:
        """Whatever type their product gives them; a control about them is a control."""
        vulnerable = {"Vulnerabilities": [{"Id": "CVE-2021-44228"}]}

        assert kind_of(make_finding(vulnerable, types=("a/b/Image",)), "web").is_of_resource
        assert kind_of(make_finding(vulnerable, types=()), "web").is_of_resource
        assert kind_of(make_finding(types=("a/b/CVE",)), "web").is_of_resource
        assert not kind_of(make_finding(vulnerable, control_id="ECR.1"), "web").is_of_resource
        assert not kind_of(make_finding(types=("a/b/Image",)), "web").is_of_resource

    @pytest.mark.parametrize(
        "types",
        [(), ("Software and Configuration Checks",), ("Effects/Data Exposure",), ("a/b/ ",)],
    )
    def test_a_type_without_a_classifier_gives_way_to_the_title(
        self, types: tuple[str, ...]
    ) -> None:
        """Category and namespace are too wide to put findings together by."""
        assert kind_of(make_finding(types=types)) == Kind("Bucket is public")

    def test_types_are_known_by_their_classifier(self) -> None:
        """GuardDuty's titles name instances and addresses, its types do not."""
        finding = make_finding(types=("TTPs/Discovery/Recon:EC2-Portscan",))

        assert kind_of(finding) == Kind("Recon:EC2-Portscan", "Bucket is public")


class TestLine:
    """The line that is stored of a finding until its digest is posted."""

    def test_a_line_says_what_where_and_on_which_resource(self) -> None:
        """Everything that the digest shows comes from the finding, its link through the portal."""
        finding = make_finding(
            control_id="S3.8",
            title="S3.8 Buckets should be private",
            resources=(make_resource(), make_resource("arn:aws:s3:::exports")),
        )
        line = read(finding, portal=PORTAL)

        assert line == Line(
            subject="0" * 40,
            finding_id=finding.id,
            product_arn=finding.product_arn,
            severity=Severity.HIGH,
            title="S3.8 Buckets should be private",
            product="Scanner",
            group="S3.8",
            group_title="Buckets should be private",
            account_id="123456789012",
            account_name="payments-prod",
            region="eu-west-1",
            resource="invoices",
            resource_kind="S3 bucket",
            resource_keys=line.resource_keys,
            more_resources=1,
            url=line.url,
        )
        assert line.url is not None
        assert line.url.startswith("https://acme.awsapps.com/start/#/console?account_id=1234")

    def test_the_vulnerabilities_of_an_image_are_one_group(self) -> None:
        """400 of one scan are one row; another image of the same name elsewhere is another."""
        image = "arn:aws:ecr:eu-west-1:{}:repository/web/sha256:" + "0" * 64
        some = [
            read(
                make_finding(
                    {"Vulnerabilities": [{"Id": f"CVE-{number}"}]},
                    title=f"CVE-{number} - openssl",
                    account_id=account,
                    resources=(make_resource(image.format(account)),),
                ),
                subject=f"{account}{number}",
            )
            for account in ("111122223333", "444455556666")
            for number in range(400)
        ]

        assert [400, 400] == [group.count for group in groups(some)]
        assert {"web@sha256:000000000000"} == {group.name for group in groups(some)}
        assert resources(some) == 2

    def test_a_resource_is_counted_by_its_identity(self) -> None:
        """By all of its ARN; a name alone is one within its kind, account and Region."""
        role, user = "arn:aws:iam::111122223333:role/checkout", "arn:aws:iam::1:user/checkout"

        def key(*ids: str, **changes: Any) -> str | None:
            found = tuple(make_resource(each) for each in ids)
            return read(make_finding(resources=found, **changes)).resource_keys

        both = key(role, user)
        assert both == f"{key(role)}{key(user)}"
        assert key(role) == key(role, account_id="2", region="us-east-1")
        assert key("i-1") == key("i-1")
        assert key("i-1") != key("i-1", account_id="2")

    def test_the_operators_name_for_an_account_comes_first(self) -> None:
        """The finding's own account name stands in where there is no alias."""
        nameless = make_finding(account_name=None)

        assert read(nameless, account_alias="a").account_name == "a"
        assert read(make_finding(), account_alias="a").account_name == "a"
        assert read(make_finding()).account_name == "payments-prod"

    def test_what_a_finding_lacks_is_left_out(self) -> None:
        """A finding with next to nothing has a line nevertheless, named by its id."""
        finding = make_finding(
            id="42",
            title="\u200b",
            account_id=None,
            account_name=None,
            region=None,
            resources=(make_resource("\u200b"),),
        )

        assert set(read(finding).to_attributes()) == {
            "subject", "finding_id", "product_arn", "severity", "title", "product", "group",
        }  # fmt: skip
        assert (read(finding).title, read(finding).group) == ("42", "42")
        assert read(make_finding(id="\u200b", title="\u200b")).title == "untitled"

    def test_a_title_that_is_the_groups_is_kept_once(self) -> None:
        """A control's title is that of its group, so that the item need not hold it twice."""
        assert read(make_finding(control_id="S3.8")).group_title is None

    def test_long_texts_are_cut_between_characters(self) -> None:
        """A text is cut to its bytes, and shows the cut."""
        line = read(make_finding(title="ü" * 300, account_name="x" * 300))

        assert line.title == "ü" * 98 + "…"
        assert line.account_name == "x" * 117 + "…"

    def test_a_link_that_finds_no_room_is_left_out(self) -> None:
        """The longest Id that Security Hub takes still fits, without its link."""
        finding = make_finding(id="arn:aws:" + "/" * 504, title="t" * 300)
        line = read(finding, portal=PORTAL)

        assert line.url is None
        assert line.finding_id == finding.id
        assert size_bytes(line) <= LINE_BYTES

    @given(
        texts=st.fixed_dictionaries(
            dict.fromkeys(("title", "account_name", "region", "product", "control_id"), HOSTILE)
        ),
        finding_id=st.text(st.characters(codec="ascii"), min_size=1, max_size=512),
        resource=HOSTILE,
    )
    def test_a_line_fits_its_item_and_comes_back_whole(
        self, texts: dict[str, str], finding_id: str, resource: str
    ) -> None:
        """Below 2 KB with all keys, and the same after a trip through JSON."""
        finding = make_finding(id=finding_id, resources=(make_resource(resource),), **texts)
        line = read(finding, portal=PORTAL)
        stored = json.dumps(line.to_attributes())

        assert size_bytes(line) <= LINE_BYTES
        assert Line.from_attributes(json.loads(stored) | {"channel": "other"}) == line


class TestGroups:
    """Lines of one product and kind."""

    def test_the_most_severe_comes_first_then_the_most_findings(self) -> None:
        """Groups and the lines in them are in the order in which they should be read."""
        made = groups(
            [
                make_line(subject="1", group="b", severity=Severity.LOW),
                make_line(subject="2", group="a", severity=Severity.LOW),
                make_line(subject="3", group="b", severity=Severity.LOW),
                make_line(subject="4", group="c", severity=Severity.LOW, is_ended=False),
                make_line(subject="5", group="c", severity=Severity.HIGH),
                make_line(subject="6", group="d", severity=Severity.CRITICAL, is_ended=True),
            ]
        )

        assert ["c", "b", "a", "d"] == [group.name for group in made]
        assert ["5", "4"] == [line.subject for line in made[0].lines]

    def test_a_group_is_as_bad_as_what_is_open_in_it(self) -> None:
        """Ended findings come last and do not raise the severity of the group."""
        ended = make_line(subject="2", severity=Severity.CRITICAL, is_ended=True)
        [group] = groups([make_line(), ended])

        assert group.severity is Severity.HIGH
        assert (group.count, group.is_over) == (2, False)
        [over] = groups([ended])
        assert over.severity is Severity.CRITICAL
        assert over.is_over

    def test_products_are_kept_apart(self) -> None:
        """Two products may call different things by one name."""
        assert 2 == len(groups([make_line(), make_line(product="Scanner")]))

    def test_a_group_has_the_title_that_its_lines_share(self) -> None:
        """If they differ, or the name is enough, there is none."""
        [same] = groups([make_line(), make_line(subject="2")])
        [about] = groups([make_line(group_title="Block it")])
        [mixed] = groups([make_line(), make_line(subject="2", title="another")])
        [named] = groups([make_line(group="Buckets should block public access")])

        assert same.title == "Buckets should block public access"
        assert about.title == "Block it"
        assert mixed.title is None
        assert named.title is None

    def test_accounts_and_resources_count_once(self) -> None:
        """Two findings on one bucket are one resource; a bucket elsewhere is another."""
        some = [
            make_line(),
            make_line(subject="2"),
            make_line(subject="3", more_resources=2),
            make_line(subject="4", region="us-east-1"),
            make_line(subject="5", account_id=None),
            make_line(subject="6", account_id=None, account_name=None, resource=None),
        ]

        assert accounts(some) == 2
        assert resources(some) == 5

    def test_resources_count_by_identity_not_by_short_name(self) -> None:
        """Of two findings that share one of their resources, three are concerned."""
        a, b, c = "a" * 10, "b" * 10, "c" * 10
        some = [
            make_line(resource_keys=a + b, more_resources=1),
            make_line(subject="2", resource_keys=b + c, more_resources=1),
            make_line(subject="3", resource_keys=a, region="us-east-1"),
        ]

        assert resources(some) == 3

    def test_the_lines_of_one_place_stand_together(self) -> None:
        """The place with the worst open finding first, what ended last of all."""
        some = [
            make_line(subject="1", account_name="b"),
            make_line(subject="2", account_name="a"),
            make_line(subject="3", account_name="b", severity=Severity.CRITICAL),
            make_line(subject="4", account_name="a", region="us-east-1"),
            make_line(subject="5", account_name="b", is_ended=True),
            make_line(subject="6", account_name="b", severity=Severity.CRITICAL, has_card=True),
        ]
        [group] = groups(some)

        assert [line.subject for line in group.lines] == ["3", "6", "1", "2", "4", "5"]

    @given(lines())
    def test_nothing_is_left_out_or_counted_twice(self, some: list[Line]) -> None:
        """The sum by severity, the sum over groups and the number of lines are one number."""
        made, totals = groups(some), Totals.of(some)

        assert len(some) == sum(totals.by_severity.values()) == totals.count
        assert len(some) == sum(group.count for group in made)
        assert totals.ended == sum(line.is_ended for group in made for line in group.lines)
        assert totals.by_severity == Counter(
            line.severity for group in made for line in group.lines
        )
        assert {line.subject for line in some} == {
            line.subject for group in made for line in group.lines
        }
        assert not any(count == 0 for count in totals.by_severity.values())


class TestFigures:
    """All that a parent shows, added up."""

    @given(lines())
    def test_figures_add_up(self, some: list[Line]) -> None:
        """By severity, open and ended, by kind, and with what is linked and what is not."""
        figures = Figures.of(some)
        there = [line for line in some if not line.is_ended]

        assert figures.count == len(some) == sum(kind.count for kind in figures.kinds)
        assert figures.ended == len(some) - len(there)
        assert [kind.name for kind in figures.kinds] == [group.name for group in groups(some)]
        urgent = [line for line in there if line.severity in URGENT]
        assert len(figures.worst) == min(len(urgent), LINKED)
        assert figures.unlinked == len(urgent) - len(figures.worst)
        assert {line.subject for line in figures.worst} <= {line.subject for line in urgent}
        assert (figures.account is None) == (figures.accounts != 1)


class TestTrend:
    """A digest against the one before."""

    def test_changes_by_severity_and_by_group(self) -> None:
        """How many more or fewer of each severity, and which groups came and went."""
        before = Totals.of([make_line(group="a"), make_line(group="b", severity=Severity.LOW)])
        now = Totals.of([make_line(group="b", severity=Severity.LOW), make_line(group="b")])
        later = Totals.of([make_line(group="b"), make_line(group="c", severity=Severity.CRITICAL)])

        assert Trend.between(before, now) == Trend(before=2, gone=("a",))
        assert Trend.between(now, later) == Trend(
            before=2, changes={Severity.CRITICAL: 1, Severity.LOW: -1}, new=("c",)
        )

    @given(lines(), lines())
    def test_the_changes_lead_from_one_to_the_other(
        self, first: list[Line], second: list[Line]
    ) -> None:
        """The findings before, with all changes, add up to the findings now."""
        before, now = Totals.of(first), Totals.of(second)
        trend = Trend.between(before, now)

        assert trend.before + sum(trend.changes.values()) == now.count
        assert {*before.groups} - {*trend.gone} | {*trend.new} == {*now.groups}

    @given(lines())
    def test_totals_come_back_as_they_were_kept(self, some: list[Line]) -> None:
        """Kept with the digest as JSON until the next one is made."""
        totals = Totals.of(some)

        assert Totals.from_attributes(json.loads(json.dumps(totals.to_attributes()))) == totals

    def test_a_group_whose_name_was_not_kept_is_not_called_new(self) -> None:
        """Of very many groups only the first are stored, so that the others are unknown."""
        totals = Totals.of([make_line(group=str(number)) for number in range(301)])
        kept = Totals.from_attributes(totals.to_attributes())
        again = Totals.from_attributes(kept.to_attributes())

        assert (len(kept.groups), kept.are_groups_cut, kept.count) == (300, True, 301)
        assert again == kept
        assert Trend.between(kept, totals) == Trend(before=301)
