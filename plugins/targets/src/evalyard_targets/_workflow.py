"""The `workflow` target."""

import re
from typing import Annotated, Any, Final

import httpx
import pydantic_core
from pydantic import BaseModel, Field, JsonValue, ValidationError

from evalyard import Config, Dispatched, DispatchRequest, DispatchTarget, TargetError
from evalyard_targets._endpoint import Answer, Endpoint
from evalyard_targets._headers import Plain, SecretReference, Url
from evalyard_targets._http_answer import refusal
from evalyard_targets._template import Template, compile_template, fill

# A name that is more than dots, which would lead elsewhere.
_NAME: Final = "[A-Za-z0-9._-]*[A-Za-z0-9_-][A-Za-z0-9._-]*"
_KIBIBYTE: Final = 1024
_NOT_STARTED: Final = frozenset({"HTTP_429"})
_RUN_ID: Final[dict[str, JsonValue]] = {"run_id": {"$path": "run_id"}}


class WorkflowConfig(Config):
    """Which workflow of GitHub Actions carries a run out, and how long its records are waited for."""

    repository: str = Field(
        pattern=rf"^[A-Za-z0-9][A-Za-z0-9-]*/{_NAME}$",
        examples=["acme/assistant"],
        description="The repository, as owner/name.",
    )
    workflow: str = Field(
        pattern=rf"^{_NAME}$",
        examples=["evaluate.yml"],
        description="File name of the workflow, such as evaluate.yml, or its number.",
    )
    token: SecretReference = Field(
        examples=["${secret:GITHUB_TOKEN}"],
        description="A token that may write actions, as ${secret:NAME} for the worker's EVALYARD_SECRET_NAME.",
    )
    ref: str = Field("main", pattern=r"^[^\s~^:?*\[\\]+$", description="Branch or tag whose workflow is started.")
    inputs: Annotated[dict[str, Template], Plain] = Field(
        _RUN_ID,
        description=(
            "The workflow's inputs, each a template over {run_id, run_number, run_name, project_id, dataset_id, "
            "dataset_version, trials}; by default run_id."
        ),
    )
    deadline_seconds: float = Field(
        3600, gt=0, le=30 * 86_400, description="How long after the start records are waited for."
    )
    api_url: Url = Field(
        "https://api.github.com",
        description="Where the API is; https://HOST/api/v3 for GitHub Enterprise Server.",
        json_schema_extra={"format": "uri", "pattern": "^https?://"},
    )
    return_run_details: bool = Field(
        default=True, description="Whether to ask for the workflow run's address, which older servers refuse to give."
    )


class _Started(BaseModel):
    html_url: str | None = None


class WorkflowTarget(DispatchTarget[WorkflowConfig]):
    """Start a workflow of GitHub Actions, which carries the run out and submits its records.

    It is started once a run, and its records are waited for until the deadline. Raises TargetError with these codes, of
    which only HTTP_429 is tried again, since after any other failure nobody knows whether the workflow runs:
    HTTP_<status>, TIMEOUT, CONNECTION, BAD_INPUT, ADDRESS_REFUSED; SECRET_MISSING and SECRET_INVALID, from `open`.
    """

    def __init__(self, config: WorkflowConfig) -> None:
        super().__init__(config)
        self._inputs = compile_template(dict(config.inputs))
        headers = {
            "Authorization": f"Bearer {config.token}",
            "Accept": "application/vnd.github+json",
            "Content-Type": "application/json",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        self._endpoint = Endpoint(config.api_url, headers, max_response_bytes=64 * _KIBIBYTE)

    async def open(self) -> None:
        """Read the token."""
        await self._endpoint.open()

    async def close(self) -> None:
        """Close the connections."""
        await self._endpoint.close()

    async def dispatch(self, request: DispatchRequest) -> Dispatched:
        """Create a workflow dispatch event (GitHub REST API, "Workflows")."""
        with self._endpoint.without_secrets():
            content = pydantic_core.to_json(self._body(request))
            try:
                answer = await self._endpoint.send("POST", self._url(), content, request.timeout_seconds)
                if not 200 <= answer.status < 300:
                    raise refusal(answer)
            except TargetError as error:
                error.retryable = error.retryable and error.code in _NOT_STARTED
                raise
            return Dispatched(self.config.deadline_seconds, _address(answer))

    def _url(self) -> httpx.URL:
        config = self.config
        base = self._endpoint.url.path.rstrip("/")
        return self._endpoint.url.copy_with(
            path=f"{base}/repos/{config.repository}/actions/workflows/{config.workflow}/dispatches"
        )

    def _body(self, request: DispatchRequest) -> dict[str, Any]:
        inputs = {name: _text(value) for name, value in fill(self._inputs, request).items() if value is not None}
        details = {"return_run_details": True} if self.config.return_run_details else {}
        return {"ref": self.config.ref, "inputs": inputs, **details}


def _text(value: Any) -> str:
    """Return an input as GitHub takes it: all of them are texts."""
    return value if isinstance(value, str) else pydantic_core.to_json(value).decode()


def _address(answer: Answer) -> str | None:
    """Return where a person can watch the workflow; the answer may be empty."""
    try:
        found = _Started.model_validate_json(answer.body).html_url
    except ValidationError:
        return None
    return found if found is not None and re.match("https?://", found) else None
