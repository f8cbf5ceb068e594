"""
The texts that Slack refuses or acts on, found from a message's arguments alone.

Written from Slack's documentation and not from the renderer, whose constants it must not share.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block

KNOWN_BLOCKS = {"header", "section", "context", "actions"}
LINK = re.compile(r"<(https?://[^\s<>|]+)\|([^<>|]+)>")
DATE = re.compile(r"<!date\^\d+\^[^<>|^]+\|[^<>|]+>")
MENTION = re.compile(r"<(?:@[UW][A-Z0-9]+|!subteam\^S[A-Z0-9]+|!here|!channel|!everyone)>")
CODE_BLOCK = re.compile(r"```\n[^`]*\n```")
CODE = re.compile(r"`[^`\n]+`")
# A title over lines, a label before its value, an account, or how a finding ended.
OWN_BOLD = re.compile(
    r"(?m)(?:^|(?<=^[✅🔕] )|(?<= · ))\*([^*\n]+)\*(?=[ \n]|$)|\*anyone\*"
    r"|(?<=^⚠️ )\*For [^*\n]+\*(?=,)"
)
OWN_STRIKE = re.compile(r"(?<= · )~([^~\n]+)~(?= · |$)", re.MULTILINE)
OWN_QUOTE = re.compile(r"(?m)^> ")
UNSEEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")


def blocks_of(arguments: dict[str, Any]) -> list[dict[str, Any]]:
    """Return every block, wherever it stands."""
    inside = [block for part in arguments.get("attachments", ()) for block in part["blocks"]]
    return [*arguments.get("blocks", ()), *inside]


def texts_of(block: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Return every text object of *block*."""
    if "text" in block:
        yield block["text"]
    yield from block.get("fields", ())
    for element in block.get("elements", ()):
        if block["type"] == "actions":
            yield from _labels_of(element)
        else:
            yield element


