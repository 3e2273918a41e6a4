"""What the self-probe looks for on the host exists there, and leaves nothing behind."""

import os
import socket

import pytest

from zu_backends.contained.surroundings import Bait, host_files, own_namespaces


def test_the_bait_listens_and_is_gone_after():
    bait = Bait()
    with socket.socket(socket.AF_UNIX) as client:
        client.connect("\0" + bait.abstract_socket)
    bait.close()
    bait.close()
    with socket.socket(socket.AF_UNIX) as client, pytest.raises(ConnectionRefusedError):
        client.connect("\0" + bait.abstract_socket)


def test_each_bait_has_a_nonce_of_its_own():
    first, second = Bait(), Bait()
    assert first.nonce != second.nonce
    assert len(first.nonce) == 18
    first.close()
    second.close()


def test_host_files_are_identified_as_stat_does():
    found = {one.path: one for one in host_files(())}
    assert {"/", "/etc", "/etc/passwd", "/tmp"} <= found.keys()
    for path, one in found.items():
        stat = os.stat(path)
        assert (one.device, one.inode) == (stat.st_dev, stat.st_ino)


def test_what_a_box_shows_is_left_out():
    paths = {one.path for one in host_files(("/var/tmp", "/opt"))}
    assert not {"/var/tmp", "/opt"} & paths
    assert "/var" in paths
    assert "/etc/passwd" not in {one.path for one in host_files(("/etc/passwd",))}


def test_namespaces_are_those_of_this_process():
    names = own_namespaces()
    assert len(names) == 6
    assert os.readlink("/proc/self/ns/net") in names
