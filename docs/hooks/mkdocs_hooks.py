"""What the site has besides the pages of `docs/`: hooks of MkDocs, in the order they are called."""

import logging
import pathlib
from typing import Any

import links
import notebook_pages
import program
import public_names
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Pages of the repository that are outside of `docs/`, and where they are on the site.
OUTSIDE = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
}
# Strict mode counts what is logged here as a failure.
log = logging.getLogger("mkdocs.hooks.tf_consensus")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Lists the notebooks in the navigation, and warns of what the reference lacks."""
    if pages := notebook_pages.pages(ROOT):
        config.nav.insert(2, {"Notebooks": list(pages)})
    for gap in public_names.gaps(ROOT):
        log.warning(gap)
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages that are written elsewhere."""
    made = {page: (ROOT / path).read_text(encoding="utf-8") for path, page in OUTSIDE.items()}
    made |= notebook_pages.pages(ROOT)
    for page, text in made.items():
        files.append(File.generated(config, page, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, files: Files, **_: Any) -> str:
    """Links as they go on the site, and the flags of the program's commands."""
    uri = page.file.src_uri
    if uri == "api/program.md":
        markdown = program.with_commands(markdown)
    places = {f"docs/{file.src_uri}": file.src_uri for file in files} | OUTSIDE
    places |= {page.replace(".md", ".ipynb"): page for page in notebook_pages.pages(ROOT)}
    source = {page: path for path, page in places.items()}[uri]
    return links.on_the_site(markdown, source, uri, places, ROOT)


def on_post_build(config: MkDocsConfig) -> None:
    """Warns of public names that no built page shows, whatever the reason is."""
    built = pathlib.Path(config.site_dir, "api").glob("*.html")
    text = "\n".join(path.read_text(encoding="utf-8") for path in built)
    for name in public_names.all_public():
        if f'id="{name.path}"' not in text and f'id="{name.written}"' not in text:
            log.warning(f"{name.path} has no place on the built pages.")
