"""The formats once more, from the specifications, on the standard library alone.

Nothing of Zu is imported. Ed25519 is that of RFC 8032, section 5.1, for checking only.
"""

import base64
import hashlib


class Bad(Exception):
    pass


def need(holds, why):
    if not holds:
        raise Bad(why)


# entries (docs/log-format.md)


def entry_bytes(entry):
    names = ("trace_id", "event_id", "parent_id", "task_id", "type", "source", "codec")
    texts = [None if entry[name] is None else entry[name].encode() for name in names]
    payload = bytes.fromhex(entry["payload"])
    data = b"zu-log-entry\0\0\0\0" + bytes([0, 0, 0, 1])
    data += entry["seq"].to_bytes(8, "big") + entry["ts"].to_bytes(8, "big", signed=True)
    data += bytes.fromhex(entry["prev"])
    for text in texts:
        data += b"\xff\xff\xff\xff" if text is None else len(text).to_bytes(4, "big")
    data += len(payload).to_bytes(8, "big")
    for text in texts:
        data += text or b""
    return data + payload


# the tree (RFC 6962, 2.1; RFC 9162, 2.1.3 and 2.1.4)


def leaf(data):
    return hashlib.sha256(b"\x00" + data).digest()


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def split(n):
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def mth(entries):
    if not entries:
        return hashlib.sha256().digest()
    if len(entries) == 1:
        return leaf(entries[0])
    k = split(len(entries))
    return node(mth(entries[:k]), mth(entries[k:]))


def path(m, entries):
    if len(entries) == 1:
        return []
    k = split(len(entries))
    if m < k:
        return [*path(m, entries[:k]), mth(entries[k:])]
    return [*path(m - k, entries[k:]), mth(entries[:k])]


def subproof(m, entries, whole=True):
    if m == len(entries):
        return [] if whole else [mth(entries)]
    k = split(len(entries))
    if m <= k:
        return [*subproof(m, entries[:k], whole), mth(entries[k:])]
    return [*subproof(m - k, entries[k:], False), mth(entries[:k])]


def root_of_inclusion(hash_, index, size, proof):
    """By recursion from the top: which child the last hash of the proof is."""
    need(0 <= index < size, "no such leaf")
    if size == 1:
        need(not proof, "too long")
        return hash_
    need(proof, "too short")
    k = split(size)
    if index < k:
        return node(root_of_inclusion(hash_, index, k, proof[:-1]), proof[-1])
    return node(proof[-1], root_of_inclusion(hash_, index - k, size - k, proof[:-1]))


def roots_of_consistency(old, new, proof, old_root, whole=True):
    """Return the roots of the old and of the new tree that `proof` leads to."""
    if old == new:
        if whole:
            need(not proof, "too long")
            return old_root, old_root
        need(len(proof) == 1, "another length")
        return proof[0], proof[0]
    need(proof, "too short")
    k = split(new)
    if old <= k:
        first, second = roots_of_consistency(old, k, proof[:-1], old_root, whole)
        return first, node(second, proof[-1])
    first, second = roots_of_consistency(old - k, new - k, proof[:-1], old_root, False)
    return node(proof[-1], first), node(proof[-1], second)


# signatures (RFC 8032, 5.1)

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def add(one, two):
    (x1, y1), (x2, y2) = one, two
    t = D * x1 * x2 * y1 * y2 % P
    x = (x1 * y2 + x2 * y1) * pow(1 + t, P - 2, P) % P
    y = (y1 * y2 + x1 * x2) * pow(1 - t, P - 2, P) % P
    return x, y


def times(number, point):
    result = (0, 1)
    while number:
        if number & 1:
            result = add(result, point)
        point = add(point, point)
        number >>= 1
    return result


def point_of(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    need(y < P, "no point")
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    need(x * x % P == square, "no point")
    need(x or not sign, "no point")
    return (P - x if x & 1 != sign else x), y


BASE = point_of((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def check_ed25519(public, signature, message):
    need(len(public) == 32 and len(signature) == 64, "another length")
    s = int.from_bytes(signature[32:], "little")
    need(s < ORDER, "another s")
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    h = int.from_bytes(digest, "little") % ORDER
    right = add(point_of(signature[:32]), times(h, point_of(public)))
    need(times(s, BASE) == right, "another signature")


# notes, checkpoints, proofs (C2SP)


def octets(text):
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise Bad("no base64") from None
    need(base64.b64encode(data).decode() == text, "another base64")
    return data


def key_of(text):
    name, digits, blob = text.split("+", 2)
    data = octets(blob)
    key_id = hashlib.sha256(name.encode() + b"\n" + data).digest()[:4]
    need(key_id.hex() == digits, "another id")
    return name, key_id, data[0], data[1:]


def open_note(data, keys):
    """Return the text, and how many of `keys` have signed it."""
    need(not any(ord(c) < 32 and c != "\n" for c in data), "control character")
    text, blank, below = data.rpartition("\n\n")
    need(blank and below.endswith("\n"), "no signatures")
    text += "\n"
    known = {(name, key_id): (kind, public) for name, key_id, kind, public in map(key_of, keys)}
    signed = set()
    for line in below[:-1].split("\n"):
        parts = line.split(" ")
        need(len(parts) == 3 and parts[0] == "\u2014" and parts[1], "no signature line")
        value = octets(parts[2])
        need(len(value) > 4, "no signature")
        who = parts[1], value[:4]
        if who not in known:
            continue
        kind, public = known[who]
        message, signature = text.encode(), value[4:]
        if kind == 4:
            time = int.from_bytes(signature[:8], "big")
            message = b"cosignature/v1\ntime %d\n" % time + message
            signature = signature[8:]
        check_ed25519(public, signature, message)
        signed.add(who)
    need(signed, "nobody has signed it")
    return text, len(signed)


def open_checkpoint(data, keys):
    text, signed = open_note(data, keys)
    lines = text[:-1].split("\n")
    need(len(lines) >= 3 and all(lines), "lines")
    need(lines[0] in {key_of(key)[0] for key in keys}, "another origin")
    need(lines[1].isascii() and lines[1].isdigit() and str(int(lines[1])) == lines[1], "size")
    size, root = int(lines[1]), octets(lines[2])
    need(len(root) == 32, "root")
    need(size or root == mth([]), "root of nothing")
    return size, root, signed


def open_proof(data, keys):
    """Return the hash of the entry in a proof file that holds."""
    above, blank, note = data.partition("\n\n")
    lines = above.split("\n")
    need(blank and lines.pop(0) == "c2sp.org/tlog-proof@v1", "first line")
    need(lines and lines[0].startswith("extra "), "no entry")
    entry = hashlib.sha256(octets(lines.pop(0)[6:])).digest()
    need(lines and lines[0].startswith("index "), "no index")
    number = lines.pop(0)[6:]
    need(number.isascii() and number.isdigit() and str(int(number)) == number, "index")
    size, root, _ = open_checkpoint(note, keys)
    proof = [octets(line) for line in lines]
    need(all(len(each) == 32 for each in proof), "hash")
    need(root_of_inclusion(leaf(entry), int(number), size, proof) == root, "another root")
    return entry
