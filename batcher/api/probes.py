"""Routes for machines that watch the process: is it alive, should it get requests, and its metrics."""

from http import HTTPStatus

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from batcher.api.answers import HealthAnswer, ReadyAnswer, StaleAnswer
from batcher.api.health import Health


def probe_routes(health: Health, registry: CollectorRegistry) -> APIRouter:
    """Return /healthz, /readyz and /metrics."""
    router = APIRouter(tags=["probes"])

    @router.get("/healthz", response_model=HealthAnswer, responses={503: {"model": HealthAnswer}})
    def healthz() -> Response:
        """Tell whether every loop makes progress; 503 names those that do not."""
        stale = [StaleAnswer.model_validate(entry) for entry in health.stale_loops()]
        answer = HealthAnswer(status="stale" if stale else "ok", stale=stale)
        return _answer(answer.model_dump(), ok=not stale)

    @router.get("/readyz", response_model=ReadyAnswer, responses={503: {"model": ReadyAnswer}})
    def readyz() -> Response:
        """Tell whether requests should be sent here."""
        reason = health.not_ready_reason
        return _answer(ReadyAnswer(ready=not reason, reason=reason).model_dump(), ok=not reason)

    @router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
    def metrics(request: Request) -> Response:
        """Give every metric in the form the scraper asks for."""
        encode, media_type = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(registry), headers={"Content-Type": media_type})

    return router


def _answer(content: object, *, ok: bool) -> Response:
    return JSONResponse(content, HTTPStatus.OK if ok else HTTPStatus.SERVICE_UNAVAILABLE)
