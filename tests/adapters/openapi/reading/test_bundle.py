"""A bundle becomes one tree with local references only; what lies outside it is never read."""

import io
import json
import random
import struct
import time
import zipfile
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.openapi.model import Api
from adapters.openapi.reading.api import read_api
from adapters.openapi.reading.archive import MAX_UNPACKED_BYTES
from adapters.openapi.reading.source import Source, read_source
from adapters.openapi.references import FILES, target
from domain.errors import Invalid, Refused, TooLarge
from tests.adapters.openapi.reading.bundles import packed

ROOT = """
openapi: 3.1.0
info: {title: Pets, version: '1'}
servers: [{url: 'https://api.example.com'}]
paths:
  /pets: {$ref: 'paths/pets.yaml'}
  /pets/{id}:
    get: {$ref: 'paths/one%20pet.yml#/get'}
components:
  schemas:
    Pet: {$ref: './models/pet.json#/definitions/Pet'}
"""
FILES_OF_PETS: dict[str, str | bytes] = {
    "openapi.yaml": ROOT,
    "paths/pets.yaml": """
post:
  operationId: addPet
  requestBody: {content: {application/json: {schema: {$ref: '../openapi.yaml#/components/schemas/Pet'}}}}
  responses: {'201': {$ref: 'answers.yaml#/created'}}
""",
    "paths/one pet.yml": """
get:
  parameters:
    - {name: id, in: path, required: true, schema: {$ref: '#/id'}}
id: {type: string}
""",
    "paths/answers.yaml": "created: {content: {application/json: {schema: {$ref: '../models/pet.json'}}}}",
    "models/pet.json": json.dumps(
        {
            "$ref": "#/definitions/Pet",
            "definitions": {
                "Pet": {"properties": {"parent": {"$ref": "#/definitions/Pet"}, "owner": {"$ref": "owner~1.yaml"}}},
            },
        }
    ),
    "models/owner~1.yaml": """
discriminator: {propertyName: kind, mapping: {pet: pet.json, self: '#', Person: Person}}
properties: {pets: {type: array, items: {$ref: pet.json}}}
""",
    "notes/unused.yaml": "a: [",
    "README.md": "Nothing.",
}


def references(value: Any) -> list[str]:
    """List all references of a tree."""
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [each for child in value.values() for each in references(child)]
    return [each for child in value for each in references(child)] if isinstance(value, list) else []


def api_of(source: Source) -> Api:
    return read_api(source.tree)


def test_a_bundle_is_one_tree_whose_references_are_local_and_lead_somewhere() -> None:
    source = read_source(packed(FILES_OF_PETS))
    found = references(source.tree)
    assert found and all(target(source.tree, each) is not None for each in found)
    assert sorted(source.tree[FILES]) == [
        "models/owner~1.yaml", "models/pet.json", "paths/answers.yaml", "paths/one pet.yml", "paths/pets.yaml",
    ]  # fmt: skip
    one, two = sorted(api_of(source).operations, key=lambda each: each.path)
    assert (one.name, one.operation_id, one.answers[0].status) == ("POST /pets", "addPet", "201")
    assert two.name == "GET /pets/{id}" and two.parameters[0].schema == {"$ref": f"#/{FILES}/paths~1one%20pet.yml/id"}
    owner = source.tree[FILES]["models/owner~1.yaml"]
    assert owner["discriminator"]["mapping"] == {
        "pet": f"#/{FILES}/models~1pet.json",
        "self": f"#/{FILES}/models~1owner~01.yaml",
        "Person": "Person",
    }


def test_what_is_kept_of_a_bundle_is_read_again_as_the_same_document() -> None:
    source = read_source(packed(FILES_OF_PETS))
    again = read_source(source.text)
    assert (again.tree, again.digest) == (source.tree, source.digest)
    assert api_of(again) == api_of(source)


