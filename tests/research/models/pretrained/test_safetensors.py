import json
import struct

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from research.models.pretrained.safetensors import SafetensorsError, parse, read

NAMES = {
    "bool": "BOOL",
    "uint8": "U8",
    "int16": "I16",
    "int64": "I64",
    "float16": "F16",
    "float32": "F32",
    "float64": "F64",
}


def written(tensors, *, header=None, tail=b""):
    """A file as the format's text describes it."""
    entries, data = {"__metadata__": {"format": "np"}}, b""
    for name, array in tensors.items():
        begin = len(data)
        data += np.ascontiguousarray(array).tobytes()
        entries[name] = {
            "dtype": NAMES.get(str(array.dtype), "BF16"),
            "shape": list(array.shape),
            "data_offsets": [begin, len(data)],
        }
    text = json.dumps(entries | (header or {})).encode()
    return struct.pack("<Q", len(text)) + text + data + tail


ARRAYS = st.sampled_from(sorted(NAMES)).flatmap(
    lambda dtype: arrays(dtype, array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3))
)


@given(tensors=st.dictionaries(st.text(min_size=1, max_size=5), ARRAYS, max_size=4))
def test_what_is_written_is_read(tensors):
    found = parse(written(tensors))
    assert found.keys() == tensors.keys()
    for name, array in tensors.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


def test_bfloat16_and_files(tmp_path):
    path = tmp_path / "x.safetensors"
    path.write_bytes(written({"x": np.asarray(jnp.array([1.5, -2.0], jnp.bfloat16))}))
    found = read(path)["x"]
    assert found.dtype == jnp.bfloat16 and found.tolist() == [1.5, -2.0]
    assert not found.flags.writeable


WHOLE = written({"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.ones(2, np.int64)})


@given(st.data())
def test_no_damage_goes_further_than_an_error(data):
    content = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    for damaged in (bytes(content), bytes(content[:cut])):
        try:
            found = parse(damaged)
        except SafetensorsError:
            continue
        # What is read is as long as the file, whatever it says.
        assert sum(array.nbytes for array in found.values()) <= len(damaged)


def changed(**entry):
    whole = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
    return written({"x": np.ones(2, np.float32)}, header={"x": whole | entry})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"1234", "the file has 4 bytes, expected 8 or more"),
        (b"\xff" * 20, "the header should have 18446744073709551615 bytes, the file has 12"),
        (struct.pack("<Q", 2) + b"[]", "the header is no JSON object"),
        (struct.pack("<Q", 2) + b"{'", "the header can't be read as JSON"),
        (struct.pack("<Q", 2) + b"\xff\xff", "the header can't be read as JSON"),
        (struct.pack("<Q", 15) + b'{"a": 1,"a": 2}', "a name is there twice"),
        (struct.pack("<Q", 9000) + b"[" * 9000, "the header can't be read as JSON"),
        (written({}, header={"x": 3}), "'x' is 3, expected dtype, shape and data_offsets"),
        (changed(more=1), "expected dtype, shape and data_offsets"),
        (changed(dtype="F8"), "'x' has dtype 'F8', expected one of BOOL, U8"),
        (changed(dtype=["F32"]), "'x' has dtype"),
        (changed(shape=[-2]), r"'x' has shape \[-2\], expected a list of sizes"),
        (changed(shape=[True, 2]), "expected a list of sizes"),
        (changed(shape=[2.0]), "expected a list of sizes"),
        (changed(shape=[3]), r"expected 12 bytes for float32 \[3\]"),
        (changed(shape=[2**62, 2**62]), "expected .* bytes for float32"),
        (changed(data_offsets=[0]), r"has data_offsets \[0\], expected two numbers"),
        (changed(data_offsets=[8, 0]), "said to be at bytes 8 to 0 of 8"),
        (changed(data_offsets=[4, 12]), "said to be at bytes 4 to 12 of 8"),
        (
            written({"x": np.ones(2, np.float32)}, tail=b"more"),
            "after byte 8 of the data comes an array at 12, expected arrays without gaps",
        ),
        (
            written(
                {"x": np.ones(2, np.float32)},
                header={"y": {"dtype": "U8", "shape": [2], "data_offsets": [4, 6]}},
            ),
            "after byte 8 of the data comes an array at 4",
        ),
    ],
)
def test_files_that_break_the_format(content, message):
    with pytest.raises(SafetensorsError, match=message):
        parse(content)
