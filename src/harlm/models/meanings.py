"""The words by which servers and gateways say what a refusal means, and the codes. ``docs/how-to/endpoints.md`` lists whose
they are.
"""

from __future__ import annotations

import re

from harlm.models.said import Said
from harlm.patterns import lazy_pattern

_OVERFLOW_CODES = lazy_pattern(
    r"context_length|context_window|exceed_context|string_above_max|tokens_limit_reached|max_prompt_tokens|prompt_too_long"
    r"|input_too_long|request_too_large|context_limit|outofcontext|^1039$",
    re.IGNORECASE,
)
_OVERFLOW = lazy_pattern(
    r"context[ _-]?(?:length|window|size|limit)|maximum context|context_length_exceeded"
    r"|max(?:imum)? (?:supported )?(?:prompt|input|sequence|model|allowed|message) (?:length|len|input|tokens|characters)"
    r"|(?:prompt|input|request|message|messages|text|content|context)(?: is| are|'s length is)? too (?:long|large|big)"
    r"|exceed(?:s|ed)?[^.\n]{0,60}?(?:context|model token limit|max(?:imum)? length|token limit|input (?:token )?limit"
    r"|max(?:imum)? (?:allowed|input|message)|(?:the )?limit\b)"
    r"|input token count|too many (?:input |prompt )?tokens|prompt (?:has|contains|tokens|length)[^.\n]{0,40}? (?:exceed|longer|but)"
    r"|longer than the (?:maximum|model|context)|range of input length|input length (?:exceed|should|must|of|limit)"
    r"|max_new_tokens`? must be[^.\n]{0,80}?inputs|`?inputs`?[^.\n]{0,60}?max_new_tokens`? must be"
    r"|`inputs` (?:must have less|tokens)|reduce (?:the length|your (?:message|prompt|input))"
    r"|input or output tokens must be reduced|request too large|too large for model|payload too large|payload size exceeds"
    r"|larger than the (?:context|maximum)|(?:does not|doesn't|not) fit (?:in|into)[^.\n]{0,30}?(?:context|window)"
    r"|tokens?(?: count)?(?: \([\d,]{1,12}\))? (?:in (?:the )?(?:prompt|request)|in your prompt)|token limit exceeded"
    r"|(?:number of|count of|the) (?:input|prompt) tokens|prompt_tokens|max_seq_len|max_num_tokens|outofcontext"
    r"|allowed (?:input )?length|token length must be|prompt token count|context shift is disabled|total cache"
    r"|上下文|超长|长度超|输入过长|超出最大",
    re.IGNORECASE,
)
_THROTTLED = lazy_pattern(
    r"please wait|try again (?:in|later|after)|throttl|slow down|rate.?limit|too many requests|(?:per|/) ?min(?:ute)?|"
    r"\bTPM\b|\bRPM\b|capacity|overloaded|concurren",
    re.IGNORECASE,
)
_NEVER_FITS = lazy_pattern(
    r"request too large|must be reduced|reduce your (?:message|prompt|input)|too large for", re.IGNORECASE
)
_ABOUT_REPLY = lazy_pattern(
    r"max(?:imum)?[_ ]?(?:completion_|output_|new_)?tokens`? (?:is too|must be|must not|cannot be|should be|value"
    r"|you requested exceeds)",
    re.IGNORECASE,
)
_EMPTY_CODES = lazy_pattern(
    r"insufficient[_ ]?(?:quota|balance|credit|funds|user_quota)|billing|exceeded_current_quota|arrear|account_deactivated"
    r"|access_terminated|credit|quota_exhausted|freetieronly|payment|budget_exceeded|pre_consume|usage_limit|spend_limit"
    r"|overdue|^(?:1008|1113|1304|1308|1309|1310|20031)$",
    re.IGNORECASE,
)
_EMPTY = lazy_pattern(
    r"credit balance|insufficient (?:account )?(?:balance|credit|quota|funds)|billing (?:hard )?limit|out of credits?"
    r"|(?:used|exhausted) all (?:available |of your )?credits?|more credits|no credits|spend(?:ing)?[ _]limit"
    r"|account (?:balance|is suspended)|check your plan|payment required|payment_required|payment method|prepaid|top up"
    r"|recharge|in arrears|good standing|budget has been exceeded|exceededbudget|over budget|usage limits?|key limit exceeded"
    r"|(?:credits?|balance|allowance|tier)[^.\n]{0,40}? (?:is |are |has been )?(?:depleted|exhausted|used up)"
    r"|call volume quota|out of [^.\n]{0,30}?quota|(?:don't|doesn't|do not|does not) have any credits|overdue|unpaid|余额不足|欠费|额度不足|额度失败|限额",
    re.IGNORECASE,
)
_DAILY = lazy_pattern(
    r"(?:per[ _-]?|/ ?)(?:day|month|week)\b|perday|byday|daily|\bTPD\b|\bRPD\b|per 86400|monthly|weekly|free-models-per-day",
    re.IGNORECASE,
)
_PER_MINUTE = lazy_pattern(r"per[ _-]?min|perminute|\bTPM\b|\bRPM\b|per[ _-]?second|persecond", re.IGNORECASE)
_LOADING = lazy_pattern(
    r"(?:model|server|service|endpoint|engine|instance)s?[^.\n]{0,80}? (?:is )?(?:still |currently )?"
    r"(?:loading|starting|warming|being loaded|not (?:yet )?(?:ready|loaded)|initiali[sz]ing|scaling)"
    r"|loading (?:the )?model|(?:is )?still loading\b|cold.start|warming up|no healthy upstream|scaling (?:up )?from zero"
    r"|starting up|model_loading|modelnotready",
    re.IGNORECASE,
)
_BAD_KEY = lazy_pattern(
    r"api[_ ]?key[_ ](?:not )?(?:in)?valid|invalid[_ ]api[_ ]?key|incorrect api key", re.IGNORECASE
)
_ABOUT_ACCOUNT = lazy_pattern(r"quota|credit|balance|billing|spending", re.IGNORECASE)
_DAY_S = 3600.0  # a longer wait is that of a quota
_DISGUISED = (
    (529, lazy_pattern(r"overloaded", re.IGNORECASE)),
    (500, lazy_pattern(r"\bapi_error|internal", re.IGNORECASE)),
    (403, lazy_pattern(r"permission_error", re.IGNORECASE)),
    (
        404,
        lazy_pattern(r"not_?found|no such|does not exist|unknown model|unexpected endpoint", re.IGNORECASE),
    ),
    (401, lazy_pattern(r"api[ _]key|unauthori[sz]ed|authenticat", re.IGNORECASE)),
    (400, lazy_pattern(r"invalid|unsupported|malformed|bad request", re.IGNORECASE)),
    (429, _THROTTLED),
)
_STATUS_OF_CODE = {"1002": 429, "1004": 401, "1008": 402, "1039": 400, "1000": 500, "1013": 500}  # MiniMax


