from zu_core.hosts.classes import HostClass, strictest


def test_only_global_is_not_internal():
    assert [klass for klass in HostClass if not klass.is_internal] == [HostClass.GLOBAL]


def test_the_strictest_class_is_the_one_defined_first():
    assert strictest(HostClass.GLOBAL, HostClass.PRIVATE) is HostClass.PRIVATE
    assert strictest(*HostClass) is HostClass.METADATA
    assert strictest(HostClass.GLOBAL) is HostClass.GLOBAL


def test_values_are_the_words_of_records():
    assert str(HostClass.LINK_LOCAL) == "link-local"
    assert HostClass("cgnat") is HostClass.CGNAT
