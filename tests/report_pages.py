"""Run folders to report on, and what every page must keep to."""

import base64
import hashlib
import html.parser
import io
import json
import re
from collections import Counter

import numpy as np
from PIL import Image

from tf_consensus.experiments.log import write_rows
from tf_consensus.experiments.report import write_report
from tf_consensus.experiments.result import write_result

SETTINGS = {"name": "consensus-dcgan4", "steps": 40, "gamma": 10.0, "learning_rate": 1e-4}
ADVICE = [
    {"step": 20, "name": "collapse", "message": "Samples are alike. Use a larger --gamma."},
    {"step": 30, "name": "oscillation", "message": "Losses go round <and round>."},
]
VOID = {"meta", "img", "input", "br", "wbr", "link", "hr"}


def picture(path, size=(24, 16), seed=0, noise=True):
    """A PNG file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = (*size[::-1], 3)
    pixels = np.random.default_rng(seed).integers(0, 256, shape) if noise else np.zeros(shape)
    Image.fromarray(pixels.astype(np.uint8)).save(path)


def rows(number=4, each=10, **columns):
    """Rows of a log."""
    base = [
        {
            "epoch": i,
            "step": each * (i + 1),
            "seconds": 1.5 * (i + 1),
            "cpu_seconds": 2.5 * (i + 1),
            "ms_per_step": 150.0,
            "generator_loss": 1.0 + i,
            "discriminator_loss": 2.0 / (i + 1),
            "gradient_norm": 3.0,
            "frechet_distance": 90.0 - i,
        }
        for i in range(number)
    ]
    return [{**row, **{k: v[i] for k, v in columns.items()}} for i, row in enumerate(base)]


def result(**changes):
    """What a run ends with."""
    best = {"best": 86.25, "best_step": 30, "final": 87.0, "final_step": 40}
    return {
        **{"name": "consensus-dcgan4", "seed": 3, "steps": 40, "diverged": None, "seconds": 6.0},
        **{"ms_per_step": 150.0, "metrics": {"frechet_distance": best}},
        "scores": [{"extractor": "a classifier", "n_fake": 64}],
        **changes,
    }


def make(folder, finished=True, log=None, settings=None, samples=(0, 10, 20, 30, 40), **files):
    """A run's folder; `files` are contents of JSON files by their stem."""
    folder.mkdir(parents=True)
    (folder / "settings.json").write_text(json.dumps(SETTINGS if settings is None else settings))
    write_rows(folder / "log.csv", rows() if log is None else log)
    for step in samples:
        picture(folder / "samples" / f"{step:08d}.png", seed=step)
    if finished:
        write_result(folder, result())
    for stem, content in files.items():
        (folder / f"{stem}.json").write_text(json.dumps(content))
    return folder


def page(folder, *more, refresh=None):
    """The page of folders, which keeps to the rules of all pages."""
    path = folder.parent / "page.html"
    write_report([folder, *more], path, refresh=refresh)
    text = path.read_text(encoding="utf-8")
    check(text)
    return text


class Reader(html.parser.HTMLParser):
    """Reads a page as strictly as a page is to be written."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.problems, self.tags, self.text = [], [], [], []

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        if len(set(names)) < len(names):
            self.problems.append(f"{tag} has an attribute twice: {names}")
        self.tags.append((tag, dict(attrs)))
        self.text.append(" " * (tag != "wbr"))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open[-1] != tag:
            self.problems.append(f"</{tag}> within {self.open[-3:]} at {self.getpos()}")
        elif self.open:
            self.open.pop()

    def handle_data(self, data):
        if not {"script", "style"} & set(self.open):
            self.text.append(data)


def read(text):
    """The tags with their attributes, and the text that is shown."""
    reader = Reader()
    reader.feed(text)
    reader.close()
    assert not reader.problems
    assert not reader.open
    return reader.tags, " ".join("".join(reader.text).split())


def shown(text):
    """The text of a page that is shown."""
    return read(text)[1]


def check(text):
    """Asserts that a page is whole, self-contained and accessible."""
    assert text.startswith("<!DOCTYPE html>\n")
    assert len(text.encode()) < 25_000_000
    tags, _ = read(text)
    by_tag = Counter(tag for tag, _ in tags)
    assert by_tag["h1"] == by_tag["title"] == by_tag["main"] == by_tag["script"] == 1
    ids = Counter(attributes["id"] for _, attributes in tags if "id" in attributes)
    assert set(ids.values()) == {1}
    for tag, attributes in tags:
        _check_tag(tag, attributes, set(ids))
    _check_styles_and_script(text, tags)


def _check_tag(tag, attributes, ids):
    for name, value in attributes.items():
        assert not name.startswith("on"), (tag, name)
        if name in ("src", "href", "srcset", "data", "action", "poster"):
            assert value.startswith("data:image/"), (tag, value[:60])
        if name in ("for", "aria-labelledby", "data-copy"):
            assert value in ids, (tag, value)
        if name in ("data-axes", "data-curves", "data-steps"):
            json.loads(value, parse_constant=lambda constant: 1 / 0)
    assert tag not in ("link", "iframe", "object", "embed", "base")
    assert tag != "img" or attributes.get("alt")
    assert tag != "html" or attributes["lang"] == "en"
    assert tag != "svg" or "aria-label" in attributes or attributes["aria-hidden"] == "true"


def _check_styles_and_script(text, tags):
    style = text.split("<style>")[1].split("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style
    for wanted in ("prefers-color-scheme: dark", "@media print", ":focus-visible"):
        assert wanted in style
    script = text.split("<script>")[1].split("</script>")[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    metas = [attributes for tag, attributes in tags if tag == "meta"]
    (policy,) = (m["content"] for m in metas if m.get("http-equiv") == "Content-Security-Policy")
    assert "default-src 'none'" in policy
    assert f"script-src 'sha256-{digest}'" in policy
    assert any(m.get("name") == "viewport" and "width=device-width" in m["content"] for m in metas)


def frames(text):
    """For each sample of a page its step, its look, and the picture itself."""
    found = re.findall(
        r'<div class="(frame[^"]*)" data-step="(\d+)"><img class="[^"]*" src="data:image/(\w+);'
        r'base64,([^"]*)"',
        text,
    )
    return [
        (int(step), look.split(), Image.open(io.BytesIO(base64.b64decode(content))))
        for look, step, _, content in found
    ]


def curves_of(text):
    """The curves of each chart of a page, with "label", "look", "x" and "y"."""
    return [json.loads(each["data-curves"]) for _, each in read(text)[0] if "data-curves" in each]
