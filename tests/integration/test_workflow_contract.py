"""The fake Workflow and Security Hub's keep the same promises."""

from collections.abc import Callable
from functools import partial

import pytest

from fakes import Clock, FakeWorkflow, FakeWorkflowV2, Faults
from faults.twins import in_ocsf
from finding_router.aws.security_hub import SecurityHub
from finding_router.aws.security_hub_v2 import COMMENT, SecurityHubV2
from finding_router.delivery.limits.deadline import Deadline
from finding_router.delivery.workflow import OUT_OF_TIME, FindingKey, Workflow
from finding_router.errors import WorkflowUpdateError
from finding_router.findings.ending import ending_of
from finding_router.findings.finding import Severity
from finding_router.findings.ocsf.marks import V2Status
from finding_router_local.aws import AwsServer
from hub_events import ACCOUNT, PRODUCT_ARN, PRODUCT_ARN_V2, raw_finding

IN_TIME = Deadline(90, clock=Clock())
type Hold = Callable[..., None]
type Key = Callable[[str], FindingKey]


def nearly_over() -> Deadline:
    """Return the deadline of an invocation that has five seconds left."""
    clock = Clock()
    deadline = Deadline(90, clock=clock)
    clock.now += 85
    return deadline


def statuses(workflow: Workflow, *keys: FindingKey) -> dict[FindingKey, str]:
    """Ask for the Workflow status of *keys*."""
    standings = workflow.statuses(keys, deadline=IN_TIME)
    return {key: each.workflow_status for key, each in standings.items()}


def key(finding_id: str) -> FindingKey:
    """Return the name of a finding in CSPM."""
    return PRODUCT_ARN, finding_id


def key_v2(finding_id: str) -> FindingKey:
    """Return the name of its twin in AWS Security Hub."""
    return PRODUCT_ARN_V2, finding_id, ACCOUNT


class WorkflowContract:
    """The contract that the router relies on; `hold` stores findings, which `key` names."""

    @pytest.fixture
    def key(self) -> Key:
        """Name findings as CSPM does."""
        return key

    def test_a_finding_is_new_and_then_notified(
        self, workflow: Workflow, hold: Hold, key: Key
    ) -> None:
        """No update is refused, and the new status can be read."""
        hold("one", "two")

        assert {key("one"): "NEW", key("two"): "NEW"} == statuses(workflow, key("one"), key("two"))
        assert {} == workflow.mark([key("one")], "NOTIFIED", deadline=IN_TIME)
        assert {key("one"): "NOTIFIED", key("two"): "NEW"} == statuses(
            workflow, key("one"), key("two")
        )

    def test_a_finding_can_be_suppressed(self, workflow: Workflow, hold: Hold, key: Key) -> None:
        """Where a route says so."""
        hold("one")

        workflow.mark([key("one")], "SUPPRESSED", deadline=IN_TIME)

        assert {key("one"): "SUPPRESSED"} == statuses(workflow, key("one"))

    def test_what_is_not_there_is_refused_by_its_code(
        self, workflow: Workflow, hold: Hold, key: Key
    ) -> None:
        """The others of the call are marked."""
        hold("one")

        assert {key("gone"): "FindingNotFound"} == workflow.mark(
            [key("one"), key("gone")], "NOTIFIED", deadline=IN_TIME
        )
        assert {key("one"): "NOTIFIED"} == statuses(workflow, key("one"), key("gone"))

    def test_nothing_is_nothing(self, workflow: Workflow) -> None:
        """No key, no answer."""
        assert {} == workflow.mark([], "NOTIFIED", deadline=IN_TIME)
        assert {} == statuses(workflow)

    def test_without_time_nothing_is_marked(self, workflow: Workflow, hold: Hold, key: Key) -> None:
        """Each key has the error for it."""
        hold("one")

        assert {key("one"): OUT_OF_TIME} == workflow.mark(
            [key("one")], "NOTIFIED", deadline=nearly_over()
        )
        assert {key("one"): "NEW"} == statuses(workflow, key("one"))

    def test_without_time_no_status_is_known(
        self, workflow: Workflow, hold: Hold, key: Key
    ) -> None:
        """It is no answer that there are none."""
        hold("one")

        with pytest.raises(WorkflowUpdateError):
            workflow.statuses([key("one")], deadline=nearly_over())

    def test_what_a_person_has_ended_is_over(
        self, workflow: Workflow, hold: Hold, key: Key
    ) -> None:
        """Others keep their severity; of a finding that is not found nothing is known."""
        hold("one", "two")
        workflow.mark([key("one")], "SUPPRESSED", deadline=IN_TIME)

        assert {key("one"): None, key("two"): Severity.HIGH} == workflow.severities(
            [key("one"), key("two"), key("gone")], deadline=IN_TIME
        )

    def test_what_is_archived_is_over(self, workflow: Workflow, archive: Hold, key: Key) -> None:
        """Its status says nothing of it."""
        archive("one")

        [standing] = workflow.statuses([key("one")], deadline=IN_TIME).values()
        assert ("NEW", "ARCHIVED") == (standing.workflow_status, standing.record_state)
        assert {key("one"): None} == workflow.severities([key("one")], deadline=IN_TIME)

    def test_findings_are_read_as_they_are_now(
        self, workflow: Workflow, hold: Hold, archive: Hold, key: Key
    ) -> None:
        """With their title and their state; one that is not found is left out."""
        hold("one")
        archive("two")

        found = workflow.findings([key("one"), key("two"), key("gone")], deadline=IN_TIME)

        assert {key("one"), key("two")} == found.keys()
        assert "one" in found[key("one")].title
        assert [False, True] == [ending_of(found[key(each)]) is not None for each in ("one", "two")]
        assert {} == found.unread

    def test_without_time_no_finding_is_read(self, workflow: Workflow, key: Key) -> None:
        """It is no answer that there is none."""
        with pytest.raises(WorkflowUpdateError):
            workflow.findings([key("one")], deadline=nearly_over())

    def test_without_time_nothing_is_known_to_be_over(self, workflow: Workflow, key: Key) -> None:
        """It is no answer that it is open."""
        with pytest.raises(WorkflowUpdateError):
            workflow.severities([key("one")], deadline=nearly_over())


