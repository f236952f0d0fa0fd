"""MovieLens: a folder of 100K (u.data, u.user, u.item), 1M (*.dat) or 20M and later (ratings.csv, movies.csv).

Label: 4 stars or more. Split by time over all users; the stars themselves become ``outcome_rating``, never a feature.
What is known of users and films (age, gender, occupation, genres, year of release) is joined where the files are there.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ranker.config import ConfigError
from ranker.readers._text import REAL, WHOLE, WORD, Format, Lookup, find, read_text, whole_table

RATING = {"user": WHOLE, "item": WHOLE, "rating": pa.float64(), "time": WHOLE}
PERSON = {"user": WHOLE, "age": REAL, "gender": WORD, "occupation": WORD, "zip": WORD}
GENRES = (  # noqa: SIM905 - one line a genre would be a page
    "unknown Action Adventure Animation Children's Comedy Crime Documentary Drama Fantasy Film-Noir Horror Musical "
    "Mystery Romance Sci-Fi Thriller War Western"
).split()


def read(source: Path) -> Iterator[pa.Table]:
    """Batches with label, time, user, item and, where known, what is joined."""
    path = find(source, "u.data", "ratings.dat", "ratings.csv")[0]
    batches, joined = {"u.data": _first, "ratings.dat": _million}.get(path.name.removesuffix(".gz"), _later)(path)
    for batch in batches:
        label = pc.cast(pc.greater_equal(batch["rating"], 4.0), pa.int8())
        batch = batch.rename_columns(["outcome_rating" if name == "rating" else name for name in batch.column_names])
        batch = batch.append_column("label", label)
        for key, lookup in joined.items():
            batch = lookup.join(batch, key)
        yield batch


Log = tuple[Iterator[pa.Table], dict[str, Lookup]]


def _first(path: Path) -> Log:
    people, films = path.with_name("u.user"), path.with_name("u.item")
    bars = Format({}, delimiter="|", header=False, encoding="latin1")
    joined = {}
    if people.is_file():
        order = ("user", "age", "gender", "occupation", "zip")
        joined["user"] = Lookup(
            whole_table(people, replace(bars, columns={name: PERSON[name] for name in order})), "user"
        )
    if films.is_file():
        about = {"item": WHOLE} | dict.fromkeys(("title", "released", "video", "address", *GENRES), WORD)
        table = whole_table(films, replace(bars, columns=about))
        flags = np.stack([table[name].to_numpy(zero_copy_only=False) == "1" for name in GENRES], axis=1)
        genres = pa.array(["|".join(np.array(GENRES)[row]) for row in flags])
        joined["item"] = Lookup(_films(table["item"], _years(table["released"], r"(\d{4})$"), genres), "item")
    return read_text(path, Format(RATING, delimiter="\t", header=False)), joined


def _million(path: Path) -> Log:
    people, films = path.with_name("users.dat"), path.with_name("movies.dat")
    joined = {}
    if people.is_file():
        order = ("user", "gender", "age", "occupation", "zip")
        joined["user"] = Lookup(_double_colons(people, {name: PERSON[name] for name in order}), "user")
    if films.is_file():
        joined["item"] = _titled(film.split("::") for film in films.read_text(encoding="latin1").splitlines())
    batches = (batch.select(list(RATING)) for batch in read_text(path, _colons(RATING)))
    return batches, joined


def _later(path: Path) -> Log:
    columns = {"userId": WHOLE, "movieId": WHOLE, "rating": pa.float64(), "timestamp": WHOLE}
    films, joined = path.with_name("movies.csv"), {}
    if films.is_file():
        table = whole_table(films, Format({"movieId": WORD, "title": WORD, "genres": WORD}, quoted=True))
        joined["item"] = _titled(zip(*(table[name].to_pylist() for name in table.column_names), strict=True))
    return (batch.rename_columns(list(RATING)) for batch in read_text(path, Format(columns))), joined


def _colons(columns: dict[str, pa.DataType]) -> Format:
    """Two colons between columns are one colon and an empty column."""
    spaced: dict[str, pa.DataType] = {}
    for name, kind in columns.items():
        spaced |= ({f"after_{len(spaced)}": WORD} if spaced else {}) | {name: kind}
    return Format(spaced, delimiter=":", header=False, encoding="latin1")


def _double_colons(path: Path, columns: dict[str, pa.DataType]) -> pa.Table:
    return whole_table(path, _colons(columns)).select(list(columns))


def _titled(films: Iterator[tuple[str, str, str]]) -> Lookup:
    rows = list(films)
    wrong = next((row for row in rows if len(row) != 3 or not str(row[0]).isdigit()), None)
    if wrong:
        raise ConfigError(f"the list of films: {wrong!r} is not number, title, genres")
    item, title, genres = (pa.array(column, WORD) for column in zip(*rows, strict=True))
    return Lookup(_films(item.cast(WHOLE), _years(title, r"\((\d{4})\)\s*$"), genres), "item")


def _films(item: pa.Array, year: pa.Array, genres: pa.Array) -> pa.Table:
    return pa.table({"item": item, "year": year, "genres": genres})


def _years(words: pa.Array, pattern: str) -> pa.Array:
    found = [re.search(pattern, word or "") for word in words.to_pylist()]
    return pa.array([float(match[1]) if match else None for match in found], REAL)
