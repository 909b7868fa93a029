"""A plugin that needs what is not there."""

import nosuch_module  # noqa: F401
