"""keepfit.toml: found, read, and refused with the setting that is wrong."""

import re
from importlib.resources import files

import pytest

from keepfit.config import FILE, Config, ServingSection, find_workspace, load_config, with_environment
from keepfit.errors import ConfigError, WorkspaceError


def written(folder, text):
    (folder / FILE).write_text(text, encoding="utf-8")
    return folder


def test_an_empty_file_is_a_good_one(tmp_path):
    """Every setting has a default."""
    config = load_config(written(tmp_path, ""))
    assert config == Config()
    assert (config.serving.port, config.controller.every, config.workspace.models) == (8080, "30s", ["*.py"])


def test_what_is_set_is_taken(tmp_path):
    """And the rest stays as it is."""
    config = load_config(
        written(tmp_path, '[serving]\nport = 0\ndurability = "fsync"\n[state]\nurl = "postgresql://x"')
    )
    assert (config.serving.port, config.serving.durability, config.serving.host) == (0, "fsync", "127.0.0.1")
    assert config.state.url == "postgresql://x"


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ("[serving]\nprot = 1", "there is no setting 'serving.prot'", "did you mean 'port'?"),
        ("[servng]\nport = 1", "there is no setting 'servng'", "did you mean 'serving'?"),
        (
            "[serving]\nport = 70000",
            "serving.port: Input should be less than or equal to 65535, not 70000",
            None,
        ),
        ("[serving]\nport = 'x'", "serving.port: Input should be a valid integer", None),
        (
            "[serving]\ndurability = 'never'",
            "serving.durability: Input should be 'interval' or 'fsync'",
            None,
        ),
        ("[serving]\nspool_limit = '4 bananas'", "serving.spool_limit: '4 bananas' is no size", None),
        ("[serving]\nspool_limit = '10KB'", "serving.spool_limit: '10KB' is too little", None),
        ("[serving]\nbody_limit = '0'", "serving.body_limit: '0' is too little to work with", None),
        ("[serving]\nbatch_rows = 0", "serving.batch_rows: Input should be greater than or equal to 1", None),
        ("[serving]\nqueue_rows = 'all'", "serving.queue_rows: Input should be a valid integer", None),
        ("[serving]\ntimeout = '0s'", "serving.timeout: '0s' is no time at all", None),
        (
            "[serving]\nstop_timeout = 18",
            "serving.stop_timeout: Input should be a valid string, not 18",
            None,
        ),
        ("[serving]\nhttp = 'hypercorn'", "serving.http: Input should be 'uvicorn' or 'granian'", None),
        ("[serving]\nspool_full = 'wait'", "serving.spool_full: Input should be 'block', 'sample' or", None),
        ("serving = 3", "serving: Input should be a valid dictionary", None),
        ("[serving", "is not TOML", None),
        ("[controller]\nevery = 'often'", "controller.every: 'often' is not a duration", None),
        ("[controller]\nevery = '99999999999w'", "controller.every: '99999999999w' is longer than", None),
        ("[serving]\nsaturated_after = 'soon'", "serving.saturated_after: 'soon' is not a duration", None),
        ("[serving]\ndrain_lag_warning = '1y'", "serving.drain_lag_warning: '1y' is not a duration", None),
        (
            "[serving]\naccess_log = 'some'",
            "serving.access_log: Input should be 'off', 'errors' or 'all'",
            None,
        ),
        ("[controller]\nevery = '0s'", "controller.every: a pause of '0s' is none", 'write "30s"'),
    ],
)
def test_a_wrong_setting_is_named(tmp_path, text, said, hint):
    """With the file, the setting, what it should be and what it is."""
    with pytest.raises(ConfigError, match=re.escape(str(tmp_path / FILE))) as caught:
        load_config(written(tmp_path, text))
    assert said in str(caught.value)
    assert caught.value.hint == hint


def test_a_file_in_another_encoding_is_no_toml(tmp_path):
    """It says so, and blames no setting."""
    (tmp_path / FILE).write_bytes("# Käse".encode("latin-1"))
    with pytest.raises(ConfigError, match="is not TOML"):
        load_config(tmp_path)


def test_a_folder_without_the_file_is_no_workspace(tmp_path):
    """The hint says how to make one."""
    with pytest.raises(WorkspaceError, match=f"no {FILE} in") as caught:
        load_config(tmp_path)
    assert "keepfit init" in caught.value.hint


