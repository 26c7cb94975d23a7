"""Response body of the current API key, without the key itself."""

from datetime import datetime

from pydantic import Field

from service.principals import SCOPES, Principal, Scope
from service.web.schemas import ResponseModel


class CurrentKey(ResponseModel):
    """The API key of the request."""

    key: str | None = Field(
        description="The key's id, as in lists and logs; null while no key exists."
    )
    name: str
    tenant: str = Field(description="The tenant whose datasets and models are accessible.")
    scopes: list[Scope] = Field(
        description="The granted scopes; `admin` includes `write`, `write` includes `read`."
    )
    expires_at: datetime | None

    @classmethod
    def of(cls, caller: Principal) -> "CurrentKey":
        return cls(
            key=caller.key,
            name=caller.name,
            tenant=caller.tenant,
            scopes=[scope for scope in SCOPES if scope in caller.scopes],
            expires_at=caller.expires_at,
        )
