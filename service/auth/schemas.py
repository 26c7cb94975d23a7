"""A key on the wire: what it allows, never the key itself."""

from datetime import datetime

from pydantic import Field

from service.principals import SCOPES, Principal, Scope
from service.web.schemas import ResponseModel


class CurrentKey(ResponseModel):
    """The key that a request came with."""

    key: str | None = Field(description="The key's id, as in lists and logs; null without keys.")
    name: str
    tenant: str = Field(description="Whose datasets and models are seen.")
    scopes: list[Scope] = Field(description="What is allowed: `admin` includes `write`, `write` includes `read`.")
    expires_at: datetime | None

    @classmethod
    def of(cls, caller: Principal) -> "CurrentKey":
        """Show whoever calls."""
        return cls(
            key=caller.key,
            name=caller.name,
            tenant=caller.tenant,
            scopes=[scope for scope in SCOPES if scope in caller.scopes],
            expires_at=caller.expires_at,
        )
