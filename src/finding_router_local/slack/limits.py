"""
Slack's limits, by number.

Each constant names its source: a page of Slack's documentation, or "measured" with a report if
Slack publishes nothing.
"""

from typing import Final

# https://docs.slack.dev/apis/web-api/rate-limits: one message a second and channel, "short
# bursts >1 allowed". How short is not published; reports of 25 and more exist
# (RamblingCookieMonster/PSSlack#52), without a guarantee that all are shown. Five is cautious.
POSTS_PER_SECOND: Final = 1.0
POST_BURST: Final = 5

# https://docs.slack.dev/apis/web-api/rate-limits: calls a minute for one method and workspace.
TIER_2_PER_MINUTE: Final = 20
TIER_3_PER_MINUTE: Final = 50
SPECIAL_TIER_PER_MINUTE: Final = 300  # auth.test: "hundreds of requests per minute"

# https://docs.slack.dev/reference/block-kit/blocks, one page a block.
MAX_BLOCKS: Final = 50
MAX_BLOCK_ID: Final = 255
MAX_SECTION_TEXT: Final = 3_000
MAX_FIELDS: Final = 10
MAX_FIELD_TEXT: Final = 2_000
MAX_HEADER_TEXT: Final = 150
MAX_CONTEXT_ELEMENTS: Final = 10
MAX_ACTIONS: Final = 25
MAX_TABLE_ROWS: Final = 100
MAX_TABLE_COLUMNS: Final = 20
MAX_TABLE_TEXT: Final = 10_000
MAX_MARKDOWN_TEXT: Final = 12_000  # over all markdown blocks of one message

# https://docs.slack.dev/reference/block-kit/composition-objects/text-object
MAX_TEXT_OBJECT: Final = 3_000

# https://docs.slack.dev/reference/block-kit/block-elements/button-element
MAX_ACTION_ID: Final = 255
MAX_BUTTON_TEXT: Final = 75
MAX_BUTTON_VALUE: Final = 2_000
MAX_BUTTON_URL: Final = 3_000

# https://docs.slack.dev/reference/methods/chat.postMessage, too_many_attachments
MAX_ATTACHMENTS: Final = 100
# https://docs.slack.dev/changelog/2018-truncating-really-long-messages: cut, not refused
MAX_POST_TEXT: Final = 40_000
# https://docs.slack.dev/reference/methods/chat.update, msg_too_long
MAX_UPDATE_TEXT: Final = 4_000

# Measured (slackapi/bolt-js#2509 and #2867): all text of all blocks of a message together,
# counted after escaping; a header weighs more than its text. Refused as msg_blocks_too_long.
MAX_BLOCKS_TEXT: Final = 13_200
HEADER_WEIGHT: Final = 100

# https://docs.slack.dev/reference/methods/chat.postMessage lists metadata_too_large without a
# number. 16 KB of JSON is the size that the message servers took in all; cautious.
MAX_METADATA_BYTES: Final = 16_384

# https://docs.slack.dev/reference/methods/conversations.history and conversations.list
DEFAULT_PAGE: Final = 100
MAX_HISTORY_PAGE: Final = 999
MAX_LIST_PAGE: Final = 1_000

# https://docs.slack.dev/reference/methods/conversations.create, invalid_name_maxlength
MAX_CHANNEL_NAME: Final = 80