def test_a_digest_is_of_what_a_bundle_says_and_not_of_how_it_is_packed() -> None:
    names = list(FILES_OF_PETS)
    digests = set()
    for seed in range(4):
        random.Random(seed).shuffle(names)
        digests.add(read_source(packed(FILES_OF_PETS, names=names, method=zipfile.ZIP_STORED)).digest)
    digests.add(read_source(packed({f"a/b/{name}": text for name, text in FILES_OF_PETS.items()})).digest)
    assert len(digests) == 2  # the paths below the folder are part of what is said
    changed = {**FILES_OF_PETS, "paths/answers.yaml": "created: {}"}
    assert read_source(packed(changed)).digest not in digests


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ("https://example.com/pet.yaml", "leads to the network, where nothing is ever read"),
        ("//example.com/pet.yaml", "leads to the network"),
        ("file:///etc/passwd.json", "leads to the network"),
        ("/etc/passwd.json", "names no file of the bundle"),
        ("/models/pet.json", "names no file of the bundle"),
        ("../models/pet.json", "names no file of the bundle"),
        ("../../../../etc/passwd.yaml", "names no file of the bundle"),
        ("%2e%2e/openapi.yaml", "names no file of the bundle"),
        ("..\\\\models\\\\pet.json", "names no file of the bundle"),
        ("C:/pet.json", "names no file of the bundle"),
        ("README.md", "names no file of the bundle"),
        ("nothing.yaml#/a", "names no file of the bundle"),
        ("models/pet.json#/nothing", "points at nothing"),
    ],
)
def test_a_reference_out_of_the_bundle_is_never_read_and_blocks_its_operation(reference: str, reason: str) -> None:
    odd = f"\n  /odd: {{post: {{requestBody: {{$ref: '{reference}'}}}}}}\ncomponents:"
    files = {**FILES_OF_PETS, "openapi.yaml": ROOT.replace("\ncomponents:", odd)}
    found = api_of(read_source(packed(files)))
    assert len(found.operations) == 2
    (fault,) = [each for each in found.findings if each.severity == "error"]
    assert (fault.operation, fault.place) == ("POST /odd", "/paths/~1odd/post/requestBody") and reason in fault.message


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "none of its files says openapi"),
        ({"a.txt": "openapi: 3.1.0"}, "none of its files says openapi"),
        ({"a.yaml": "title: x", "b/c.json": "{}"}, "none of its files says openapi"),
        ({"a.yaml": ROOT, "b.yaml": ROOT}, "there are a.yaml, b.yaml: leave one"),
        ({"a.yaml": ROOT + "  x: ["}, "a.yaml: Expected JSON or YAML, but .* line 13"),
        ({"a.yaml": ROOT, "paths/pets.yaml": '{"post": '}, "paths/pets.yaml: Expected JSON, but .* line 1, column 10"),
        ({"a.yaml": ROOT, "paths/pets.yaml": "{a: 1, a: 2}"}, "pets.yaml: Expected .* 'a' stands again in line 1"),
        ({"a.yaml": ROOT, "../evil.yaml": "a: 1"}, "to lie inside it, but there is '../evil.yaml'"),
        ({"a.yaml": ROOT, "b/../../evil.yaml": "a: 1"}, "to lie inside it"),
        ({"a.yaml": ROOT, "/etc/evil.yaml": "a: 1"}, "to lie inside it"),
        ({"a.yaml": ROOT, "C:evil.yaml": "a: 1"}, "to lie inside it"),
        ({"a.yaml": ROOT, "..\\evil.yaml": "a: 1"}, "to lie inside it"),
    ],
)
def test_what_is_no_bundle_is_refused_with_the_file(files: dict[str, str | bytes], message: str) -> None:
    with pytest.raises(Invalid, match=message):
        read_source(packed(files))


def test_the_highest_document_is_the_root() -> None:
    files = {
        **FILES_OF_PETS,
        "examples/other.yaml": ROOT,
        "title.yaml": "about: {openapi: 3}",
        "x.json": '{"openapi": 3',
    }
    with pytest.raises(Invalid, match=r"x\.json"):
        read_source(packed(files))
    del files["x.json"]
    assert read_source(packed(files)).tree["info"]["title"] == "Pets"


