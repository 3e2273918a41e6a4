import msgspec

from zu_core.contracts import BoxSpec, Canary, Envelope, Exit, Mount, Usage


def test_the_default_box_has_nothing():
    spec = BoxSpec()
    assert spec.envelope == Envelope()
    assert (spec.mounts, spec.canaries, spec.environment, spec.workspace) == ((), (), (), "")


def test_a_box_comes_back_from_json():
    spec = BoxSpec(
        mounts=(Mount(path="/usr", reason="programs"),),
        canaries=(Canary(name="c", path=".c", content="s3", secrets=("s3",)),),
        environment=(("A", "b"),),
    )
    assert msgspec.json.decode(msgspec.json.encode(spec), type=BoxSpec) == spec
    end = Exit(
        code=0,
        usage=Usage(cpu_seconds=0.5, peak_memory_bytes=1, peak_processes=1, wall_seconds=1.5),
    )
    assert msgspec.json.decode(msgspec.json.encode(end), type=Exit) == end
