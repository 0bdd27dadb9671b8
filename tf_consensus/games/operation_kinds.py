"""Kinds of TensorFlow operations: which cut a derivative, which are impure."""

import tensorflow as tf

# TensorFlow gives the inverse warp for the first derivative of a warp, which is not the true one,
# and no derivative for colours. cuDNN's recurrent kernels give another gradient each time one call
# is differentiated.
WRONG_AT_ONCE = frozenset(
    {"HSVToRGB", "ImageProjectiveTransformV2", "ImageProjectiveTransformV3"}
    | {"CudnnRNN", "CudnnRNNV2", "CudnnRNNV3"}
)

# No derivative goes through them, whatever they compute.
_OPAQUE = frozenset(
    {"StopGradient", "PreventGradient", "PyFunc", "PyFuncStateless", "EagerPyFunc"}
    | {"ResizeBilinearGrad", *WRONG_AT_ONCE}
)

# Inputs for which the first derivative is right but its own derivative is not.
_HALF = {"SoftmaxCrossEntropyWithLogits": 1}

# Piecewise constant functions of a number, whose derivative TensorFlow leaves out.
_STEPS = frozenset({"Floor", "Ceil", "Round", "Rint", "FloorDiv", "Bucketize", "ArgMax", "ArgMin"})

# Stateful operations that leave the losses a function of parameters and batch.
_HARMLESS = frozenset(
    {"VarHandleOp", "ReadVariableOp", "ResourceGather", "ResourceGatherNd", "Placeholder", "NoOp"}
    | {"PartitionedCall", "StatefulPartitionedCall", "If", "While", "Case", "SymbolicGradient"}
    | {"Assert", "Print", "PrintV2", "CheckNumericsV2", "SummaryWriter", "FlushSummaryWriter"}
    | {"WriteScalarSummary", "WriteSummary", "WriteHistogramSummary", "WriteImageSummary"}
    | {"CollectiveReduce", "CollectiveReduceV2", "CollectiveGather", "CollectiveGatherV2"}
    | {"NcclAllReduce", "LookupTableFindV2", "HashTableV2", "TensorListReserve", "StackV2"}
)

# How the types of impure operations begin, as looked for in the functions that an operation calls.
_IMPURE_INSIDE = (
    "Random",
    "Stateful",
    "Rng",
    "Assign",
    "ResourceScatter",
    "ResourceStridedSliceAssign",
    "PyFunc",
    "EagerPyFunc",
    "IteratorGetNext",
    "NonDeterministicInts",
    "TruncatedNormal",
    "ParameterizedTruncatedNormal",
    "Multinomial",
    "Timestamp",
    "LookupTableInsert",
)

_FUNCTIONS = ("f", "then_branch", "else_branch", "body", "cond", "branches")


def impure(operation: tf.Operation) -> list[tuple[str, str]]:
    """Names and types of what makes two evaluations of an operation differ, in it or inside."""
    found = [
        (f"{operation.name}/{node.name}", node.op)
        for node in inner_operations(operation)
        if node.op.startswith(_IMPURE_INSIDE) and node.op not in _HARMLESS
    ]
    if operation.op_def.is_stateful and operation.type not in _HARMLESS:
        found.append((operation.name, operation.type))
    return found


def cuts(operation: tf.Operation, index: int) -> bool:
    """Whether no derivative goes from an operation's input number `index` to its outputs."""
    if has_own_gradient(operation):
        return False
    if operation.type in _OPAQUE or _HALF.get(operation.type) == index:
        return not _is_shift(operation)
    if not _is_number(operation.inputs[index]):
        return False
    numbers = [t for t in operation.outputs if _is_number(t)]
    if not numbers:
        return any(t.dtype.is_integer for t in operation.outputs)
    return operation.type in _STEPS or not _passes(operation, index)


def has_own_gradient(operation: tf.Operation) -> bool:
    """Whether `tf.custom_gradient` or an override says what the derivative is."""
    try:
        operation.get_attr("_gradient_op_type")
    except ValueError:
        return False
    return True


