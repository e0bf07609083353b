"""What pages look like and run on: style, script, typeface; kept by browsers, and asked for anew with each version."""

from os import PathLike, stat_result

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

#: Pages ask with `?v=` and the version, so that another version is another address.
_FOREVER = "public, max-age=31536000, immutable"


class Assets(StaticFiles):
    """Static files that say how long they may be kept."""

    def file_response(
        self, full_path: str | PathLike[str], stat_result: stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """Return a file; one that was asked for without its version is not kept."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        if scope["query_string"].startswith(b"v="):
            response.headers["Cache-Control"] = _FOREVER
        return response
