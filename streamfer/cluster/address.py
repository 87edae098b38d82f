"""Looking whether a cluster answers at an address, before Ray tries for a minute and shouts."""

from __future__ import annotations

import os
from pathlib import Path

import grpc  # type: ignore[import-untyped]

from streamfer.errors import UsageError

_PATIENCE_S = 5.0
# Any method would do: what counts is who answers, and whether the token is taken.
_METHOD = "/ray.rpc.NodeInfoGcsService/CheckAlive"


def check_address(address: str) -> None:
    """Raise UsageError, saying what to do, if the cluster at `address` cannot be joined.

    `address` is as `ray start` prints it, such as `head:6379`, or `auto`, which is not looked at.
    """
    if address.startswith("ray://"):
        raise UsageError(
            f"{address} is an address of Ray Client, which cannot be used here. Give the "
            "cluster's own address, such as head:6379, from a machine of the cluster; from "
            "elsewhere use `streamfer submit`."
        )
    if "://" in address:
        raise UsageError(
            f"{address} (--address, or RAY_ADDRESS) is no address of a cluster, which looks like "
            "head:6379. The address of a dashboard is for `streamfer submit`."
        )
    if address == "auto" or os.environ.get("RAY_USE_TLS") == "1":
        return
    token = _token()
    metadata = [("authorization", f"Bearer {token}")] if token else []
    try:
        with grpc.insecure_channel(address) as channel:
            channel.unary_unary(_METHOD)(b"", timeout=_PATIENCE_S, metadata=metadata)
    except grpc.RpcError as error:
        if error.code() == grpc.StatusCode.UNAUTHENTICATED:
            raise UsageError(
                f"The Ray cluster at {address} wants a token, and {_which(token)}. Set "
                "RAY_AUTH_MODE=token, and RAY_AUTH_TOKEN to what `ray get-auth-token` prints on "
                "the cluster's head."
            ) from None
        if error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED):
            raise UsageError(
                f"No Ray cluster answers at {address}. Give the address that `ray start --head` "
                "printed, such as head:6379, or leave --address out to start Ray here."
            ) from None
        # Another answer is one of Ray's, of a version that has no such method.


def _token() -> str:
    """What Ray would send: it looks for a token only where its mode asks for one."""
    if os.environ.get("RAY_AUTH_MODE") != "token":
        return ""
    if token := os.environ.get("RAY_AUTH_TOKEN", ""):
        return token
    file = os.environ.get("RAY_AUTH_TOKEN_PATH") or Path.home() / ".ray" / "auth_token"
    try:
        return Path(file).read_text().strip()
    except OSError:
        return ""


def _which(token: str) -> str:
    return "does not take the one it was sent" if token else "was sent none"
