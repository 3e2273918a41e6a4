"""Each self-probe: a box with that mechanism left out is refused, and nothing has run in it.

Mechanisms are left out from here only: options of bubblewrap, limits, sockets and monitors
are replaced, and the helper process gets some lines more.
"""

import asyncio
import socket
from collections.abc import Callable, Sequence

import msgspec
import pytest

from zu_backends.boxes import plan
from zu_backends.boxes.bubblewrap import Jail, JailSpec, Spawner
from zu_backends.contained import assembly, candidate, probing
from zu_backends.egress.dns import DnsGate
from zu_backends.egress.roles import Role
from zu_backends.egress.server import EgressServer
from zu_backends.monitors.canaries import CanaryMonitor
from zu_backends.monitors.syscalls import SyscallMonitor
from zu_core.contracts import BoxSpec
from zu_core.errors import Unavailable
from zu_core.events import Connected, Executed, OpenedForWrite, ProgramStarted

from .conftest import SPEC, Lab

MARKER = ["/bin/sh", "-c", "echo ran > /workspace/marker"]
Patch = pytest.MonkeyPatch


async def refusal(lab: Lab, spec: BoxSpec = SPEC, **options) -> Unavailable:
    """Open a box and start a program that leaves a mark; see it refused before it ran."""
    async with lab.box(spec, **options) as box:
        with pytest.raises(Unavailable) as caught:
            await box.start(MARKER)
        assert lab.left_in_workspace() == []
    assert lab.of(ProgramStarted) == []
    return caught.value


async def check_is_refused(lab: Lab, name: str, outcome: str = "escaped", **options) -> None:
    """The box is refused, `name` is in the record, its mechanism in the message."""
    error = await refusal(lab, **options)
    assert f"({name}: {outcome}" in error.message
    assert name in lab.failed_checks()
    assert error.advice


def bubblewrap_options(patch: Patch, change: Callable[[list[str]], list[str]]) -> None:
    made = plan.bwrap_options
    patch.setattr(plan, "bwrap_options", lambda *given, **named: change(made(*given, **named)))


def without(options: Sequence[str], *run: str) -> list[str]:
    """`options` without the sequence `run`, which must be in it."""
    options = list(options)
    at = next(n for n in range(len(options)) if tuple(options[n : n + len(run)]) == run)
    return options[:at] + options[at + len(run) :]


def replaced(options: Sequence[str], old: Sequence[str], new: Sequence[str]) -> list[str]:
    options = list(options)
    at = next(n for n in range(len(options)) if options[n : n + len(old)] == list(old))
    return options[:at] + list(new) + options[at + len(old) :]


def with_mounts(options: Sequence[str], *more: str) -> list[str]:
    return replaced(options, ["--remount-ro", "/dev"], [*more, "--remount-ro", "/dev"])


def no_filter(options: Sequence[str]) -> list[str]:
    at = list(options).index("--seccomp")
    return [*options[:at], *options[at + 2 :]]


class TestABoxThatHolds:
    async def test_passes_every_check(self, lab):
        async with lab.box() as box:
            assert (await lab.run(box, ["/bin/true"])).exit.code == 0
        assert lab.failed_checks() == set()
        assert len(lab.of(ProgramStarted)) == 1

    async def test_passes_without_canaries(self, lab):
        async with lab.box(BoxSpec()) as box:
            assert (await lab.run(box, ["/bin/true"])).exit.code == 0
        assert lab.failed_checks() == set()


class TestFiles:
    async def test_a_file_of_the_host(self, lab, monkeypatch):
        bind = ("--ro-bind", "/etc/passwd", "/etc/passwd")
        bubblewrap_options(monkeypatch, lambda made: with_mounts(made, *bind))
        await check_is_refused(lab, "host-files")
        assert lab.failed_checks() == {"host-files"}

    async def test_a_directory_of_the_host(self, lab, monkeypatch):
        bubblewrap_options(monkeypatch, lambda made: with_mounts(made, "--ro-bind", "/var", "/var"))
        await check_is_refused(lab, "host-files")

    async def test_the_root_of_the_host(self, lab, monkeypatch):
        bubblewrap_options(
            monkeypatch,
            lambda made: with_mounts(made, "--ro-bind", "/", "/mnt", "--symlink", "mnt/etc", "/x"),
        )
        await check_is_refused(lab, "root-entries")

    async def test_a_stray_entry_of_the_root(self, lab, monkeypatch):
        bubblewrap_options(monkeypatch, lambda made: with_mounts(made, "--dir", "/stray"))
        await check_is_refused(lab, "root-entries")
        assert lab.failed_checks() == {"root-entries"}

    async def test_a_root_that_can_be_written(self, lab, monkeypatch):
        bubblewrap_options(monkeypatch, lambda made: without(made, "--remount-ro", "/"))
        await check_is_refused(lab, "write-outside")
        assert lab.failed_checks() == {"write-outside"}

    async def test_devices_that_can_be_written(self, lab, monkeypatch):
        """The box's own /dev belongs to nobody in it; one that bubblewrap makes does not."""
        staged = ("--dev-bind", "/tmp/dev", "/dev")
        bubblewrap_options(
            monkeypatch,
            lambda made: without(replaced(made, staged, ["--dev", "/dev"]), "--remount-ro", "/dev"),
        )
        await check_is_refused(lab, "write-outside")

    async def test_an_unlimited_directory(self, lab, monkeypatch):
        bubblewrap_options(monkeypatch, lambda made: with_mounts(made, "--tmpfs", "/tmp"))
        await check_is_refused(lab, "disk")
        assert lab.failed_checks() == {"disk"}


