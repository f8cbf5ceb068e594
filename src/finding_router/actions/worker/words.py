"""The words of answers, which only the person sees who pressed."""

from collections.abc import Sequence
from typing import Final

from finding_router.findings.finding import Finding
from finding_router.slack.kit import blocks
from finding_router.slack.kit.message import Block, Message
from finding_router.slack.kit.text import SECTION_CHARS, Mrkdwn, unmarked, words

_TITLE_CHARS: Final = 150
_PUSH_CHARS: Final = 200


def answer(text: Mrkdwn, *more: Block) -> Message:
    """Return the message of *text*, with *more* blocks below."""
    plain = unmarked(text, _PUSH_CHARS) or "finding-router"
    return Message(text=plain, blocks=[blocks.section(text), *more])


def sentence(text: str) -> Message:
    """Return the message of a sentence of ours, in which code stands between backticks."""
    return answer(Mrkdwn(text[:SECTION_CHARS]))


def title_of(findings: Sequence[Finding]) -> Mrkdwn:
    """Return the title of the first of *findings*, in quotation marks."""
    if not findings:
        return Mrkdwn("it")
    return Mrkdwn(f"“{words(findings[0].title, _TITLE_CHARS)}”")
