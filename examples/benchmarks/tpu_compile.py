"""Compiles a lowered training step for a TPU that is not here; prints its costs as JSON.

It needs its own environment of 1.3 GB, apart from TensorFlow's:
    python -m venv tpu && tpu/bin/pip install "jax[tpu]==0.10.2"
Other versions of jax may not work, because the function that loads a foreign module is not public.

    tpu/bin/python examples/benchmarks/tpu_compile.py step.stablehlo v5e:2x2 0.0

The last argument is the compiler's effort for a fast program, from -1 to 1.
The module is written by `lower_step.py`: TensorFlow's for XLA on a CPU. Operations and memory are
the TPU compiler's numbers; nothing is run, so there is no time. If the step does not fit the
memory, the object has "error", the compiler's message.
"""

import json
import os
import pathlib
import sys
import time

os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["TPU_SKIP_MDS_QUERY"] = "1"  # libtpu must not ask a cloud machine's metadata server
os.environ["ALLOW_MULTIPLE_LIBTPU_LOAD"] = "1"  # several may compile: none of them uses a TPU

import jax
import numpy as np
from jax._src import compiler
from jax._src.interpreters import mlir
from jax._src.lib import _jax, xla_client
from jax._src.lib.mlir import ir
from jax.experimental import topologies

MIB = 2**20


def load(path):
    """The module, without TensorFlow's mhlo.copy, which the TPU's compiler does not know."""
    module = _jax.mlir.deserialize_portable_artifact(pathlib.Path(path).read_bytes())
    copies = []

    def visit(operation):
        if operation.name == "mhlo.copy":
            copies.append(operation)
        return ir.WalkResult.ADVANCE

    module.operation.walk(visit)
    for copy in copies:
        copy.results[0].replace_all_uses_with(copy.operands[0])
        copy.erase()
    return module


def compile_for(device, path):
    """The module's executable for one chip."""
    with mlir.make_ir_context() as context, ir.Location.unknown(context):
        options = compiler.get_compile_options(
            num_replicas=1, num_partitions=1, device_assignment=np.array([[device.id]])
        )
        devices = xla_client.DeviceList((device,))
        return device.client.compile(load(path), devices, options)


def costs_of(executable):
    """Operations and memory of a step."""
    memory, cost = executable.get_compiled_memory_stats(), executable.cost_analysis()
    return {
        "gflop": round(cost["flops"] / 1e9, 3),
        "arguments_mib": round(memory.argument_size_in_bytes / MIB, 1),
        "temporaries_mib": round(memory.temp_size_in_bytes / MIB, 1),
        "program_mib": round(memory.generated_code_size_in_bytes / MIB, 1),
        "peak_mib": round(memory.peak_memory_in_bytes / MIB, 1),
    }


def main(path, topology="v5e:2x2", effort="0.0"):
    """Compiles and prints."""
    jax.config.update("jax_exec_time_optimization_effort", float(effort))
    device = topologies.get_topology_desc(topology, platform="tpu").devices[0]
    start = time.perf_counter()
    try:
        costs = costs_of(compile_for(device, path))
    except jax.errors.JaxRuntimeError as error:
        if "RESOURCE_EXHAUSTED" not in str(error):
            raise
        costs = {"error": str(error).splitlines()[0]}
    seconds = round(time.perf_counter() - start)
    print(json.dumps(costs | {"device": device.device_kind, "compile_seconds": seconds}))


if __name__ == "__main__":
    main(*sys.argv[1:])
