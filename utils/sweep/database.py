"""The study in a PostgreSQL database, where workers on many machines meet.

The address holds a password, so no message of ours or of a library is shown before
`Address.hide` has been over it.
"""

import contextlib
import importlib
import re
import urllib.parse
import zlib

from utils.sweep.library import INSTALL, SweepError, optuna

FORM = "postgresql://user:password@host:port/database"
PATTERN = re.compile(
    r"(?:postgresql|postgres)(?:\+psycopg)?://"
    r"(?:(?P<user>[^:@/?#\s]*)(?::(?P<password>[^:@/?#\s]*))?@)?"
    r"(?P<host>\[[0-9a-fA-F:.]+\]|[^:@/?#\s\[\]]*)(?::(?P<port>\d{1,5}))?"
    r"/(?P<database>[^:@/?#\s]+)(?:\?(?P<options>[^#\s]*))?"
)


class Address:
    """The address of a database.

    Parameters
    ----------
    text : str
        ``postgresql://user:password@host:port/database``; the password may also come
        from the variable PGPASSWORD or the file ~/.pgpass.

    Raises
    ------
    SweepError
        If the text has another form.  The text is not repeated: where its parts
        are is exactly what is unclear then.
    """

    def __init__(self, text):
        found = PATTERN.fullmatch(text.strip())
        if not found:
            raise SweepError(
                f"the address of the storage has not the form {FORM}; in user and "
                "password, special characters are written as % and two digits "
                "(@ is %40, : is %3A, / is %2F, # is %23, ? is %3F)"
            )
        self._rest = text.strip().split("://", 1)[1]
        options = urllib.parse.parse_qsl(found["options"] or "")
        secrets = [found["password"] or ""]
        secrets += [value for key, value in options if "pass" in key]
        spellings = {s: None for raw in secrets for s in (raw, *_spellings(raw)) if s}
        self._secrets = sorted(spellings, key=len, reverse=True)
        user = f"{found['user']}@" if found["user"] else ""
        port = f":{found['port']}" if found["port"] else ""
        self._shown = f"postgresql://{user}{found['host']}{port}/{found['database']}"

    def __str__(self):
        """Give the address without its password and options."""
        return self._shown

    __repr__ = __str__

    def libpq(self):
        """Give the whole address, as PostgreSQL's own library reads it."""
        return f"postgresql://{self._rest}"

    def sqlalchemy(self):
        """Give the whole address, as Optuna's library for databases reads it."""
        return f"postgresql+psycopg://{self._rest}"

    def hide(self, message):
        """Give a message without the password, however that is written in it."""
        for secret in self._secrets:
            message = message.replace(secret, "***")
        return message


def _spellings(raw):
    plain = urllib.parse.unquote(raw)
    return plain, urllib.parse.quote(plain, safe=""), urllib.parse.quote_plus(plain)


@contextlib.contextmanager
def alone(address):
    """Keep other workers from making or joining a study meanwhile.

    The first worker makes the tables and the study.  If several did at once, some
    would fail; a lock of the database, released with its connection, lines them up.

    Parameters
    ----------
    address : Address

    Raises
    ------
    SweepError
        If the driver is missing or the database refuses.
    """
    try:
        driver = importlib.import_module("psycopg")
    except ImportError as error:
        raise SweepError(
            f"a storage in PostgreSQL needs the driver psycopg ({error}); install it "
            f"with: {INSTALL}"
        ) from None
    with hidden(address):
        connection = driver.connect(
            address.libpq(), autocommit=True, connect_timeout=20
        )
        with connection:
            key = zlib.crc32(b"utils.sweep")
            connection.execute("SELECT pg_advisory_lock(%s)", (key,))
            yield


def open_database(address):
    """Open a database as Optuna's storage, while we are alone there.

    Parameters
    ----------
    address : Address

    Returns
    -------
    optuna.storages.RDBStorage
    """
    return optuna().storages.RDBStorage(
        address.sqlalchemy(),
        # A connection that the server closed meanwhile is opened again.
        engine_kwargs={"pool_pre_ping": True, "hide_parameters": True},
    )


@contextlib.contextmanager
def hidden(address):
    """Turn errors of the database into sentences without the password.

    Parameters
    ----------
    address : Address or None
        None: a study without a database; nothing is caught.
    """
    try:
        yield
    except Exception as error:
        if address is None or not _from_database(error):
            raise
        first = next(iter(str(error).strip().splitlines()), type(error).__name__)
        text = address.hide(first)
        raise SweepError(f"the storage {address} does not answer: {text}") from None


def _from_database(error):
    """Tell whether an error comes from the database or the libraries before it."""
    while error is not None:
        home = type(error).__module__.split(".")[0]
        if home in ("psycopg", "sqlalchemy", "alembic"):
            return True
        if type(error).__name__ == "StorageInternalError":
            return True
        error = error.__cause__
    return False
