"""What instances watch: scripts, files, processes, interfaces, BFD sessions; and groups of what watches."""

from __future__ import annotations

from keepalived_py.config.arguments import CommandLine, Maybe, Script, User, UserValue, Weight, WeightValue
from keepalived_py.config.blocks import Lines, Options
from keepalived_py.config.fields import Alias, Record, attribute, keyword, record, sets
from keepalived_py.config.scalars import Choice, Flag, Integer, Interface, NotFlag, Seconds, Text
from keepalived_py.config.tracking_values import FileStart, InitFile, ProcessCommand, TrackWeight

ON = Flag()
NAME = Text()
COUNT = Integer(1, 0x7FFFFFFF)
SCRIPT_SECONDS = Seconds("0.001", "4294", places=3, zero="1")
PROCESS_DELAY = Seconds("0.000001", "3600")
OWN = "item default"
NOREVERSE = Alias("noreverse", "Keep the meaning of the weight", kind=NotFlag())


@record
class TrackedInterface(Record):
    """One line of track_interface."""

    name: str = attribute()
    weight: int | None = keyword(
        TrackWeight(253, syntax="W [reverse]"),
        "Priority added while the interface is up; 0 means FAULT when it is down",
        default=None,
        unset=OWN,
    )
    reverse: bool = keyword(ON, "Turn the sign of the weight round; FAULT when it is up", default=False)


@record
class TrackedScript(Record):
    """One line of track_script or track_bfd; None stands for the object's own value."""

    name: str = attribute()
    weight: int | None = keyword(
        TrackWeight(253, syntax="W [reverse/noreverse]"), "Weight here instead of its own", default=None, unset=OWN
    )
    reverse: bool | None = keyword(
        ON, "Turn the meaning of the weight round", default=None, unset="off", aliases=(NOREVERSE,)
    )


@record
class TrackedFile(Record):
    """One line of track_file or track_process; None stands for the object's own value."""

    name: str = attribute()
    weight: int | None = keyword(
        TrackWeight(254, syntax="W [reverse/noreverse]"), "Weight here instead of its own", default=None, unset=OWN
    )
    reverse: bool | None = keyword(
        ON, "Turn the meaning of the weight round", default=None, unset="off", aliases=(NOREVERSE,)
    )


TRACK_INTERFACE = Lines(
    Options(TrackedInterface, {"name": Interface()}, drop_unknown=True), syntax="IFNAME [weight W [reverse]] per line"
)
TRACK_SCRIPT = Lines(
    Options(TrackedScript, {"name": NAME}, drop_unknown=True),
    syntax="SCRIPT [weight W [reverse/noreverse]] per line",
)
TRACK_FILE = Lines(
    Options(TrackedFile, {"name": NAME}, drop_unknown=True),
    syntax="TRACK_FILE [weight W [reverse/noreverse]] per line",
)
TRACK_PROCESS = Lines(
    Options(TrackedFile, {"name": NAME}, drop_unknown=True),
    syntax="TRACK_PROCESS [weight W [reverse/noreverse]] per line",
)
TRACK_BFD = Lines(
    Options(TrackedScript, {"name": NAME}, drop_unknown=True),
    syntax="BFD [weight W [reverse/noreverse]] per line",
)


@record
class VrrpScript(Record):
    """A script whose exit status adds to priorities or makes instances fail."""

    name: str = attribute()
    user: User | None = keyword(
        UserValue(), "User and group that it runs as", default=None, unset="script_user", inherits="script_user"
    )
    script: Script | None = keyword(
        CommandLine(), "Command line; quote it when it has arguments", default=None, forgiving=True
    )
    interval: float = keyword(SCRIPT_SECONDS, "Time between two runs", default=1.0)
    timeout: float | None = keyword(SCRIPT_SECONDS, "Longest run", default=None, unset="interval")
    weight: Weight = keyword(
        WeightValue(Integer(-253, 253)),
        "Priority added on success; 0 means FAULT on failure",
        default=Weight(),
        unset="0",
    )
    rise: int = keyword(COUNT, "Successes in a row until it counts as up", default=1)
    fall: int = keyword(COUNT, "Failures in a row until it counts as down", default=1)
    init_fail: bool = keyword(ON, "Count as failed until the first success", default=False)


@record
class TrackProcess(Record):
    """Processes whose number decides."""

    name: str = attribute()
    process: tuple[str, ...] = keyword(
        ProcessCommand(),
        "Name, and perhaps parameters, of the processes",
        default=(),
        unset="none (required)",
        once=True,
    )
    param_match: str | None = keyword(
        Maybe(Choice("initial", "partial"), "exact"),
        "How parameters are compared; no word means exactly",
        default=None,
        unset="none (exact when params given)",
    )
    weight: Weight = keyword(
        WeightValue(Integer(-254, 254)),
        "Priority added while quorum holds; 0 means FAULT otherwise",
        default=Weight(),
        unset="0",
    )
    quorum: int = keyword(Integer(1, 65535), "Fewest processes that must run", default=1)
    quorum_max: int | None = keyword(Integer(0, 65535), "Most processes that may run", default=None, unset="unlimited")
    terminate_delay: float = keyword(PROCESS_DELAY, "Patience after a process has ended", default=0.0)
    fork_delay: float = keyword(PROCESS_DELAY, "Patience after a process has started", default=0.0)
    delay: float | None = keyword(
        PROCESS_DELAY,
        "Sets both delays",
        default=None,
        unset="0",
        effect=sets("terminate_delay", "fork_delay", instead_of="delay"),
    )
    full_command: bool = keyword(ON, "Compare the whole command line, not the short name", default=False)


@record
class TrackFile(Record):
    """A file whose number adds to priorities."""

    name: str = attribute()
    file: str | None = keyword(Text("PATH", type_name="path"), "The file", default=None, once=True, forgiving=True)
    weight: Weight = keyword(
        WeightValue(Integer(-254, 254)), "Factor of the number in the file", default=Weight(weight=1), unset="1"
    )
    init_file: FileStart | None = keyword(
        InitFile(), "Write this number when the daemon starts", default=None, unset="no write; 0"
    )


@record
class TrackGroup(Record):
    """Instances that are told when a static entry disappears."""

    name: str = attribute()
    group: tuple[str, ...] = keyword(
        Lines(NAME, syntax="VI_NAME ...", loose=True, needed=True), "The instances", default=(), once=True
    )