def _passes(operation: tf.Operation, index: int) -> bool:
    """Whether TensorFlow's gradient of this type of operation reaches this input."""
    key = operation.type, index
    if key not in _KNOWN:
        alone = not operation.op_def.is_stateful and not _called(operation.node_def)
        _KNOWN[key] = not alone or _has_gradient(operation, index)
    return _KNOWN[key]


_KNOWN: dict[tuple[str, int], bool] = {}


def _has_gradient(operation: tf.Operation, index: int) -> bool:
    """Asks for the gradient of the operation alone, in a graph of its own."""
    with tf.Graph().as_default():
        (copy,) = tf.import_graph_def(_isolated(operation), return_elements=["f"], name="")
        numbers = [t for t in copy.outputs if _is_number(t)]
        try:
            ones = [tf.ones_like(t) for t in numbers]  # complex numbers require them
            return tf.gradients(numbers, copy.inputs[index], grad_ys=ones)[0] is not None
        except (LookupError, NotImplementedError):
            return True  # TensorFlow itself reports a missing derivative when asked


def _isolated(operation: tf.Operation) -> tf.compat.v1.GraphDef:
    """A graph of the operation, named f, on placeholders and on its known integer inputs."""
    graph = tf.compat.v1.GraphDef()
    for position, t in enumerate(operation.inputs):
        node = graph.node.add(name=f"x{position}", op="Placeholder")
        node.attr["dtype"].type = t.dtype.as_datatype_enum
        node.attr["shape"].shape.CopyFrom(t.shape.as_proto())
        value = tf.get_static_value(t) if t.dtype.is_integer else None
        if value is not None:
            node.op = "Const"
            del node.attr["shape"]
            node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(value, t.dtype, t.shape))
    node = graph.node.add()
    node.CopyFrom(operation.node_def)
    node.name, node.device = "f", ""
    node.input[:] = [f"x{position}" for position in range(len(operation.inputs))]
    for key in [key for key in node.attr if key.startswith("_")]:
        del node.attr[key]
    return graph


def inner_cuts(operation: tf.Operation) -> list[tuple[str, str]]:
    """Names and types of the opaque operations in the functions that an operation calls."""
    nodes = inner_operations(operation)
    return [(n.name, n.op) for n in nodes if _cuts_inside(n)]


def _cuts_inside(node: tf.compat.v1.NodeDef) -> bool:
    floating = tf.as_dtype(node.attr["T"].type or tf.int32).is_floating
    if "_gradient_op_type" in node.attr or "ReduceLogSumExp" in node.name:
        return False
    opaque = node.op in _OPAQUE and (floating or "T" not in node.attr)
    return opaque or (node.op in _STEPS and floating)


def inner_operations(operation: tf.Operation) -> list[tf.compat.v1.NodeDef]:
    """The nodes of the functions that an operation calls, and of those that they call."""
    names = _called(operation.node_def)
    if not names:
        return []
    library = {f.signature.name: f for f in operation.graph.as_graph_def().library.function}
    found, seen = [], set()
    while names:
        name = names.pop()
        if name in seen or name not in library:
            continue
        seen.add(name)
        for node in library[name].node_def:
            found.append(node)
            names += _called(node)
    return found


def _called(node: tf.compat.v1.NodeDef) -> list[str]:
    attributes = [node.attr[key] for key in _FUNCTIONS if key in node.attr]
    names = [a.func.name for a in attributes if a.HasField("func")]
    return names + [f.name for a in attributes for f in a.list.func]


def _is_shift(operation: tf.Operation) -> bool:
    """Whether a stopped tensor is the largest entry that `tf.reduce_logsumexp` shifts by.

    The result does not depend on the shift, so every derivative is right without it.
    """
    if operation.type != "StopGradient":
        return False
    source = operation.inputs[0].op
    chosen = source.type in ("SelectV2", "Select") and source.inputs[0].op.type == "IsFinite"
    return chosen and source.inputs[1].op.type == "Max"


def _is_number(t: tf.Tensor) -> bool:
    return t.dtype.is_floating or t.dtype.is_complex
