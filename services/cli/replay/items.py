"""The catalogue items that a mapping brings along, as a file for intake beside the shipped ones."""

from pathlib import Path

from services.cli.replay.mapping_model import BadMapping, catalogue_text
from services.intake.catalogue import CatalogueError
from services.intake.catalogue import load as load_catalogue
from services.intake.config import DEFAULT


def catalogue_files(mapping: Path, directory: Path) -> list[Path]:
    """The shipped catalogue and, where the mapping has one, its own, written into `directory`. Raises BadMapping."""
    text = catalogue_text(mapping)
    if text is None:
        return [DEFAULT]
    file = directory / f"{mapping.stem}-catalogue.yaml"
    file.write_text(text, encoding="utf-8")
    try:
        load_catalogue([DEFAULT, file], calendar="CN")
    except CatalogueError as error:
        raise BadMapping(str(error).replace(str(file), f"{mapping}: catalogue")) from None
    return [DEFAULT, file]
