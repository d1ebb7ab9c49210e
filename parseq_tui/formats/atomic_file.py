"""Writing a file so that it is, at every moment, either the old one or the new one, whole.

The text goes to a temporary file in the same folder, to disk, and then takes the name. The mode stays, the owner where
the system lets us, and a symbolic link still points to the file. The previous version stays as `NAME.bak`.
"""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from pathlib import Path

from parseq_tui.errors import DocumentError

BACKUP_SUFFIX = ".bak"


def write_atomically(path: Path, content: bytes, *, backup: bool = True) -> bool:
    """Put `content` into `path`; whether there was a file, and its content is in the backup now.

    Raises DocumentError; then the old file is still there, untouched.
    """
    target = path.resolve() if path.is_symlink() else path
    temporary: str | None = None
    kept = False
    try:
        if target.exists() and not os.access(target, os.W_OK):
            # Renaming would get past this; whoever made the file read-only did not want that.
            number = errno.EROFS if os.statvfs(target).f_flag & os.ST_RDONLY else errno.EACCES
            raise OSError(number, os.strerror(number))
        handle, temporary = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            _take_over_mode(file.fileno(), target)
            os.fsync(file.fileno())
        if backup and target.exists():
            _keep_previous(target)
            kept = True
        os.replace(temporary, target)
        temporary = None
        _sync_folder(target.parent)
    except OSError as error:
        raise _explained(path, error) from error
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
    return kept


def backup_of(path: Path) -> Path:
    """Where the previous version of a file is kept."""
    return path.with_name(path.name + BACKUP_SUFFIX)


def _take_over_mode(handle: int, target: Path) -> None:
    try:
        old = target.stat()
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        os.fchmod(handle, 0o666 & ~mask)
        return
    os.fchmod(handle, old.st_mode & 0o7777)
    # Only root may give files away; a group one belongs to is fine.
    with contextlib.suppress(PermissionError):
        os.fchown(handle, old.st_uid, old.st_gid)


def _keep_previous(target: Path) -> None:
    """The old file under its backup name too, without a moment in which it has neither name."""
    backup = backup_of(target)
    fresh = backup.with_name(f".{backup.name}.{os.getpid()}.tmp")
    try:
        try:
            with contextlib.suppress(FileNotFoundError):
                fresh.unlink()
            os.link(target, fresh)
        except OSError:
            # A file system without hard links: copy.
            fresh.write_bytes(target.read_bytes())
        os.replace(fresh, backup)
    finally:
        with contextlib.suppress(OSError):
            fresh.unlink()


def _sync_folder(folder: Path) -> None:
    # Some network file systems refuse to sync a folder; the file itself is safe by then.
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


_REASONS = {
    errno.ENOSPC: ("there is no space left on the disk", "free some, then save again: the old file is untouched"),
    errno.EDQUOT: ("your disk quota is used up", "free some space, then save again: the old file is untouched"),
    errno.EFBIG: ("the file is larger than you may write", "raise the limit (ulimit -f): the old file is untouched"),
    errno.EIO: ("the disk reports an error", "save somewhere else, and have the disk checked"),
    errno.ESTALE: ("the server's disk was exchanged", "save somewhere else, or mount it again"),
    errno.EACCES: ("you may not write there", "save under another name, or change the permissions"),
    errno.EPERM: ("you may not write there", "save under another name, or change the permissions"),
    errno.EROFS: ("the disk is read-only", "save somewhere else"),
    errno.ENOENT: ("there is no such folder", "create it, or save somewhere else"),
    errno.EISDIR: ("there is a folder of that name", "save under another name"),
    errno.ENOTDIR: ("part of the path is a file, not a folder", "save somewhere else"),
    errno.ENAMETOOLONG: ("the name is too long", "save under a shorter name"),
}


def _explained(path: Path, error: OSError) -> DocumentError:
    reason, hint = _REASONS.get(error.errno or 0, (error.strerror or "the system refused", "save somewhere else"))
    if error.errno in (errno.EACCES, errno.EPERM) and not os.access(path.resolve().parent, os.W_OK):
        reason, hint = "you may not write into its folder", "save somewhere else, or change the folder's permissions"
    elif error.errno == errno.EACCES and path.exists() and not os.access(path, os.W_OK):
        reason = "the file is write-protected"
    kind = "disk-full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "unwritable"
    return DocumentError(f"{path.name} was not saved: {reason}", path=path, kind=kind, hint=hint)