class TestProcesses:
    async def test_processes_of_the_host(self, lab, monkeypatch):
        old, new = ["--proc", "/proc"], ["--ro-bind", "/proc", "/proc"]
        bubblewrap_options(monkeypatch, lambda made: replaced(made, old, new))
        await check_is_refused(lab, "host-process")

    async def test_no_pid_namespace(self, lab, monkeypatch):
        """The holder's namespace hides the host, but the holder itself would be in sight."""
        bubblewrap_options(monkeypatch, lambda made: without(made, "--unshare-pid"))
        await check_is_refused(lab, "host-process")

    async def test_a_namespace_of_the_host(self, lab, monkeypatch):
        bubblewrap_options(monkeypatch, lambda made: without(made, "--unshare-ipc"))
        await check_is_refused(lab, "namespaces")
        assert lab.failed_checks() == {"namespaces"}

    async def test_another_namespace_of_the_host(self, lab, monkeypatch):
        bubblewrap_options(
            monkeypatch,
            lambda made: without(without(made, "--unshare-uts"), "--hostname", "box"),
        )
        await check_is_refused(lab, "namespaces")

    async def test_an_environment_that_can_be_read(self, patched_lab):
        lab = await patched_lab(
            "import os\n"
            "execute = os.execve\n"
            "os.execve = lambda path, argv, env: execute(path, argv, {'TOKEN': 'of the host'})"
        )
        await check_is_refused(lab, "parent-environment")

    async def test_an_inherited_descriptor(self, patched_lab):
        lab = await patched_lab(
            "import os\n"
            "from zu_backends.boxes import runner\n"
            "arrange = runner._arrange\n"
            "def leaky(*given):\n"
            "    made = arrange(*given)\n"
            "    os.dup2(os.open('/', os.O_RDONLY), 40, inheritable=True)\n"
            "    return made\n"
            "runner._arrange = leaky"
        )
        await check_is_refused(lab, "descriptors")


class TestPrivileges:
    async def test_root(self, lab, monkeypatch):
        bubblewrap_options(
            monkeypatch,
            lambda made: replaced(
                made, ["--uid", "1000", "--gid", "1000"], ["--uid", "0", "--gid", "0"]
            ),
        )
        await check_is_refused(lab, "no-privileges")

    async def test_a_capability(self, lab, monkeypatch):
        old, new = ["--cap-drop", "ALL"], ["--cap-add", "CAP_NET_RAW"]
        bubblewrap_options(monkeypatch, lambda made: replaced(made, old, new))
        await check_is_refused(lab, "no-privileges")

    async def test_a_user_namespace(self, lab, monkeypatch):
        bubblewrap_options(monkeypatch, lambda made: no_filter(without(made, "--disable-userns")))
        await check_is_refused(lab, "user-namespace")

    async def test_no_filter(self, lab, monkeypatch):
        bubblewrap_options(monkeypatch, no_filter)
        await check_is_refused(lab, "system-calls")
        if _vsock_exists():
            assert "socket-families" in lab.failed_checks()

    async def test_a_filter_that_lets_one_call_through(self, patched_lab):
        lab = await patched_lab(
            "from zu_backends.kernel import filters\n"
            "filters.REFUSED = tuple(set(filters.REFUSED) - {'kcmp'})"
        )
        error = await refusal(lab)
        assert "let through: kcmp" in error.message
        assert lab.failed_checks() == {"system-calls"}