def _labels_of(element: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if "text" in element:
        yield element["text"]
    if "placeholder" in element:
        yield element["placeholder"]
    for option in element.get("options", ()):
        yield option["text"]


def counted(text: str) -> int:
    """Count in units of UTF-16, the most that Slack may count."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def violations(arguments: dict[str, Any]) -> list[str]:
    """Name every limit that the message breaks."""
    blocks = blocks_of(arguments)
    found = [problem for block in blocks for problem in _of_block(block)]
    if not 1 <= counted(arguments["text"]) <= 4000:
        found.append("text is empty or longer than chat.update takes")
    if len(blocks) > 50:
        found.append("more than 50 blocks")
    if len(arguments.get("attachments", ())) > 1:
        found.append("more than one attachment")
    total = sum(counted(text["text"]) for block in blocks for text in texts_of(block))
    headers = sum(block["type"] == "header" for block in blocks)
    if total + 100 * headers >= 9000:
        found.append(f"{total} characters and {headers} headers are too much for one message")
    found += [
        f"colour {part['color']} is none"
        for part in arguments.get("attachments", ())
        if not re.fullmatch("#[0-9A-F]{6}", part["color"])
    ]
    return found


def _of_model(block: dict[str, Any]) -> Iterator[str]:
    """Name what slack_sdk's own model of *block* does not accept, or would write otherwise."""
    try:
        model = Block.parse(block)
        if model is None or model.to_dict() != block:
            yield f"slack_sdk makes another block of {block}"
    except SlackObjectFormationError as error:
        yield f"{block['type']}: {error}"


def _of_block(block: dict[str, Any]) -> Iterator[str]:
    kind = block["type"]
    texts = list(texts_of(block))
    if kind not in KNOWN_BLOCKS:
        yield f"{kind} is not a block that the router sends"
    if not texts:
        yield f"{kind} is empty"
    yield from _of_model(block)
    yield from _of_actions(block) if kind == "actions" else ()
    most = {"header": 150, "actions": 75}.get(kind, 3000)
    for text in texts:
        if not 1 <= counted(text["text"]) <= most:
            yield f"{kind} has a text of {counted(text['text'])} characters"
        if not text["text"].strip():
            yield f"{kind} has a blank text"
    if kind == "header" and texts[0]["type"] != "plain_text":
        yield "header is not plain_text"
    yield from _of_fields(block.get("fields", ()))
    if kind == "context" and len(block.get("elements", ())) > 10:
        yield "more than 10 elements in a context"


def _of_fields(fields: Sequence[dict[str, Any]]) -> Iterator[str]:
    if len(fields) > 10:
        yield "more than 10 fields"
    if any(counted(field["text"]) > 2000 for field in fields):
        yield "a field is longer than 2,000 characters"


def _of_actions(block: dict[str, Any]) -> Iterator[str]:
    """Name the limits of interactive elements that *block* breaks."""
    elements = block["elements"]
    if not 1 <= len(elements) <= 25:
        yield f"{len(elements)} elements in an actions block"
    if len(block.get("block_id", "")) > 255:
        yield "a block_id is longer than 255 characters"
    names = [each["action_id"] for each in elements]
    if len({*names}) < len(names) or any(len(name) > 255 for name in names):
        yield "an action_id is there twice, or longer than 255 characters"
    for each in elements:
        if counted(each.get("value", "")) > 2000:
            yield "the value of a button is longer than 2,000 characters"
        options = each.get("options", ())
        if each["type"] == "static_select" and not 1 <= len(options) <= 100:
            yield f"{len(options)} options in a select"
        if any(counted(option["value"]) > 75 for option in options):
            yield "the value of an option is longer than 75 characters"


def acts(arguments: dict[str, Any]) -> list[str]:
    """
    Return the texts that Slack would act on though the router did not mean it.

    Left out are the router's own: links, dates, code, labels, strikes, quotes, and above the card
    the operator's mentions.
    """
    above = arguments.get("blocks", ())
    # Below the headline stands text of the finding: it may mention nobody there, either.
    is_first = bool(above) and bool(arguments.get("attachments"))
    called = list(texts_of(above[0])) if is_first else []
    lead = [text for block in above for text in texts_of(block)]
    bodies = [
        text
        for part in arguments.get("attachments", ())
        for block in part["blocks"]
        for text in texts_of(block)
    ]
    found = []
    if arguments.get("attachments"):
        found += stray(arguments["text"])
    else:
        found += stray(MENTION.sub("", arguments["text"]))
    for text in lead + bodies:
        written = text["text"]
        if UNSEEN.search(written):
            found.append(f"invisible characters in {written!r}")
        if re.search(r"&(?!(?:amp|lt|gt);)", written):
            found.append(f"a cut or missing entity in {written!r}")
        if text["type"] == "plain_text":
            found += [f"{sign} in plain text {written!r}" for sign in "<>" if sign in written]
        else:
            if text.get("verbatim") is not True:
                found.append(f"{written!r} is not verbatim")
            is_called = text in called or not arguments.get("attachments")
            found += stray(MENTION.sub("", written) if is_called else written)
    return found


def unplain(text: str) -> list[str]:
    """Return the signs in the text of a notification that a phone would show as they are."""
    found = re.findall(r"[&<>*~`]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|:[a-z0-9_+-]+:|\n", text)
    return [f"{sign!r} in the notification {text!r}" for sign in found]


def stray(text: str) -> list[str]:
    """Return the signs that Slack acts on, except for those that the router itself writes."""
    rest = LINK.sub(" ", DATE.sub(" ", text))
    rest = CODE.sub("x", CODE_BLOCK.sub(" ", rest))
    rest = OWN_QUOTE.sub("", OWN_STRIKE.sub(r"\1", OWN_BOLD.sub(r"\1", rest)))
    signs = re.findall(
        r"[<>*~`]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|(?m:^)&gt;|:[a-z0-9_+-]+:|(?<!\w)@\w|://", rest
    )
    return [f"{sign!r} acts in {text!r}" for sign in signs]


def says_nothing(arguments: dict[str, Any]) -> list[str]:
    """Name each label without a value, and each value that a missing one turned into."""
    found = []
    for block in blocks_of(arguments):
        for text in texts_of(block):
            title, _, below = text["text"].partition("\n")
            if text["type"] == "mrkdwn" and re.fullmatch(r"\*[^*]+\*", title) and not below:
                found.append(f"{title} has no value")
            for label, value in re.findall(r"(?m)^(\*[^*\n]+\*)(?: (.*))?$", text["text"]):
                if label != title and not value.strip():
                    found.append(f"{label} has no value")
                if value.strip(" `").lower() in {"none", "null", "undefined", "nan", "{}", "[]"}:
                    found.append(f"{label} says {value}")
    return found
