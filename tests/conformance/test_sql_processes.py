"""Several processes on one SQLite file."""

import json
import subprocess
import sys
from collections import Counter

WORKER = """
import json, sys
from datetime import UTC, datetime, timedelta
from keepfit.adapters.sql.engine import open_engine
from keepfit.adapters.sql.jobs import SqlJobs
from keepfit.adapters.sql.migrate import migrate
from keepfit.jobs.job import Job, JobState

NOW = datetime(2020, 1, 31, tzinfo=UTC)
sys.stdin.readline()
engine = open_engine(sys.argv[1])
migrate(engine)
queue = SqlJobs(engine)
for number in range(40):
    queue.enqueue(
        Job(
            id=f"job-{number}", kind="train", model="m", payload={}, state=JobState.QUEUED,
            attempts=0, enqueued_at=NOW, run_after=NOW,
        )
    )
claimed = []
while (job := queue.claim(now=NOW, lease=timedelta(hours=1))) is not None:
    claimed.append(job.id)
again = []
while len(again) < 5 and (job := queue.claim(now=NOW + timedelta(hours=1), lease=timedelta(hours=1))) is not None:
    again.append((job.id, job.attempts))
print(json.dumps([claimed, again]))
"""


def test_four_processes_share_a_new_database(tmp_path):
    """Four processes make one database at once, enqueue the same jobs and claim them side by side.

    Each job is claimed once, none waits for ever, and jobs whose lease ran out are claimed once more.
    """
    command = [sys.executable, "-c", WORKER, f"sqlite:///{tmp_path}/keepfit.db"]
    workers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    for worker in workers:
        worker.stdin.write("go\n")
        worker.stdin.flush()
    answers = [worker.communicate(timeout=60)[0] for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0, 0, 0]
    results = [json.loads(answer) for answer in answers]
    assert Counter(job for claimed, _ in results for job in claimed) == {
        f"job-{number}": 1 for number in range(40)
    }
    again = Counter(job for _, taken in results for job, _ in taken)
    assert len(again) == 20
    assert set(again.values()) == {1}
    assert {attempts for _, taken in results for _, attempts in taken} == {2}