class TestLimits:
    @pytest.mark.parametrize(
        ("field", "check"),
        [
            ("processes", "limits"),
            ("data_bytes", "limits"),
            ("file_bytes", "limits"),
            ("open_files", "limits"),
            ("cpu_seconds", "limits"),
            ("disk_bytes", "disk"),
            ("disk_inodes", "disk"),
        ],
    )
    async def test_more_than_was_asked_for(self, lab, field, check):
        async def wide(spec: JailSpec, spawner: Spawner | None) -> Jail:
            more = {field: 2 * getattr(spec.limits, field)}
            limits = msgspec.structs.replace(spec.limits, **more)
            return await Jail.open(msgspec.structs.replace(spec, limits=limits), spawner)

        spec = msgspec.structs.replace(
            SPEC, limits=msgspec.structs.replace(SPEC.limits, open_files=256)
        )
        await check_is_refused(lab, check, spec=spec, open_jail=wide)
        assert lab.failed_checks() == {check}


def _vsock_exists() -> bool:
    try:
        socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM).close()
    except OSError:
        return False
    return True


def without_listener(role: Role) -> Callable[..., object]:
    """A jail in which nobody listens in this role."""

    async def opened(spec: JailSpec, spawner: Spawner | None) -> Jail:
        jail = await Jail.open(spec, spawner)
        if role not in jail.listeners:
            await jail.close()
            pytest.skip("this machine has no IPv6")
        jail.listeners.pop(role).close()
        return jail

    return opened


class TestNetwork:
    @pytest.mark.parametrize(
        ("role", "check", "outcome"),
        [
            (Role.TCP4, "tcp-denied", "held"),
            (Role.TCP6, "tcp6-denied", "held"),
            (Role.UDP4, "udp-denied", "held"),
            (Role.DNS4, "dns-denied", "escaped"),
        ],
    )
    async def test_nobody_listens(self, lab, role, check, outcome):
        """Where nothing is recorded, an attempt that fails is refused as well."""
        await check_is_refused(lab, check, outcome, open_jail=without_listener(role))

    async def test_a_connection_that_is_answered(self, lab, monkeypatch):
        async def answers(session) -> None:
            await session.client.recv(64)
            await session.client.send(b"from far away")

        monkeypatch.setattr(
            "zu_backends.egress.transparent_session.TransparentSession.run", answers
        )
        error = await refusal(lab)
        assert "answered b'from far away'" in error.message
        assert {"tcp-denied", "tcp6-denied"} <= lab.failed_checks() | {"tcp6-denied"}

    async def test_a_name_that_is_answered(self, lab, monkeypatch):
        answer = DnsGate.answer

        def no_error(gate, message, **given):
            reply, fact = answer(gate, message, **given)
            return reply[:3] + bytes([reply[3] & 0xF0]) + reply[4:], fact

        monkeypatch.setattr(DnsGate, "answer", no_error)
        await check_is_refused(lab, "dns-denied")

    async def test_an_abstract_socket_within_reach(self, patched_lab):
        lab = await patched_lab(
            "import os, socket, time\n"
            "execute = os.execve\n"
            "def reachable(path, argv, env):\n"
            "    if os.fork() == 0:\n"
            "        os.closerange(0, 100)\n"
            "        listener = socket.socket(socket.AF_UNIX)\n"
            "        listener.bind(b'\\0' + argv[-1])\n"
            "        listener.listen(1)\n"
            "        time.sleep(60)\n"
            "    time.sleep(0.2)\n"
            "    execute(path, argv, env)\n"
            "os.execve = reachable"
        )
        await check_is_refused(lab, "abstract-socket")


class TestUnseen:
    """An attempt that fails but is not recorded is refused like one that got through."""

    @pytest.mark.parametrize(
        ("kind", "monitor", "check"),
        [
            (Executed, "exec", "exec-watch"),
            (Connected, "connect", "tcp-denied"),
            (OpenedForWrite, "open-write", "write-outside"),
        ],
    )
    async def test_calls_of_one_kind(self, lab, monkeypatch, kind, monitor, check):
        class Blind(SyscallMonitor):
            def __init__(self, notify_fd, observe):
                super().__init__(
                    notify_fd, lambda fact: None if isinstance(fact, kind) else observe(fact)
                )

        monkeypatch.setattr(candidate, "SyscallMonitor", Blind)
        await _not_seen(lab, monkeypatch, monitor, check)

    async def test_canaries(self, lab, monkeypatch):
        class Blind(CanaryMonitor):
            def __init__(self, root_fd, canaries, observe):
                super().__init__(root_fd, canaries, lambda _fact: None)

        monkeypatch.setattr(assembly, "CanaryMonitor", Blind)
        await _not_seen(lab, monkeypatch, "canary", "canary-watch")

    @pytest.mark.parametrize(
        ("channel", "check"), [("tcp", "tcp-denied"), ("udp", "udp-denied"), ("dns", "dns-denied")]
    )
    async def test_one_channel_of_the_network(self, lab, monkeypatch, channel, check):
        class Blind(EgressServer):
            def __init__(self, listeners, policy, observe):
                super().__init__(
                    listeners,
                    policy,
                    lambda fact: None if fact.channel == channel else observe(fact),
                )

        monkeypatch.setattr(assembly, "EgressServer", Blind)
        await _not_seen(lab, monkeypatch, channel, check)