class FakeContract(WorkflowContract):
    """The contract of both fakes."""

    @pytest.fixture
    def hold(self, workflow: FakeWorkflow, key: Key) -> Hold:
        """Make findings known."""

        def load(*ids: str) -> None:
            workflow.status.update({key(each): "NEW" for each in ids})

        return load

    @pytest.fixture
    def archive(self, workflow: FakeWorkflow, hold: Hold, key: Key) -> Hold:
        """Make archived findings known."""

        def load(*ids: str) -> None:
            hold(*ids)
            workflow.archived.update(map(key, ids))

        return load


class TestFakeWorkflow(FakeContract):
    """The fake."""

    @pytest.fixture
    def workflow(self) -> FakeWorkflow:
        """Make one without findings."""
        return FakeWorkflow(Faults(Clock()))


@pytest.mark.usefixtures("aws_environment")
class TestSecurityHub(WorkflowContract):
    """The adapter, with boto3 and HTTP under it."""

    @pytest.fixture
    def workflow(self) -> SecurityHub:
        """Make one on a local AWS."""
        return SecurityHub()

    @pytest.fixture
    def hold(self, aws_environment: AwsServer) -> Hold:
        """Make findings known."""

        def load(*ids: str) -> None:
            for each in ids:
                aws_environment.security_hub.load(raw_finding(each))

        return load

    @pytest.fixture
    def archive(self, aws_environment: AwsServer) -> Hold:
        """Make archived findings known."""

        def load(*ids: str) -> None:
            for each in ids:
                aws_environment.security_hub.load(raw_finding(each, RecordState="ARCHIVED"))

        return load


