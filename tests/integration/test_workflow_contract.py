"""The fake Workflow and Security Hub's keep the same promises."""

from collections.abc import Callable

import pytest

from fakes import Clock, FakeWorkflow, Faults
from finding_router.aws.security_hub import SecurityHub
from finding_router.delivery.limits.deadline import Deadline
from finding_router.delivery.workflow import OUT_OF_TIME, FindingKey, Workflow
from finding_router.errors import WorkflowUpdateError
from finding_router.findings.finding import Severity
from finding_router_local.aws import AwsServer
from hub_events import PRODUCT_ARN, raw_finding

ONE, TWO, GONE = ((PRODUCT_ARN, each) for each in ("one", "two", "gone"))
IN_TIME = Deadline(90, clock=Clock())
type Hold = Callable[..., None]


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


class WorkflowContract:
    """The contract that the router relies on; `hold` stores findings."""

    def test_a_finding_is_new_and_then_notified(self, workflow: Workflow, hold: Hold) -> None:
        """No update is refused, and the new status can be read."""
        hold("one", "two")

        assert {ONE: "NEW", TWO: "NEW"} == statuses(workflow, ONE, TWO)
        assert {} == workflow.mark([ONE], "NOTIFIED", deadline=IN_TIME)
        assert {ONE: "NOTIFIED", TWO: "NEW"} == statuses(workflow, ONE, TWO)

    def test_a_finding_can_be_suppressed(self, workflow: Workflow, hold: Hold) -> None:
        """Where a route says so."""
        hold("one")

        workflow.mark([ONE], "SUPPRESSED", deadline=IN_TIME)

        assert {ONE: "SUPPRESSED"} == statuses(workflow, ONE)

    def test_what_is_not_there_is_refused_by_its_code(self, workflow: Workflow, hold: Hold) -> None:
        """The others of the call are marked."""
        hold("one")

        assert {GONE: "FindingNotFound"} == workflow.mark([ONE, GONE], "NOTIFIED", deadline=IN_TIME)
        assert {ONE: "NOTIFIED"} == statuses(workflow, ONE, GONE)

    def test_nothing_is_nothing(self, workflow: Workflow) -> None:
        """No key, no answer."""
        assert {} == workflow.mark([], "NOTIFIED", deadline=IN_TIME)
        assert {} == statuses(workflow)

    def test_without_time_nothing_is_marked(self, workflow: Workflow, hold: Hold) -> None:
        """Each key has the error for it."""
        hold("one")

        assert {ONE: OUT_OF_TIME} == workflow.mark([ONE], "NOTIFIED", deadline=nearly_over())
        assert {ONE: "NEW"} == statuses(workflow, ONE)

    def test_without_time_no_status_is_known(self, workflow: Workflow, hold: Hold) -> None:
        """It is no answer that there are none."""
        hold("one")

        with pytest.raises(WorkflowUpdateError):
            workflow.statuses([ONE], deadline=nearly_over())

    def test_what_a_person_has_ended_is_over(self, workflow: Workflow, hold: Hold) -> None:
        """Others keep their severity; of a finding that is not found nothing is known."""
        hold("one", "two")
        workflow.mark([ONE], "SUPPRESSED", deadline=IN_TIME)

        assert {ONE: None, TWO: Severity.HIGH} == workflow.severities(
            [ONE, TWO, GONE], deadline=IN_TIME
        )

    def test_what_is_archived_is_over(self, workflow: Workflow, archive: Hold) -> None:
        """Its status says nothing of it."""
        archive("one")

        [standing] = workflow.statuses([ONE], deadline=IN_TIME).values()
        assert ("NEW", "ARCHIVED") == (standing.workflow_status, standing.record_state)
        assert {ONE: None} == workflow.severities([ONE], deadline=IN_TIME)

    def test_without_time_nothing_is_known_to_be_over(self, workflow: Workflow) -> None:
        """It is no answer that it is open."""
        with pytest.raises(WorkflowUpdateError):
            workflow.severities([ONE], deadline=nearly_over())


class TestFakeWorkflow(WorkflowContract):
    """The fake."""

    @pytest.fixture
    def workflow(self) -> FakeWorkflow:
        """Make one without findings."""
        return FakeWorkflow(Faults(Clock()))

    @pytest.fixture
    def hold(self, workflow: FakeWorkflow) -> Hold:
        """Make findings known."""

        def load(*ids: str) -> None:
            workflow.status.update({(PRODUCT_ARN, each): "NEW" for each in ids})

        return load

    @pytest.fixture
    def archive(self, workflow: FakeWorkflow, hold: Hold) -> Hold:
        """Make archived findings known."""

        def load(*ids: str) -> None:
            hold(*ids)
            workflow.archived.update((PRODUCT_ARN, each) for each in ids)

        return load


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
