"""`finding-router routes export` and `routes apply`: files on one side, a stack on the other."""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Lock, get_ident
from typing import Any

import pytest
import yaml

from cli import Cli, lines
from finding_router.aws.attributes import to_item
from finding_router_cli.items import yaml_text
from finding_router_cli.items.item import Key
from finding_router_cli.items.stored import StoredItems
from finding_router_cli.main import main
from hub_events import raw_finding

A = {"kind": "route", "name": "a", "order": 1, "channel": "#a", "match": {"Region": ["eu-west-1"]}}
B = {"kind": "route", "name": "b", "order": 2, "channel": "#b"}
PAYMENTS = {"kind": "account", "name": "111122223333", "alias": "payments"}
SILENCE = {"kind": "silence", "name": "s", "match": {}, "until": "2999-01-01T00:00:00Z"}
WRITTEN = """\
# Routes of the security team.

# About a.
- kind: route
  name: a   # its name
  order: 1
  channel: "#a"
  match:
    Region:
    - eu-west-1  # Ireland

# --- Second part

- {kind: route, name: b, order: 2, channel: '#b'}  # in a line

# The payments team
- kind: account
  name: "111122223333"
  alias: payments
# The end.
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a file with items, comments, and several styles."""
    path = tmp_path / "routes.yaml"
    path.write_text(WRITTEN, "utf-8")
    return path


