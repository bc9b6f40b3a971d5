"""The client of HARLM that does what the arguments of ``rlm.RLM`` say."""

from __future__ import annotations

import os
from pathlib import Path

from harlm import config
from harlm.client import HARLM
from harlm.compat.rlms.models import chosen_models
from harlm.compat.rlms.options import RLMOptions
from harlm.compat.rlms.refused import refuse_what_has_no_meaning
from harlm.compat.rlms.tools import tools_for
from harlm.home import user_config_file
from harlm.types import Budget


def client_for(options: RLMOptions) -> tuple[HARLM, str]:
    """The client, and the backend's own name of its root model.

    Raises:
        ConfigError: an argument would have an effect that HARLM does not have, or its value cannot be used.
    """
    refuse_what_has_no_meaning(options)
    root, sub = chosen_models(options)
    folder, file = Path.cwd(), user_config_file()
    loaded = config.load(flags=root.settings, environment=os.environ, folder=folder, user_file=file)
    client = HARLM(
        root.name, sub_model=None if sub is None else sub.name, api_key=root.api_key, settings=loaded.config,
        mode="auto" if options.max_depth > 0 else "direct",
        max_depth=max(options.max_depth - 1, 0),  # the reference counts the plain calls below the last REPL as a level
        max_turns=options.max_iterations + 1,  # after its last iteration the reference asks once more for the answer
        concurrency=options.max_concurrent_subcalls,
        budget=Budget(usd=options.max_budget, seconds=options.max_timeout, tokens=options.max_tokens),
        tools=tools_for(options.custom_tools, options.custom_sub_tools, options.max_depth),
    )  # fmt: skip
    return client, root.own_name
