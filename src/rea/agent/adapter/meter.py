"""One request on the wire, of bounded size: whatever a library would like to do on its own."""

from collections.abc import AsyncIterator

import httpx2


class TooMuch(httpx2.TransportError):
    """More came, or was to be sent, than one call may."""


class Meter(httpx2.AsyncBaseTransport):
    """Passes one request and at most ``most_bytes`` of its reply, and notes how far it came."""

    def __init__(self, wrapped: httpx2.AsyncBaseTransport, most_bytes: int) -> None:
        self.wrapped, self.most_bytes = wrapped, most_bytes
        self.sent = 0
        self.reached = False  # something was sent: from here on something may have been generated
        self.status = 0
        self.after_s = 0.0

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.sent += 1
        if self.sent > 1:
            raise TooMuch("a second request for one call was held back")
        request.headers["accept-encoding"] = "identity"  # a compressed reply could be of any size
        request.extensions["trace"] = self._traced
        response = await self.wrapped.handle_async_request(request)
        self.reached, self.status = True, response.status_code
        self.after_s = _seconds(response.headers.get("retry-after", ""))
        if response.headers.get("content-encoding", "identity") != "identity":
            raise TooMuch("the reply is compressed, which was not asked for")
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        return httpx2.Response(
            response.status_code,
            headers=response.headers,
            stream=_Counted(response.stream, self.most_bytes),
            extensions=response.extensions,
        )

    async def _traced(self, name: str, _: object) -> None:
        self.reached = self.reached or "send_request" in name

    async def aclose(self) -> None:
        await self.wrapped.aclose()


class _Counted(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream, most: int) -> None:
        self.stream, self.most = stream, most

    async def __aiter__(self) -> AsyncIterator[bytes]:
        seen = 0
        async for chunk in self.stream:
            seen += len(chunk)
            if seen > self.most:
                raise TooMuch(f"the reply is longer than {self.most} bytes")
            yield chunk

    async def aclose(self) -> None:
        await self.stream.aclose()


def _seconds(told: str) -> float:
    try:
        return max(0.0, float(told))
    except ValueError:
        return 0.0
