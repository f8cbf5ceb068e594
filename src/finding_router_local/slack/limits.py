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
TIER_4_PER_MINUTE: Final = 100
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

# https://docs.slack.dev/reference/block-kit/block-elements/, a page each, and
# https://docs.slack.dev/reference/block-kit/composition-objects/option-object. Of an option's value
# Slack's own packages say 75 and 150 characters: the smaller holds.
MAX_OPTIONS: Final = 100
MAX_CHOICES: Final = 10  # of radio buttons and checkboxes
MAX_OVERFLOW_OPTIONS: Final = 5
MAX_OPTION_TEXT: Final = 75
MAX_OPTION_VALUE: Final = 75
MAX_PLACEHOLDER: Final = 150
MAX_INPUT_TEXT: Final = 3_000
MAX_LABEL: Final = 2_000
MAX_CONFIRM_TITLE: Final = 100
MAX_CONFIRM_TEXT: Final = 300
MAX_CONFIRM_BUTTON: Final = 30

# https://docs.slack.dev/reference/views/modal-views and /reference/methods/views.open
MAX_MODAL_TITLE: Final = 24  # of submit and close as well
MAX_MODAL_BLOCKS: Final = 100
MAX_PRIVATE_METADATA: Final = 3_000
MAX_CALLBACK_ID: Final = 255
MAX_VIEW_BYTES: Final = 250_000
TRIGGER_SECONDS: Final = 3.0

# https://docs.slack.dev/interactivity/handling-user-interaction: an answer within 3 seconds, and
# five messages within 30 minutes by a response_url.
ANSWER_SECONDS: Final = 3.0
RESPONSE_URL_USES: Final = 5
RESPONSE_URL_SECONDS: Final = 1_800.0

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
