"""Creating the indexes that are declared, also where an older version declared them otherwise."""

from typing import Any, Final

from pymongo import IndexModel
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import OperationFailure

from .indexes import INDEXES

#: IndexOptionsConflict and IndexKeySpecsConflict: there is one of this name, with other options.
_IS_OTHERWISE: Final = {85, 86}
_INDEX_NOT_FOUND: Final = 27
_INDEX_BUILD_ABORTED: Final = 276
#: Processes that start together may drop what another is just building; the next attempt finds it there.
_ATTEMPTS: Final = 10


async def ensure_indexes(database: AsyncDatabase[Any]) -> None:
    """Create each declared index that is not there or is there otherwise; many processes may do so at once.

    One that is there otherwise is dropped first: for that moment a unique one keeps no rule.
    """
    for name, indexes in INDEXES.items():
        try:
            await database[name].create_indexes(indexes)
        except OperationFailure as error:
            if error.code not in {*_IS_OTHERWISE, _INDEX_BUILD_ABORTED}:
                raise
            for index in indexes:
                await _create_anew(database[name], index)


async def _create_anew(collection: AsyncCollection[Any], index: IndexModel) -> None:
    for attempt in range(_ATTEMPTS):
        try:
            await collection.create_indexes([index])
        except OperationFailure as error:
            if attempt == _ATTEMPTS - 1 or error.code not in {*_IS_OTHERWISE, _INDEX_BUILD_ABORTED}:
                raise
            if error.code in _IS_OTHERWISE:
                await _drop(collection, index.document["name"])
        else:
            return


async def _drop(collection: AsyncCollection[Any], name: str) -> None:
    try:
        await collection.drop_index(name)
    except OperationFailure as error:
        if error.code != _INDEX_NOT_FOUND:
            raise
