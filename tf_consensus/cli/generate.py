"""`tf-consensus generate`: new pictures, rows of a table or sequences of a trained run."""

from typing import Any

import numpy as np
from absl import flags

from tf_consensus.cli.finding import FoundRun, find_run
from tf_consensus.cli.generate_checks import check_labels, place_of, refuse_others
from tf_consensus.cli.generate_family import make_rows, make_sequences, translate
from tf_consensus.cli.messages import UsageError
from tf_consensus.cli.opening import only, open_found
from tf_consensus.cli.telling import failures_told

HELP = """\
usage: tf-consensus generate RUN --output=PLACE [flags]

Makes new pictures with a trained run, rows of a table, or sequences. RUN is its folder, the
output folder if it holds one run, or a model.keras or generator.keras. If a GAN has not
finished training, its newest backup is used. The ending of PLACE says what to write:
  faces/      a folder of PNG files, 00000.png and so on
  faces.png   one picture, all images in a grid, or sequences as lines
  faces.npz   an array `images` of bytes (n, height, width, channels), and `labels`
  new.csv     rows of a table; new.npy: `sequences` (n, times, channels), also as .npz

examples:
  tf-consensus generate output/pictures --n=64 --output=new/
  tf-consensus generate output/fashion_mnist --labels=0,3 --n=20 --output=shoes.png
  tf-consensus generate output/pix2pix_photos --source=folder:drawings --output=made/
  tf-consensus generate output/sequences_motion --n=1000 --output=new.npy --seed=1

flags most used (--helpfull shows all):
  --n=64              how many pictures; with --interpolate, how many strips
  --seed=0            the same seed makes the same pictures
  --labels=3          classes of a conditional run, each in turn; or names of sub-folders
  --condition=job=pilot   rows that hold this category, of a table trained for it
  --source=folder:X   pictures that a run on pairs makes images of; --make, --back
  --noaveraged        use the weights themselves, where the run keeps averages of them
  --batch_size=64     how many at a time; fewer need less memory
  --overwrite         replace what is there
"""
_N, _STRIPS, _FRAMES = 64, 8, 10


def define(values: flags.FlagValues) -> None:
    """Define the command's flags."""
    integer, boolean = flags.DEFINE_integer, flags.DEFINE_bool
    by: dict[str, Any] = {"flag_values": values}
    hint = (
        f"How many pictures; none: {_N}, or all of --source. With --interpolate how many strips; "
    )
    hint += f"none: {_STRIPS}. Of a table how many rows, or how many sequences; none: 1000, "
    hint += "or 8 in a picture."
    integer("n", None, hint, 1, **by)
    place = "A folder for PNG files, a .png file for a grid, or an .npz file; of a table a .csv "
    place += "file, of sequences an .npy, .npz or .png file."
    flags.DEFINE_string("output", None, place, **by)
    integer("seed", 0, "Determines the latents, and the labels that are not given.", 0, **by)
    labels = "Classes, each in turn; numbers, or names of the sub-folders trained on."
    flags.DEFINE_list("labels", None, labels, **by)
    hint = "Rows of a conditional table: the column and category that all hold, COLUMN=CATEGORY."
    flags.DEFINE_multi_string("condition", None, hint, **by)
    boolean("interpolate", False, "Make strips of pictures between two latents.", **by)
    integer("frames", None, f"Pictures per strip; none: {_FRAMES}.", 2, **by)
    boolean("averaged", True, "Use the averages of the weights, where the run keeps them.", **by)
    integer("batch_size", 64, "Pictures that are computed at a time.", 1, **by)
    boolean("overwrite", False, "Replace the file, or the pictures in the folder.", **by)
    source = "Pictures that a run on pairs makes images of: folder:PATH, or a data set."
    flags.DEFINE_string("source", None, source, **by)
    boolean("make", False, "Make sources of these pictures first, as the run has done.", **by)
    boolean("back", False, "Have a CycleGAN make sources of images of the other kind.", **by)


def main(values: flags.FlagValues, words: list[str], command: list[str]) -> int:
    """Generate; returns the exit status."""
    del command
    run = find_run(only(words, "run", "tf-consensus generate RUN --output=faces/"))
    refuse_others(values, run)
    place = place_of(values, run)
    check_labels(values.labels, run)
    if values.frames is not None and not values.interpolate:
        raise UsageError(
            f"--frames belongs to --interpolate. Received: --frames={values.frames} alone. Add "
            "--interpolate, or leave --frames out."
        )
    makers = {"pairs": translate, "table": make_rows, "sequences": make_sequences}
    with failures_told():
        makers.get(run.family or "", _generate)(values, run, place)
    return 0


def _generate(values, run: FoundRun, place):
    from tf_consensus.experiments import generation, written_images

    path, folder = place
    opened = open_found(run)
    asked = _numbers(values.labels, run)
    generation.check_labels(opened, asked)
    strips = (values.n or _STRIPS) if values.interpolate else 0
    frames = values.frames or _FRAMES
    if strips:
        latents = generation.draw_strips(opened, strips, frames, values.seed)
        names = [f"{k:05}-{frame:03}.png" for k in range(strips) for frame in range(frames)]
    else:
        latents = generation.draw_latents(opened, values.n or _N, values.seed)
        names = [f"{k:05}.png" for k in range(len(latents))]
    labels = None
    if opened.num_classes is not None:
        labels = generation.draw_labels(opened, strips or len(latents), values.seed, asked)
        labels = np.repeat(labels, frames if strips else 1)
    batches = generation.batches_of_samples(
        opened, latents, labels, values.batch_size, values.averaged
    )
    if opened.generator.output_shape[-1] not in (1, 3) or len(opened.generator.output_shape) != 4:
        _write_samples(path, folder, batches, labels)
    elif folder:
        written_images.write_folder(path, map(generation.as_bytes, batches), names)
    elif path.suffix.lower() == ".png":
        columns = frames if strips else None
        written_images.write_grid(path, map(generation.as_bytes, batches), columns)
    else:
        images = np.concatenate([generation.as_bytes(batch) for batch in batches])
        if strips:
            images = images.reshape(strips, frames, *images.shape[1:])
            labels = None if labels is None else labels.reshape(strips, frames)
        known = {} if labels is None else {"labels": labels}
        written_images.write_arrays(path, images=images, **known)
    what = f"{strips} strips of {frames} pictures" if strips else f"{len(latents):,} pictures"
    print(f"{what} in {path}{'/' if folder else ''}, of {opened.source}, seed {values.seed}")


def _write_samples(path, folder, batches, labels):
    """Write samples that are no pictures, such as points in the plane, as an array of floats."""
    from tf_consensus.experiments.errors import RunError
    from tf_consensus.experiments.written_images import write_arrays

    if folder or path.suffix.lower() != ".npz":
        raise RunError(
            "Pictures need a generator of images with 1 or 3 channels. Received: a generator of "
            "other samples. Pass --output=samples.npz."
        )
    known = {} if labels is None else {"labels": labels}
    write_arrays(path, samples=np.concatenate(list(batches)), **known)


def _numbers(labels, run):
    """The numbers of the classes that are asked for."""
    from tf_consensus.experiments.generation import class_numbers

    if labels is None:
        return None
    if all(label.isdigit() for label in labels):
        return [int(label) for label in labels]
    return class_numbers(labels, run.settings["dataset"])
