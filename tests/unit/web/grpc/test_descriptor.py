"""The messages on the wire."""

from keepfit.web.grpc.descriptor import message


def test_a_request_has_the_protocols_numbers():
    """Written out by hand: each field's number and wire type, then its bytes."""
    request = message("ModelInferRequest")(
        model_name="m",
        model_version="2",
        id="i",
        inputs=[{"name": "x", "datatype": "FP64", "shape": [1], "contents": {"fp64_contents": [1.0]}}],
        outputs=[{"name": "y"}],
        raw_input_contents=[b"r"],
    )
    request.parameters["timeout"].int64_param = 7
    contents = b"\x3a\x08\x00\x00\x00\x00\x00\x00\xf0\x3f"
    tensor = b"\x0a\x01x\x12\x04FP64\x1a\x01\x01\x2a" + bytes([len(contents)]) + contents
    expected = [
        b"\x0a\x01m",
        b"\x12\x012",
        b"\x1a\x01i",
        b"\x22\x0d\x0a\x07timeout\x12\x02\x10\x07",
        b"\x2a" + bytes([len(tensor)]) + tensor,
        b"\x32\x03\x0a\x01y",
        b"\x3a\x01r",
    ]
    assert request.SerializeToString() == b"".join(expected)


def test_a_reply_has_the_protocols_numbers():
    """Its raw contents come one earlier than a request's."""
    reply = message("ModelInferResponse")(
        model_name="m", model_version="2", id="i", outputs=[{"name": "y"}], raw_output_contents=[b"r"]
    )
    assert reply.SerializeToString() == b"\x0a\x01m\x12\x012\x1a\x01i\x2a\x03\x0a\x01y\x32\x01r"


def test_a_parameter_is_one_thing():
    """Setting another kind of value takes the first away."""
    parameter = message("InferParameter")(bool_param=True)
    for number, (name, value) in enumerate(
        {
            "bool_param": True,
            "int64_param": 1,
            "string_param": "a",
            "double_param": 0.5,
            "uint64_param": 2,
        }.items(),
        start=1,
    ):
        setattr(parameter, name, value)
        assert [(one.name, one.number) for one, _ in parameter.ListFields()] == [(name, number)]
        assert parameter.WhichOneof("parameter_choice") == name


def test_typed_contents_have_the_protocols_numbers():
    """One field for each kind of value."""
    fields = message("InferTensorContents").DESCRIPTOR.fields_by_number
    assert [fields[number].name for number in range(1, 9)] == [
        "bool_contents",
        "int_contents",
        "int64_contents",
        "uint_contents",
        "uint64_contents",
        "fp32_contents",
        "fp64_contents",
        "bytes_contents",
    ]