def test_a_workspace_is_found_from_below(tmp_path):
    """The nearest one counts."""
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    with pytest.raises(WorkspaceError, match="nor in any folder above it"):
        find_workspace(inner)
    written(tmp_path, "")
    assert find_workspace(inner) == tmp_path
    written(inner.parent, "")
    assert find_workspace(inner) == inner.parent


def test_the_template_shows_every_setting_with_its_default():
    """What `keepfit init` writes is what is so, also when the comments are taken away."""
    text = (files("keepfit.app") / "templates" / FILE).read_text(encoding="utf-8")
    bare = re.sub(r"(?m)^# (\w+ = )", r"\1", text)
    import tomllib

    shown = tomllib.loads(bare)
    assert Config.model_validate(shown) == Config()
    assert {(section, name) for section, settings in shown.items() for name in settings} == {
        (section, name)
        for section, field in Config.model_fields.items()
        for name in field.annotation.model_fields
    }


def test_every_setting_says_what_it_is():
    """The description is the reference's text."""
    lacking = [
        f"{section}.{name}"
        for section, field in Config.model_fields.items()
        for name, setting in field.annotation.model_fields.items()
        if not setting.description
    ]
    assert lacking == []


@pytest.mark.parametrize(("text", "size"), [("1MB", 10**6), ("2 GiB", 2**31), ("5000000", 5_000_000)])
def test_a_size_is_bytes(tmp_path, text, size):
    """Decimal and binary units, or none."""
    config = load_config(written(tmp_path, f'[serving]\nspool_limit = "{text}"'))
    assert config.serving.spool_limit == size


def test_the_environment_stands_above_the_file(tmp_path):
    """Only for what it names, in every form that a setting has."""
    folder = written(tmp_path, '[serving]\nport = 1\nworkers = 2\nbody_limit = "2MB"')
    variables = {
        "PORT": "0",
        "BODY_LIMIT": "1 MiB",
        "TIMEOUT": "250s",
        "ALLOW_PICKLE": "true",
        "TRUSTED_TYPES": "a.B, c.D,",
        "ACCESS_LOG_FILE": "",
    }
    environment = {f"KEEPFIT_SERVING_{name}": text for name, text in variables.items()}
    serving = load_config(folder, {**environment, "KEEPFIT_SPOOL": "/spool"}).serving
    assert (serving.port, serving.workers, serving.body_limit) == (0, 2, 1 << 20)
    assert (serving.timeout, serving.allow_pickle) == ("250s", True)
    assert (serving.trusted_types, serving.access_log_file) == (["a.B", "c.D"], "")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("PORT", "http", "KEEPFIT_SERVING_PORT: Input should be a valid integer"),
        ("PORT", "", "KEEPFIT_SERVING_PORT: Input should be a valid integer"),
        ("SPOOL_LIMIT", "10KB", "KEEPFIT_SERVING_SPOOL_LIMIT: '10KB' is too little to work with"),
        ("TIMEOUT", "soon", "KEEPFIT_SERVING_TIMEOUT: 'soon' is not a duration"),
        ("HTTP", "nginx", "KEEPFIT_SERVING_HTTP: Input should be 'uvicorn' or 'granian', not 'nginx'"),
    ],
)
def test_a_wrong_variable_is_named(name, text, said):
    """With what it should be, as a setting of the file is."""
    with pytest.raises(ConfigError, match=re.escape(said)):
        with_environment(ServingSection(), {f"KEEPFIT_SERVING_{name}": text})


def test_a_variable_for_no_setting_is_an_error():
    """It was meant for one, and would have changed nothing."""
    with pytest.raises(ConfigError, match="no setting for the variable KEEPFIT_SERVING_WORKER") as caught:
        with_environment(ServingSection(), {"KEEPFIT_SERVING_WORKER": "2"})
    assert caught.value.hint == "did you mean 'KEEPFIT_SERVING_WORKERS'?"


@pytest.mark.parametrize(
    ("name", "text"),
    [("SERVICE_HOST", "10.0.0.1"), ("PORT_8080_TCP_ADDR", "10.0.0.1"), ("PORT", "tcp://10.0.0.1:8080")],
)
def test_what_kubernetes_sets_is_known(name, text):
    """A service called keepfit-serving tells of itself by variables that look like settings."""
    with pytest.raises(ConfigError) as caught:
        with_environment(ServingSection(), {f"KEEPFIT_SERVING_{name}": text})
    assert "enableServiceLinks: false" in caught.value.hint


def test_without_variables_the_section_stays_as_it_is():
    """Nothing is read again."""
    section = ServingSection(port=1)
    assert with_environment(section, {"PORT": "9", "KEEPFIT_SPOOL": "x"}) is section
