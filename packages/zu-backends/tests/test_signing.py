import json
from pathlib import Path

import pytest

from zu_backends.signing import Ed25519Signer, Ed25519Verifier
from zu_core.errors import ConfigError, IntegrityError
from zu_core.note.checkpoint import Trust, verify_checkpoint
from zu_core.note.keys import KeyType, NoteKey, SecretKey
from zu_core.note.signed import parse_note, sign_text, verify_note
from zu_core.note.signing import SignatureVerifier, Signer

VECTORS = Path(__file__).resolve().parents[3].parent / "shared/vectors/wycheproof/ed25519_test.json"

PETER = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
PUBLIC = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
"""Key and note of the documentation of golang.org/x/mod/sumdb/note."""


def test_the_classes_have_the_methods_of_their_ports():
    assert isinstance(Ed25519Signer.generate("a"), Signer)
    assert isinstance(Ed25519Verifier(), SignatureVerifier)


def test_a_note_made_by_the_go_package_verifies():
    (signed,) = verify_note(parse_note(NOTE.encode()), [NoteKey.parse(PUBLIC)], Ed25519Verifier())
    assert signed.key.name == "PeterNeumann"


def test_a_note_made_here_is_that_of_the_go_package():
    signer = Ed25519Signer(SecretKey.parse(PETER))
    assert str(signer.key) == PUBLIC
    assert sign_text(NOTE.partition("\n\n")[0] + "\n", [signer]).encode() == NOTE.encode()


CHECKPOINT = """\
example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

"""


@pytest.mark.parametrize("kind", KeyType)
def test_what_was_signed_verifies_and_nothing_else(kind):
    signer = Ed25519Signer.generate("example.com/log", kind)
    note = sign_text("text\n", [signer], time=12)
    verify_note(note, [signer.key], Ed25519Verifier())
    for old, new in ((b"text", b"test"), (note.signatures[0].value[-20:], bytes(20))):
        data = note.encode().replace(old, new)
        if data == note.encode():
            (line,) = note.signatures
            value = line.value.replace(old, new)
            changed = type(note)(note.text, (type(line)(line.name, line.key_id, value),))
        else:
            changed = parse_note(data)
        with pytest.raises(IntegrityError):
            verify_note(changed, [signer.key], Ed25519Verifier())


def test_a_secret_reads_back_and_a_wrong_id_is_refused():
    signer = Ed25519Signer.generate("example.com/log")
    again = Ed25519Signer(SecretKey.parse(signer.secret.text()))
    assert again.key == signer.key
    secret = signer.secret
    with pytest.raises(ConfigError, match="id that it states"):
        Ed25519Signer(SecretKey(secret.name, secret.type, b"1234", secret.seed))
    with pytest.raises(ConfigError, match="id that it states"):
        Ed25519Signer(SecretKey("other", secret.type, secret.stated_id, secret.seed))


def test_generated_keys_differ():
    assert Ed25519Signer.generate("a").key != Ed25519Signer.generate("a").key


def test_trust_in_a_key_of_another_kind_is_none():
    witness = Ed25519Signer.generate("w", KeyType.COSIGNATURE)
    log = Ed25519Signer.generate("example.com/behind-the-sofa")
    note = sign_text(CHECKPOINT.rstrip("\n") + "\n", [log, witness], time=1679315147)
    trust = Trust.of([log.key, witness.key])
    assert len(verify_checkpoint(note.encode(), trust, Ed25519Verifier()).signed) == 2
    as_log = NoteKey("w", KeyType.ED25519, witness.key.public_key)
    with pytest.raises(IntegrityError):
        verify_note(note, [as_log], Ed25519Verifier())


def test_every_vector_of_wycheproof_is_agreed_with():
    if not VECTORS.is_file():
        pytest.skip("the Ed25519 vectors of Wycheproof are not beside the project")
    count = 0
    for group in json.loads(VECTORS.read_text())["testGroups"]:
        public = bytes.fromhex(group["publicKey"]["pk"])
        for test in group["tests"]:
            count += 1
            case = bytes.fromhex(test["sig"]), bytes.fromhex(test["msg"])
            if test["result"] == "valid":
                Ed25519Verifier().verify(public, *case)
            else:
                with pytest.raises(IntegrityError):
                    Ed25519Verifier().verify(public, *case)
    assert count > 100


@pytest.mark.parametrize("public", [b"", b"x" * 31, b"x" * 33])
def test_what_is_no_key_verifies_nothing(public):
    with pytest.raises(IntegrityError):
        Ed25519Verifier().verify(public, bytes(64), b"")