async def _not_seen(lab: Lab, patch: Patch, monitor: str, check: str) -> None:
    patch.setattr(probing, "TRACE_SECONDS", 0.3)
    patch.setattr(candidate, "_EXECUTE_SECONDS", 0.3)
    error = await refusal(lab)
    assert f"({check}: held" in error.message
    assert f"not seen by {monitor}" in error.message


class TestAProbeThatCanNotRun:
    async def test_no_interpreter(self, lab, monkeypatch):
        monkeypatch.setattr(candidate, "_interpreter", lambda: "/usr/bin/no-such-python")
        monkeypatch.setattr(candidate, "_EXECUTE_SECONDS", 0.3)
        error = await refusal(lab)
        assert "did not run" in error.message
        assert "no-such-python" in error.advice

    async def test_an_interpreter_of_another_version(self, lab, monkeypatch):
        def other(python: str, control: int, nonce: str) -> tuple[str, ...]:
            made = list(candidate_argv(python, control, nonce))
            return (*made[:6], "3.99", nonce)

        candidate_argv = candidate.loader_argv
        monkeypatch.setattr(candidate, "loader_argv", other)
        error = await refusal(lab)
        assert "did not run" in error.message
        assert "another Python" in error.advice

    async def test_it_hangs(self, lab, monkeypatch):
        hangs = compile("import time; time.sleep(600)", "hangs", "exec")
        monkeypatch.setattr(candidate, "code", lambda: _marshalled(hangs))
        monkeypatch.setattr(probing, "REPORT_SECONDS", 0.3)
        monkeypatch.setattr(probing, "_LAST_WORDS_SECONDS", 0.1)
        assert "no answer in time" in (await refusal(lab)).message

    @pytest.mark.parametrize(
        "answer", [b"not a frame", b"ffffffff", b"00000009half", b"00000002ok"]
    )
    async def test_it_says_nonsense(self, lab, monkeypatch, answer):
        says = compile(f"import posix; posix.write(3, {answer!r}); posix._exit(0)", "says", "exec")
        monkeypatch.setattr(candidate, "code", lambda: _marshalled(says))
        assert (await refusal(lab)).message

    async def test_it_is_killed(self, lab, monkeypatch):
        made = candidate.Candidate.start

        async def killed(*given):
            one = await made(*given)
            await one.process.kill()
            return one

        monkeypatch.setattr(candidate.Candidate, "start", killed)
        assert "did not run" in (await refusal(lab)).message

    async def test_a_check_that_fails_to_run(self, lab, monkeypatch):
        real = probing._surroundings
        monkeypatch.setattr(
            probing,
            "_surroundings",
            lambda *given: msgspec.structs.replace(real(*given), canary="/home/tool/not-there"),
        )
        monkeypatch.setattr(probing, "TRACE_SECONDS", 0.1)
        error = await refusal(lab)
        assert "canary-watch: not-run" in error.message


def _marshalled(code) -> bytes:
    import marshal

    return marshal.dumps(code)


async def test_a_second_start_is_probed_again(lab, monkeypatch):
    async with lab.box() as box:
        assert (await lab.shell(box, "echo kept > /workspace/kept")).exit.code == 0
        bubblewrap_options(monkeypatch, lambda made: with_mounts(made, "--dir", "/stray"))
        with pytest.raises(Unavailable, match="root-entries"):
            await box.start(MARKER)
        assert lab.left_in_workspace() == ["kept"]
        monkeypatch.undo()
        assert (await lab.shell(box, "cat /workspace/kept")).out == "kept\n"


async def test_a_cancelled_start_leaves_nothing_running(lab):
    async with lab.box() as box:
        starting = asyncio.create_task(box.start(MARKER))
        await asyncio.sleep(0)
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
        assert lab.left_in_workspace() == []
        assert (await lab.run(box, ["/bin/true"])).exit.code == 0