class V2Contract(WorkflowContract):
    """The contract of AWS Security Hub's, where In Progress stands for NOTIFIED."""

    @pytest.fixture
    def key(self) -> Key:
        """Name findings as AWS Security Hub does."""
        return key_v2

    def test_it_has_its_mark_once_it_is_marked(
        self, workflow: Workflow, hold: Hold, key: Key
    ) -> None:
        """Or once it is suppressed: no other is set."""
        hold("one", "two")
        one, two = key("one"), key("two")

        assert [False, False] == marks(workflow, one, two)
        workflow.mark([one], "NOTIFIED", deadline=IN_TIME)
        workflow.mark([two], "SUPPRESSED", deadline=IN_TIME)
        assert [True, True] == marks(workflow, one, two)


class CommentContract:
    """The contract of what comments findings, and of them only those without a comment."""

    def test_a_comment_leaves_the_status_new(
        self, workflow: Workflow, hold: Hold, comments: Callable[[], list[str]]
    ) -> None:
        """And is a mark."""
        hold("one", "two")

        assert [False, False] == marks(workflow, key_v2("one"), key_v2("two"))
        workflow.mark([key_v2("one")], "NOTIFIED", deadline=IN_TIME)
        assert [COMMENT] == comments()
        assert [True, False] == marks(workflow, key_v2("one"), key_v2("two"))
        assert ["NEW", "NEW"] == [*statuses(workflow, key_v2("one"), key_v2("two")).values()]


def marks(workflow: Workflow, *keys: FindingKey) -> list[bool]:
    """Return whether each of *keys* has its mark."""
    standings = workflow.statuses(keys, deadline=IN_TIME)
    return [standings[each].has_mark for each in keys]


class TestFakeWorkflowV2(FakeContract, V2Contract):
    """The fake of AWS Security Hub."""

    @pytest.fixture
    def workflow(self) -> FakeWorkflowV2:
        """Make one without findings."""
        return FakeWorkflowV2(Faults(Clock()), V2Status.IN_PROGRESS)


class TestFakeComments(CommentContract):
    """The fake of AWS Security Hub that sets a comment."""

    @pytest.fixture
    def workflow(self) -> FakeWorkflowV2:
        """Make one without findings."""
        return FakeWorkflowV2(Faults(Clock()), V2Status.COMMENT)

    @pytest.fixture
    def hold(self, workflow: FakeWorkflowV2) -> Hold:
        """Make findings known."""
        return lambda *ids: workflow.status.update({key_v2(each): "NEW" for each in ids})

    @pytest.fixture
    def comments(self, workflow: FakeWorkflowV2) -> Callable[[], list[str]]:
        """Return the comments of all findings."""
        return lambda: [*workflow.comments.values()]


@pytest.mark.usefixtures("aws_environment")
class TestSecurityHubV2(V2Contract):
    """The adapter of AWS Security Hub, with boto3 and HTTP under it."""

    @pytest.fixture
    def workflow(self) -> SecurityHubV2:
        """Make one on a local AWS."""
        return SecurityHubV2(V2Status.IN_PROGRESS)

    @pytest.fixture
    def hold(self, aws_environment: AwsServer) -> Hold:
        """Make findings known."""
        return partial(load_v2, aws_environment)

    @pytest.fixture
    def archive(self, aws_environment: AwsServer) -> Hold:
        """Make closed findings known."""
        return partial(load_v2, aws_environment, RecordState="ARCHIVED")


def load_v2(aws: AwsServer, *ids: str, **changes: str) -> None:
    """Store findings in AWS Security Hub, with *changes* of what they are in ASFF."""
    for each in ids:
        aws.security_hub.v2.load(in_ocsf(raw_finding(each, **changes)))


@pytest.mark.usefixtures("aws_environment")
class TestComments(CommentContract):
    """The adapter of AWS Security Hub that sets a comment."""

    @pytest.fixture
    def workflow(self) -> SecurityHubV2:
        """Make one on a local AWS."""
        return SecurityHubV2(V2Status.COMMENT)

    @pytest.fixture
    def hold(self, aws_environment: AwsServer) -> Hold:
        """Make findings known."""
        return partial(load_v2, aws_environment)

    @pytest.fixture
    def comments(self, aws_environment: AwsServer) -> Callable[[], list[str]]:
        """Return the comments of all findings."""
        hub = aws_environment.security_hub.v2
        return lambda: [each["comment"] for each in hub.find() if "comment" in each]
