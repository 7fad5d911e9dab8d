"""The README says what is so."""

import re
from pathlib import Path

import pytest
from typer.main import get_command

import keepfit as kf
from keepfit.cli.application import application

README = (Path(__file__).parent.parent.parent / "README.md").read_text(encoding="utf-8")


def test_the_model_file_declares_a_model():
    """The snippet runs as it stands."""
    (snippet,) = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    names: dict[str, object] = {}
    exec(compile(snippet, "README.md", "exec"), names)  # noqa: S102 - our own README
    model = names["taxi"]
    assert isinstance(model, kf.Model)
    assert callable(model.rows)
    assert callable(model.fit)


@pytest.mark.parametrize("line", sorted(set(re.findall(r"`keepfit ([^`]+)`", README))))
def test_every_command_exists(line):
    """Each `keepfit …` is a command, and each of its options an option."""
    words = line.replace("\\|", "|").split()
    group = get_command(application)
    assert words[0] in group.commands
    command = group.commands[words[0]]
    if getattr(command, "commands", None):
        subcommands, command = words[1].split("|"), None
        assert set(subcommands) <= set(group.commands[words[0]].commands)
    options = {name for parameter in getattr(command, "params", ()) for name in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= options