def disguised_status(said: Said) -> int:
    """The status that a refusal with status 200 should have had, where it does not state one."""
    if said.status is not None:
        return said.status
    if (known := _STATUS_OF_CODE.get(said.code)) is not None:
        return known
    if _EMPTY_CODES.search(said.code) or _EMPTY.search(said.words):
        return 402
    if _DAILY.search(said.words):
        return 429
    return next((status for status, words in _DISGUISED if words.search(said.words)), 500)


def is_loading(said: Said) -> bool:
    """Whether the server is still loading the model."""
    return bool(_LOADING.search(said.words))


def is_throttled(said: Said) -> bool:
    """Whether the server asks for fewer requests, in words, whatever its status."""
    return bool(_THROTTLED.search(said.words)) and not _ABOUT_ACCOUNT.search(said.words)


def is_bad_key(said: Said) -> bool:
    """Whether the key is not valid, whatever the status."""
    return bool(_BAD_KEY.search(said.words))


def is_quota(status: int, said: Said, wait: float | None) -> bool:
    """Whether an account is empty or a limit of the day is reached. Google's and Azure's "quota" for a minute is a rate.

    Args:
        status: of the reply.
        said: what it says.
        wait: seconds that it asks to wait.
    """
    words = said.words
    if status in (402, 404, 413) or (status >= 500 and "insufficient balance" not in words.lower()):
        return status == 402
    if "Throttling." in words:  # DashScope's limit for a minute, in the words of an empty account
        return False
    if _PER_MINUTE.search(words) and not _DAILY.search(words):
        return False
    if _EMPTY_CODES.search(said.code) or (status == 429 and wait is not None and wait > _DAY_S):
        return True
    if _DAILY.search(words) and status in (403, 429):
        return True
    is_google_rate = "RESOURCE_EXHAUSTED" in words and wait is not None
    return bool(_EMPTY.search(words)) and not is_google_rate


def is_overflow(status: int, said: Said) -> bool:
    """Whether a prompt is too long. A rate limit on tokens is none, unless the request can never fit into it; a limit
    of the reply that is too large is none either.
    """
    words = said.words
    if status == 413:
        return True
    has_code = bool(_OVERFLOW_CODES.search(said.code))
    if status == 429:
        return bool(_NEVER_FITS.search(words)) or has_code
    if has_code:
        return status >= 400
    if status not in (400, 404, 406, 422, 500, 502, 503) or _THROTTLED.search(words):
        return False
    if status in (502, 503):
        return bool(re.search(r"context[ _](?:window|length)", words, re.IGNORECASE))
    if _ABOUT_REPLY.search(words) and "input" not in words and "prompt" not in words:
        return False
    return bool(_OVERFLOW.search(words))