def test_links_doubled_files_and_encrypted_ones_are_refused() -> None:
    link = zipfile.ZipInfo("link.yaml")
    link.external_attr = 0o120777 << 16
    with pytest.raises(Invalid, match=r"'link\.yaml' is a link"):
        read_source(with_entry(link, b"/etc/passwd"))
    with pytest.warns(UserWarning, match="Duplicate name"):
        twice = with_entry(zipfile.ZipInfo("a.yaml"), b"x: 1")
    with pytest.raises(Invalid, match=r"'a\.yaml' is in it twice"):
        read_source(twice)
    data = bytearray(packed({"a.yaml": ROOT}))
    for at in (data.find(b"PK\x03\x04") + 6, data.find(b"PK\x01\x02") + 8):
        struct.pack_into("<H", data, at, 1)
    with pytest.raises(Invalid, match=r"'a\.yaml' is encrypted"):
        read_source(bytes(data))


def with_entry(entry: zipfile.ZipInfo, content: bytes) -> bytes:
    held = io.BytesIO(packed({"a.yaml": ROOT}))
    with zipfile.ZipFile(held, "a") as archive:
        archive.writestr(entry, content)
    return held.getvalue()


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    started = time.process_time()
    part = b" " * (MAX_UNPACKED_BYTES // 4 + 1)
    data = packed({"a.yaml": ROOT, **{f"{n}.yaml": part for n in range(4)}})
    packing = time.process_time() - started
    started = time.process_time()
    with pytest.raises(TooLarge, match="in a bundle's files"):
        read_source(data)
    assert time.process_time() - started < packing / 4
    with pytest.raises(TooLarge, match="files in a bundle"):
        read_source(b"PK\x03\x04" + b"PK\x01\x02" * 20_001)


def test_a_text_that_many_files_repeat_is_refused_before_it_is_written_out() -> None:
    repeated = f"a: &a {'x' * 100_000}\nb: [{','.join(['*a'] * 300)}]"
    files: dict[str, str | bytes] = {f"{number}.yaml": repeated for number in range(3)}
    root = {"openapi": "3.1.0", "paths": {}, "x-all": [{"$ref": name} for name in files]}
    with pytest.raises(TooLarge, match="characters with all aliases expanded"):
        read_source(packed({**files, "openapi.json": json.dumps(root)}))


def test_an_entry_that_lies_about_its_size_is_refused() -> None:
    data = bytearray(packed({"a.yaml": ROOT + "#" * 10_000_000}))
    struct.pack_into("<I", data, data.find(b"PK\x01\x02") + 24, 100)
    with pytest.raises(Invalid, match="Expected"):
        read_source(bytes(data))


@settings(max_examples=300)
@given(st.data())
def test_a_zip_with_any_byte_changed_is_read_or_refused(data: st.DataObject) -> None:
    text = bytearray(packed(FILES_OF_PETS))
    for _ in range(data.draw(st.integers(1, 4))):
        text[data.draw(st.integers(4, len(text) - 1))] = data.draw(st.integers(0, 255))
    try:
        read_api(read_source(bytes(text[: data.draw(st.integers(4, len(text)))])).tree)
    except Refused:
        return


def test_three_thousand_files_are_read_quickly() -> None:
    files: dict[str, str | bytes] = {
        f"paths/{n}.yaml": f"get: {{operationId: get{n}, responses: {{'200': {{$ref: '../answers/{n}.yaml'}}}}}}"
        for n in range(1500)
    }
    files |= {f"answers/{n}.yaml": "content: {application/json: {schema: {type: object}}}" for n in range(1500)}
    files["root.yaml"] = "openapi: 3.0.0\npaths:\n" + "".join(
        f"  /p{n}: {{$ref: 'paths/{n}.yaml'}}\n" for n in range(1500)
    )
    data = packed(files)
    started = time.process_time()
    source = read_source(data)
    assert len(source.tree[FILES]) == 3000 and len(api_of(source).operations) == 1500
    assert time.process_time() - started < 20
