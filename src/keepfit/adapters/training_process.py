"""Training in a process of its own: it can be killed, and nothing of it is registered before it is whole."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from keepfit.adapters.codec import from_json, to_json
from keepfit.training.outcome import TrainingOutcome, TrainingRequest

REQUEST = "request.json"
OUTCOME = "outcome.json"
LOG = "train.log"
ARTIFACT = "artifact"
#: Threads that wait for each other must sleep, not spin: spinning on a busy machine makes a fit of seconds take minutes.
PATIENT_THREADS = {"OMP_WAIT_POLICY": "PASSIVE"}
STEP = "step"


class ProcessRunner:
    """Runs `python -m keepfit.app.trainer` in a folder of its own below `runs`; implements `TrainingRunner`.

    Args:
        workspace: the folder with keepfit.toml.
        runs: where each run keeps its request, its log and its outcome.
    """

    def __init__(self, workspace: Path, runs: Path) -> None:
        self._workspace = workspace
        self._runs = runs

    def run(self, request: TrainingRequest) -> TrainingOutcome:
        """Train and wait; the process and whatever it started are killed when it takes too long."""
        folder = self._fresh_folder(request)
        (folder / REQUEST).write_bytes(to_json(request))
        command = [sys.executable, "-m", "keepfit.app.trainer", str(self._workspace), str(folder)]
        with (folder / LOG).open("wb") as log:
            process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                command,
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                env={**PATIENT_THREADS, **os.environ},
            )
            try:
                code = process.wait(timeout=request.timeout_s)
            except subprocess.TimeoutExpired:
                _kill(process)
                return _failed(folder, f"it took longer than {request.timeout_s:g} seconds and was ended")
            except BaseException:
                _kill(process)
                raise
        return self._outcome(folder, code)

    def _fresh_folder(self, request: TrainingRequest) -> Path:
        folder = self._runs / request.job_id.replace("/", "-")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    def _outcome(self, folder: Path, code: int) -> TrainingOutcome:
        path = folder / OUTCOME
        if path.is_file():
            return from_json(path.read_bytes(), TrainingOutcome)
        how = f"was killed by signal {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
        return _failed(folder, f"the training process {how}{_last_line(folder / LOG)}")


def _failed(folder: Path, reason: str) -> TrainingOutcome:
    step = folder / STEP
    name = step.read_text(encoding="utf-8") if step.is_file() else "start"
    return TrainingOutcome(candidate=None, log=folder / LOG, failed_step=name, reason=reason)


def _kill(process: subprocess.Popen[bytes]) -> None:
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return f": {lines[-1]}" if lines else ""
