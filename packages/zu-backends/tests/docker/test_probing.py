"""The checks of every box, and where Docker's differ; the probe itself: test_containment."""

from zu_backends.boxes.bubblewrap import CONTROL_FD
from zu_backends.boxes.selfprobe import Surroundings, checks_for
from zu_backends.docker.probing import LEFT_OUT, checks_of

HERE = Surroundings(
    nonce="n",
    host_files=(),
    abstract_socket="n",
    namespaces=("pid:[1]", "user:[2]", "net:[3]"),
    root_entries=(),
    writable=("/tmp",),
    unwritable=("/",),
    canary="/home/tool/.netrc",
    rlimits=(("CORE", 0),),
    disk_bytes=1,
    disk_inodes=1,
    system_calls=(("bpf", 321),),
)


def test_nothing_is_left_out_without_a_reason():
    ours = {one.name for one in checks_of(HERE, True)}
    every = {one.name for one in checks_for(HERE, CONTROL_FD)}
    assert every - ours == {"root-entries"} == {name for name, _reason in LEFT_OUT if name in every}


def test_the_user_namespace_counts_where_the_engine_gives_one():
    def namespaces(shared):
        found = checks_of(HERE, shared)
        return next(one.arguments for one in found if one.name == "namespaces")

    assert namespaces(False) == HERE.namespaces
    assert namespaces(True) == ("pid:[1]", "net:[3]")
