"""What other tools write, by the tool's name: each module reads the files of one."""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from evalyard.importing._opening import Source

from . import huggingface, inspect_ai, langfuse, openai_evals, phoenix, promptfoo
from ._found import Found, ToolDataset

Opener: TypeAlias = Callable[[Source], Found]

#: What opens a file, by the name of the tool. A folder of Hugging Face is opened by `huggingface.open_folder`.
TOOLS: Final[Mapping[str, Opener]] = {
    openai_evals.TOOL: openai_evals.open_file,
    promptfoo.TOOL: promptfoo.open_file,
    inspect_ai.TOOL: inspect_ai.open_file,
    phoenix.TOOL: phoenix.open_file,
    langfuse.TOOL: langfuse.open_file,
}

__all__ = ["TOOLS", "Found", "Opener", "ToolDataset", "huggingface"]
