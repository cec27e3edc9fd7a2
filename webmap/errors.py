"""The only place that knows HTTP statuses: every error becomes one shape of problem+json, or a plain page."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import PurePath
from typing import Any, cast

from flask import Flask, Response, json, redirect, render_template, request, url_for
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from geogrid import errors
from geogrid.labels import label
from webmap.languages import page_language

STATUSES: dict[type[errors.GeogridError], HTTPStatus] = {
    errors.ForeignHostError: HTTPStatus.MISDIRECTED_REQUEST,
    errors.FileTooCostlyError: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.UnsupportedFileError: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    errors.InputError: HTTPStatus.BAD_REQUEST,
    errors.LoginNeededError: HTTPStatus.UNAUTHORIZED,
    errors.LoginRefusedError: HTTPStatus.UNAUTHORIZED,
    errors.LoginLockedError: HTTPStatus.TOO_MANY_REQUESTS,
    errors.RevealLimitError: HTTPStatus.TOO_MANY_REQUESTS,
    errors.AccessError: HTTPStatus.FORBIDDEN,
    errors.NotFoundError: HTTPStatus.NOT_FOUND,
    errors.AnalysisError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.ConflictError: HTTPStatus.CONFLICT,
    errors.RevisionConflictError: HTTPStatus.CONFLICT,
    errors.RowsChangedError: HTTPStatus.CONFLICT,
    errors.ScenarioConflictError: HTTPStatus.CONFLICT,
    errors.DuplicateKeysError: HTTPStatus.CONFLICT,
    errors.StoreFullError: HTTPStatus.INSUFFICIENT_STORAGE,
    errors.WorkspaceError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.GeogridError: HTTPStatus.INTERNAL_SERVER_ERROR,
}
"""From error class to status; the first of an error's own ancestors that stands here decides."""

RETRY_AFTER_S = 5
_log = logging.getLogger(__name__)


def find_status(kind: type[errors.GeogridError]) -> HTTPStatus:
    """The status of an error class.

    >>> find_status(errors.PlaceNotFoundError).value
    404
    """
    return next(STATUSES[ancestor] for ancestor in kind.__mro__ if ancestor in STATUSES)


def init_errors(app: Flask) -> None:
    """Have every error of the application answered here."""
    app.register_error_handler(errors.GeogridError, _answer_error)
    app.register_error_handler(CSRFError, _answer_stale_form)
    app.register_error_handler(HTTPException, _answer_http_error)
    app.register_error_handler(Exception, _answer_fault)


def tell_error(error: errors.GeogridError, language: str) -> str:
    """The message of an error as a page may show it: without the server's folders."""
    return _without_folders(error, error.message(language))


def _answer_stale_form(_: CSRFError) -> Response:
    return _answer_error(errors.StaleFormError())


def _answer_error(error: errors.GeogridError) -> Response:
    if isinstance(error, errors.LoginNeededError) and request.method == "GET" and _wants_page():
        address = request.full_path if request.query_string else request.path
        return cast("Response", redirect(url_for("account.login", next=address, lang=page_language())))
    zh, en = (tell_error(error, language) for language in ("zh", "en"))
    return _answer(find_status(type(error)), type(error).__name__, zh, en, error.details())


def _answer_http_error(error: HTTPException) -> Response:
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    key = f"web.error.{status.value}"
    try:
        zh, en = label(key, "zh"), label(key, "en")
    except KeyError:
        zh = en = status.phrase
    response = _answer(status, status.phrase.title().replace(" ", ""), zh, en)
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After"}:
            response.headers[name] = value
    return response


def _answer_fault(error: Exception) -> Response:
    """A fault of the program: told without details, which go to the log."""
    _log.error("%s %s failed", request.method, request.path, exc_info=error)
    key = "web.error.500"
    return _answer(
        HTTPStatus.INTERNAL_SERVER_ERROR, "InternalServerError", label(key, "zh"), label(key, "en")
    )


def _without_folders(error: errors.GeogridError, text: str) -> str:
    """A message that names the county's file but not where it lies on the server."""
    path = getattr(error, "path", None) or getattr(error, "file", None)
    return text.replace(str(path), PurePath(str(path)).name) if path else text


def _wants_page() -> bool:
    kind = request.accept_mimetypes.best_match(["application/json", "text/html"])
    return kind == "text/html" and not request.path.startswith("/api/")


def _answer(
    status: HTTPStatus, code: str, zh: str, en: str, details: Mapping[str, Any] | None = None
) -> Response:
    if _wants_page():
        language = page_language()
        body = render_template(
            "error.html",
            language=language,
            title=label("web.error.title", language),
            text=zh if language == "zh" else en,
            back=label("web.error.back", language),
        )
        response = Response(body, status=status.value, mimetype="text/html")
    else:
        problem = {
            "type": "about:blank",
            "title": status.phrase,
            "status": status.value,
            "code": code,
            "detail": zh,
            "detail_en": en,
            **(details or {}),
        }
        body = json.dumps(problem, ensure_ascii=False)
        response = Response(body, status=status.value, mimetype="application/problem+json")
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = str(RETRY_AFTER_S)
    return response
