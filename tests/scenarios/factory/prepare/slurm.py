"""A real Slurm from Debian's packages, on loopback and free ports, as root: a controller and two nodes."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import time
from pathlib import Path

from tests.services.processes import free_port, stop, wait_until

_GOING = ("JobState=PENDING", "JobState=CONFIGURING", "JobState=RUNNING", "JobState=COMPLETING")
NEEDS = ("munged", "slurmctld", "slurmd", "sbatch")
CONF = """\
ClusterName=hanse
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmctldAddr=127.0.0.1
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool.%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
ProctrackType=proctrack/pgid
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=batch_sched_delay=0,sched_min_interval=100000
MpiDefault=none
ReturnToService=2
SlurmdParameters=config_overrides
NodeName=one NodeHostname={host} NodeAddr=127.0.0.1 Port={one} CPUs=2
NodeName=two NodeHostname={host} NodeAddr=127.0.0.1 Port={two} CPUs=2
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def missing() -> str | None:
    """Return what is missing to run Slurm here, or nothing."""
    absent = [name for name in NEEDS if program(name) is None]
    if absent:
        return f"Slurm is not installed: {', '.join(absent)} (apt-get install slurm-wlm munge)"
    return None


def program(name: str) -> str | None:
    """Return where a program is."""
    return shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")


class Slurm:
    """The daemons. `stop` ends them by their process ids."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = {"SLURM_CONF": str(folder / "slurm.conf")}
        self._processes: list[subprocess.Popen[bytes]] = []
        (folder / "state").mkdir()
        host = socket.gethostname().partition(".")[0]
        text = CONF.format(host=host, controller=free_port(), one=free_port(), two=free_port(), folder=folder)
        (folder / "slurm.conf").write_text(text)
        (folder / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\n")
        key = folder / "munge.key"
        key.write_bytes(secrets.token_bytes(128))
        key.chmod(0o600)
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def _start(self) -> None:
        place = self.folder
        own = [f"--{name}={place}/munge.{end}" for name, end in (("socket", "socket"), ("key-file", "key"), ("pid-file", "pid"))]
        self._run(
            "munged", "--foreground", "--force", *own, f"--log-file={place}/munge.log", f"--seed-file={place}/munge.seed", "--num-threads=2"
        )
        wait_until((place / "munge.socket").exists, self._processes[-1], place / "munged.log", "munged")
        self._run("slurmctld", "-D", "-i")
        for node in ("one", "two"):
            self._run("slurmd", "-D", "-N", node)
        wait_until(self._idle, self._processes[-1], place / "slurmd.log", "slurmd")

    def _idle(self) -> bool:
        return self.ask("sinfo", "-h", "-o", "%t %D").split() == ["idle", "2"]

    def ask(self, *words: str) -> str:
        """Run a command of Slurm; return what it says."""
        return subprocess.run(words, env=os.environ | self.settings, capture_output=True, text=True, timeout=30).stdout

    def ended(self, job: str, seconds: float) -> str:
        """Wait until a job is over, or so many seconds; return what Slurm tells of it. (`sbatch --wait` looks every half minute only.)"""
        until = time.monotonic() + seconds
        while any(word in (told := self.ask("scontrol", "show", "job", job, "-o")) for word in _GOING) and time.monotonic() < until:
            time.sleep(0.3)
        return told

    def stop(self) -> None:
        """End what still runs, then the daemons."""
        if self.ask("squeue", "-h"):
            self.ask("scancel", "--user=root")
            for job in self.ask("squeue", "-h", "-o", "%i").split():
                self.ended(job, 20)
        for process in reversed(self._processes):
            stop(process)

    def _run(self, name: str, *words: str) -> None:
        found = program(name)
        assert found is not None
        with (self.folder / f"{name}.log").open("ab") as log:
            self._processes.append(subprocess.Popen([found, *words], env=os.environ | self.settings, stdout=log, stderr=log))