@pytest.fixture
def meanwhile(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> list[Mapping[str, Any]]:
    """Return a list of items that a person writes, or deletes if a key, before the next write."""
    edits: list[Mapping[str, Any]] = []
    write = StoredItems.write
    table, client = cli.stack.deployment.tables["RoutingTable"], cli.stack.aws.client("dynamodb")

    def late(self: StoredItems, *arguments: Any) -> None:
        while edits:
            item = edits.pop()
            if len(item) > 2:
                client.put_item(TableName=table, Item=to_item(item))
            else:
                client.delete_item(TableName=table, Key=to_item(item))
        write(self, *arguments)

    monkeypatch.setattr(StoredItems, "write", late)
    return edits


class TestApply:
    """`routes apply`."""

    def test_a_file_is_applied_to_an_empty_table(self, cli: Cli, file: Path) -> None:
        """The plan counts as Terraform's does."""
        result = cli("routes", "apply", str(file), "--yes")

        assert "3 to add, 0 to change, 0 to delete" in lines(result)
        assert [A, B, PAYMENTS] == sorted(
            cli.items, key=lambda item: (item["kind"] != "route", item["name"])
        )

    def test_a_second_time_nothing_changes(self, cli: Cli, file: Path) -> None:
        """Nor is it asked."""
        cli("routes", "apply", str(file), "--yes")

        assert ["no changes"] == lines(cli("routes", "apply", str(file)))

    def test_differences_are_shown_and_written(self, cli: Cli, file: Path) -> None:
        """What only the table has, stays."""
        other = {"kind": "route", "name": "other", "channel": "#other"}
        cli.put(A | {"order": 9, "description": "x"}, other)

        result = cli("routes", "apply", str(file), "--yes")

        assert ["    - description: x", "    - order: 9", "    + order: 1"] == [
            line for line in lines(result) if line.startswith(("    - ", "    + order: 1"))
        ]
        assert "2 to add, 1 to change, 0 to delete" in lines(result)
        assert (A, other) == (cli.item("a"), cli.item("other"))

    @pytest.mark.parametrize("words", [["--dry-run"], ["--dry-run", "--yes"]])
    def test_a_dry_run_writes_nothing(self, cli: Cli, file: Path, words: list[str]) -> None:
        """It says what would be."""
        cli("routes", "apply", str(file), *words)

        assert [] == cli.items

    def test_exit_codes_can_tell_changes(self, cli: Cli, file: Path) -> None:
        """As those of `terraform plan -detailed-exitcode`."""
        words = ("routes", "apply", str(file), "--detailed-exitcode")

        cli(*words, "--dry-run", code=2)
        assert [] == cli.items
        cli(*words, "--yes", code=2)
        assert {"a", "b", "111122223333"} == {item["name"] for item in cli.items}
        assert ["no changes"] == lines(cli(*words, "--yes", code=0))
        file.write_text("- kind: route\n  name: x\n")
        cli(*words, "--yes", code=1)
        assert cli.item("x") is None

    def test_items_in_no_file_are_pruned_on_demand(self, cli: Cli, file: Path) -> None:
        """Of the kinds that the files hold, and silences never by the way."""
        file.write_text(json.dumps(A), "utf-8")
        cli.put(B, PAYMENTS, SILENCE)

        result = cli("routes", "apply", str(file), "--prune", "--yes")

        assert "1 to add, 0 to change, 1 to delete" in lines(result)
        assert {"a", "111122223333", "s"} == {item["name"] for item in cli.items}

    def test_kinds_are_pruned_where_they_are_named(self, cli: Cli, file: Path) -> None:
        """Silences, too; then other kinds of the file are not written."""
        cli.put(B, SILENCE)

        cli("routes", "apply", str(file), "--prune", "--kind", "silence", "--yes")

        assert [B] == cli.items

    def test_a_folder_is_applied_as_a_whole(self, cli: Cli, file: Path) -> None:
        """YAML and JSON, folders inside, and nothing hidden."""
        file.write_text(WRITTEN.partition("# The payments")[0], "utf-8")
        inside, hidden = file.parent / "more", file.parent / ".git"
        for folder in (inside, hidden):
            folder.mkdir()
            (folder / "accounts.json").write_text(json.dumps([PAYMENTS]), "utf-8")
        (file.parent / "README.md").write_text("No items.")

        cli("routes", "apply", str(file.parent), "--yes")

        assert {"a", "b", "111122223333"} == {item["name"] for item in cli.items}

    def test_findings_of_a_file_are_counted(self, cli: Cli, file: Path) -> None:
        """In place of those of Security Hub."""
        findings = file.with_suffix(".json")
        findings.write_text(json.dumps([raw_finding("1"), raw_finding("2", Region="x")]), "utf-8")

        result = cli("routes", "apply", str(file), "--dry-run", "--findings", str(findings))
        silent = cli("routes", "apply", str(file), "--dry-run", "--no-impact")

        default = cli.stack.function.environment["DEFAULT_CHANNEL"]
        assert (
            f"of 2 findings in {findings} 2 would go elsewhere: +2 to #b, -2 to {default}, +1 to #a"
        ) in lines(result)
        assert not [line for line in lines(silent) if "elsewhere" in line]

    @pytest.mark.parametrize(
        ("text", "code", "told"),
        [
            ("- {kind: route, name: x}", 1, 'route "x", channel: is missing; write a name'),
            ("- {kind: rout, name: x}", 1, 'rout "x", kind: is the text "rout"'),
            ("- {kind: route, name: 1, channel: '#a'}", 1, "name: is the number 1; make it a text"),
            ("- {name: x}\n- {kind: silence, name: y, match: {}}", 1, "until: is missing"),
            ("- 1", 1, "item: is the number 1; make it a map"),
            ("- kind: route\n kind: x", 2, "line 2, column 2 is no YAML"),
            ("- {kind: route, name: x, channel: !Ref A}", 2, "has the tag !Ref"),
            ("a: &a [*a]\nkind: route", 1, "a: is no attribute of a route"),
            ("", 2, "is empty; write a list of items"),
            ("routes:\n  x: 1", 2, "holds no items of a routing table"),
            ("\x00", 2, "is no YAML"),
            (
                "- {kind: route, name: x, channel: '#a'}\n- {kind: route, name: x, channel: '#b'}",
                1,
                'route "x", name: is there twice in',
            ),
        ],
    )
    def test_a_file_that_is_wrong_is_refused_as_a_whole(
        self, cli: Cli, file: Path, text: str, code: int, told: str
    ) -> None:
        """Also where only one of its items is wrong."""
        file.write_text(text + "\n" if text else "", "utf-8")
        (file.parent / "good.yaml").write_text("- {kind: route, name: g, channel: '#g'}\n")

        for path in (file, file.parent):
            assert told in cli("routes", "apply", str(path), "--yes", code=code).stderr
        assert [] == cli.items

    def test_aliases_cannot_blow_up(
        self, cli: Cli, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A few lines that stand for a billion values."""
        monkeypatch.setattr(yaml_text, "_MAX_NODES", 10_000)
        text = "x0: &x0 [a, a, a, a, a, a, a, a, a, a]\n" + "".join(
            f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 10)}]\n" for n in range(1, 9)
        )
        file.write_text(text, "utf-8")

        assert "stands for more than" in cli("routes", "apply", str(file), code=2).stderr

    def test_a_path_that_is_not_there(self, cli: Cli, tmp_path: Path) -> None:
        """And a folder without files."""
        nowhere = cli("routes", "apply", str(tmp_path / "x.yaml"), code=2)
        nothing = cli("routes", "apply", str(tmp_path), code=2)

        assert "cannot be opened (No such file or directory); check the path" in nowhere.stderr
        assert "has no file with items; name them *.yaml or *.json" in nothing.stderr

    def test_standard_input_is_applied(self, cli: Cli) -> None:
        """YAML or JSON."""
        cli("routes", "apply", "-", "--yes", answer=WRITTEN)
        cli("routes", "apply", "-", "--yes", answer=json.dumps([B | {"order": 3}]))

        assert (A, B | {"order": 3}) == (cli.item("a"), cli.item("b"))

    def test_a_mistake_in_the_table_is_no_obstacle(self, cli: Cli, file: Path) -> None:
        """It was there before."""
        cli.put({"kind": "route", "name": "wrong", "channel": "#A"})

        cli("routes", "apply", str(file), "--yes")

        assert A == cli.item("a")


class TestMeanwhile:
    """Somebody edits the same item in the console, between the plan and the write."""

    @pytest.mark.parametrize(
        "edited",
        [
            A | {"order": 5},
            A | {"order": 9, "description": "mine"},
            A | {"order": 9, "enabled": False},
            {name: value for name, value in A.items() if name != "match"} | {"order": 9},
        ],
    )
    def test_an_edit_is_told_and_not_overwritten(
        self, cli: Cli, file: Path, meanwhile: list[Any], edited: dict[str, Any]
    ) -> None:
        """The other items are written all the same."""
        cli.put(A | {"order": 9})
        meanwhile.append(edited)

        result = cli("routes", "apply", str(file), "--yes", code=1)

        assert 'not written: somebody changed route "a" meanwhile; run the' in result.stderr
        assert (edited, B, PAYMENTS) == (cli.item("a"), cli.item("b"), cli.item("111122223333"))
        assert "2 items written" in lines(result)

    def test_programs_read_what_is_there_now(
        self, cli: Cli, file: Path, meanwhile: list[Any]
    ) -> None:
        """Beside what was written."""
        cli.put(A | {"order": 9})
        meanwhile.append(A | {"order": 5})

        said = cli.json("routes", "apply", str(file), "--yes", code=1)

        now = {"kind": "route", "name": "a", "now": A | {"order": 5}}
        assert ([now], 2) == (said["changed_meanwhile"], said["written"])

    def test_an_attribute_that_is_not_known_stays(
        self, cli: Cli, file: Path, meanwhile: list[Any]
    ) -> None:
        """No condition can be made about it, so that a change sets only what it is about."""
        cli.put(A | {"order": 9})
        meanwhile.append(A | {"order": 9, "chanel": "#x"})

        cli("routes", "apply", str(file), "--yes")

        assert A | {"chanel": "#x"} == cli.item("a")

    @pytest.mark.parametrize("before", [[], [A | {"order": 9}]])
    def test_the_same_edit_is_no_conflict(
        self, cli: Cli, file: Path, meanwhile: list[Any], before: list[Any]
    ) -> None:
        """It may be the command's own, whose answer was lost."""
        cli.put(*before)
        meanwhile.append(A)

        cli("routes", "apply", str(file), "--yes")

        assert A == cli.item("a")

    def test_an_attribute_that_is_not_known_is_put_back(
        self, cli: Cli, meanwhile: list[Any]
    ) -> None:
        """Where the item is deleted, about which there can be no condition either."""
        cli.put(A)
        meanwhile.append(A | {"chanel": "#x"})

        result = cli("routes", "rm", "a", "--yes", code=1)

        assert A | {"chanel": "#x"} == cli.item("a")
        assert '  + chanel: "#x"' in result.stderr

    def test_an_item_that_was_added_is_not_overwritten(
        self, cli: Cli, file: Path, meanwhile: list[Any]
    ) -> None:
        """By somebody with the same name in mind."""
        meanwhile.append(A | {"channel": "#theirs"})

        cli("routes", "apply", str(file), "--yes", code=1)

        assert A | {"channel": "#theirs"} == cli.item("a")

    def test_an_item_that_was_deleted_stays_so(
        self, cli: Cli, file: Path, meanwhile: list[Any]
    ) -> None:
        """It is not written anew."""
        cli.put(A | {"order": 9})
        meanwhile.append({"kind": "route", "name": "a"})

        result = cli("routes", "apply", str(file), "--yes", code=1)

        assert 'not written: somebody deleted route "a" meanwhile' in result.stderr
        assert None is cli.item("a")

    @pytest.mark.parametrize("command", ["rm", "disable"])
    def test_single_changes_are_conditional_as_well(
        self, cli: Cli, meanwhile: list[Any], command: str
    ) -> None:
        """Deletions among them."""
        cli.put(A)
        meanwhile.append(A | {"order": 5})

        cli("routes", command, "a", "--yes", code=1)

        assert A | {"order": 5} == cli.item("a")


class TestExport:
    """`routes export`."""

    @pytest.fixture(autouse=True)
    def _items(self, cli: Cli) -> None:
        """Write the items of the file."""
        cli.put(A, B, PAYMENTS, SILENCE)

    def test_items_are_printed_without_a_file(self, cli: Cli) -> None:
        """As they can be applied again; silences are no part of a repository."""
        printed = cli("routes", "export").stdout

        cli("routes", "rm", "a", "b", "--yes")
        cli("routes", "apply", "-", "--yes", answer=printed)
        assert (A, B, SILENCE) == (cli.item("a"), cli.item("b"), cli.item("s"))
        assert "silence" not in printed

    def test_programs_read_a_list(self, cli: Cli) -> None:
        """Of the kinds that they ask for."""
        assert [A, B, PAYMENTS] == cli.json("routes", "export")
        assert [SILENCE] == cli.json("routes", "export", "--kind", "silence")

    def test_a_file_that_is_right_stays_as_it_is(self, cli: Cli, file: Path) -> None:
        """To the last blank."""
        assert ["no changes"] == lines(cli("routes", "export", str(file)))
        assert WRITTEN == file.read_text("utf-8")

    def test_comments_and_order_survive(self, cli: Cli, file: Path) -> None:
        """Around the items, and inside those that change."""
        cli.put(A | {"order": 7, "match": {"Region": ["eu-west-1", "eu-west-2"]}})
        cli.put({"kind": "route", "name": "c", "channel": "#c"})

        cli("routes", "export", str(file), "--yes")

        assert (
            file.read_text("utf-8")
            == WRITTEN.replace("order: 1\n", "order: 7\n").replace(
                "    - eu-west-1  # Ireland\n", "    - eu-west-1  # Ireland\n    - eu-west-2\n"
            )
            + '\n- kind: route\n  name: c\n  channel: "#c"\n'
        )

    def test_an_item_that_is_gone_leaves_with_its_own_comment(self, cli: Cli, file: Path) -> None:
        """Comments that stand apart stay."""
        cli("routes", "rm", "a", "--yes")
        cli("routes", "export", str(file), "--yes")

        about_a = WRITTEN[WRITTEN.index("\n# About") : WRITTEN.index("\n# ---")]
        assert WRITTEN.replace(about_a, "") == file.read_text("utf-8")

    def test_a_file_is_not_overwritten_unasked(self, cli: Cli, file: Path) -> None:
        """A new one is written at once."""
        cli.put(A | {"order": 7})

        cli("routes", "export", str(file), code=2)
        cli("routes", "export", str(file), "--dry-run")
        cli("routes", "export", str(file.parent / "new" / "routes.yaml"))

        assert WRITTEN == file.read_text("utf-8")
        assert (file.parent / "new" / "routes.yaml").is_file()

    def test_a_folder_keeps_its_files(self, cli: Cli, file: Path) -> None:
        """New items go to the file of their kind, those of other kinds stay."""
        accounts = file.parent / "teams.json"
        accounts.write_text(json.dumps([SILENCE, PAYMENTS]), "utf-8")
        file.write_text(WRITTEN.partition("# The payments")[0], "utf-8")
        cli.put(PAYMENTS | {"alias": "pay"}, PAYMENTS | {"name": "444455556666"})
        cli("routes", "rm", "b", "--yes")

        cli("routes", "export", str(file.parent), "--yes")

        assert [SILENCE, PAYMENTS | {"alias": "pay"}] == json.loads(accounts.read_text())
        assert "name: b" not in file.read_text("utf-8")
        assert (file.parent / "accounts.yaml").read_text() == (
            '- kind: account\n  name: "444455556666"\n  alias: payments\n'
        )
        assert ["no changes"] == lines(cli("routes", "apply", str(file.parent)))

    def test_a_file_called_json_holds_json(self, cli: Cli, tmp_path: Path) -> None:
        """Which is applied just as well."""
        path = tmp_path / "routes.json"

        cli("routes", "export", str(path))

        assert [A, B, PAYMENTS] == json.loads(path.read_text("utf-8"))
        assert ["no changes"] == lines(cli("routes", "apply", str(path)))

    def test_a_file_that_cannot_be_read_is_not_overwritten(self, cli: Cli, file: Path) -> None:
        """It may be something else."""
        file.write_text("- [", "utf-8")

        result = cli("routes", "export", str(file), "--yes", code=2)

        assert "is no YAML" in result.stderr
        assert "- [" == file.read_text("utf-8")

    def test_texts_that_look_like_something_else_are_quoted(self, cli: Cli, tmp_path: Path) -> None:
        """Account ids, times, moments and truth values, for readers of every YAML."""
        hours = {"from": "08:00", "to": "18:00", "zone": "UTC", "weekdays": ["MON-FRI"]}
        odd = {
            "kind": "route",
            "name": "2030-01-01",
            "channel": "#a",
            "active_hours": hours,
            "match": {"AwsAccountId": ["000011112222"], "Title": ["on", "a\nb", "", " x", "é"]},
            "description": "a: b # c",
        }
        cli.put(odd)
        path = tmp_path / "x.yml"

        cli("routes", "export", str(path))

        assert odd in yaml.safe_load(path.read_text("utf-8"))
        assert ["no changes"] == lines(cli("routes", "apply", str(path)))


def test_of_many_edits_at_once_none_is_overwritten_unseen(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Twelve commands and eight plain PutItem change the same item, all after the commands read it.

    A command that is refused is run again, as it says. Each value that a command replaced was read
    by it, and by no other that wrote.
    """
    start = {"kind": "route", "name": "a", "order": 0, "channel": "#start"}
    cli.put(start)
    table, client = cli.stack.deployment.tables["RoutingTable"], cli.stack.aws.client("dynamodb")
    all_have_read = Barrier(20)
    first_tries: set[int] = set()
    again = Lock()
    replaced: list[dict[str, Any]] = []
    written = [start]
    write = StoredItems.write

    def racing_write(self: StoredItems, key: Key, after: Any) -> None:
        if get_ident() not in first_tries:
            first_tries.add(get_ident())
            all_have_read.wait(timeout=30)
        before = dict(self.items[key])
        write(self, key, after)
        replaced.append(before)

    monkeypatch.setattr(StoredItems, "write", racing_write)

    def by_command(number: int) -> int:
        item = {"kind": "route", "name": "a", "order": number, "channel": f"#c{number}"}
        path = tmp_path / f"{number}.json"
        path.write_text(json.dumps(item), "utf-8")
        written.append(item)
        command = ["routes", "apply", str(path), "--yes", "--no-impact"]
        if not main.main(command, standalone_mode=False):
            return 0
        # Those that were refused take turns, which is quicker.
        with again:
            tries = (main.main(command, standalone_mode=False) for _ in range(20))
            return next((number for number, code in enumerate(tries, 1) if not code), -1)

    def by_person(number: int) -> int:
        item = {"kind": "route", "name": "a", "order": number, "channel": f"#p{number}"}
        written.append(item)
        all_have_read.wait(timeout=30)
        client.put_item(TableName=table, Item=to_item(item))
        return 0

    with ThreadPoolExecutor(20) as pool:
        commands = [pool.submit(by_command, number) for number in range(1, 13)]
        people = [pool.submit(by_person, number) for number in range(13, 21)]
        refusals = [each.result() for each in commands]
        assert [0] * 8 == [each.result() for each in people]

    seen = [json.dumps(item, sort_keys=True) for item in replaced]
    assert -1 not in refusals
    assert sum(refusals) >= 11, "all but one of those that read the same are refused"
    assert len(seen) == len(set(seen)) == 12
    assert all(item in written for item in [*replaced, cli.item("a")])
