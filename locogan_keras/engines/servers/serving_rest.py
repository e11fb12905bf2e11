"""TensorFlow Serving's REST interface, with the standard library."""

import http.client
import json
import urllib.error
import urllib.parse
import urllib.request

from locogan_keras.engines.servers.server_requests import (
    Refused,
    ServerError,
    Unavailable,
    patiently,
    within,
)

_UNAVAILABLE = (502, 503)
# Bytes that an answer may have: for its text, and for each of its numbers, which take some 14.
_TEXT_BYTES, _NUMBER_BYTES = 2**20, 32
# Of those of an error, which says its reason.
_REASON_BYTES = 2**16


class RestServer:
    """A model on a server that speaks REST.

    Args:
        url: `http://HOST:PORT/v1/models/NAME`.
        timeout: Seconds to wait for an answer, all of it.
    """

    def __init__(self, url, timeout):
        self._url, self._timeout = url, timeout

    def predict(self, signature, inputs, numbers=0):
        """The output as of `Server`, a list as nested as it has axes."""
        # By rows: in an answer by columns each number has an indented line, three times the bytes.
        names = list(inputs)
        columns = zip(*(inputs[name].tolist() for name in names), strict=True)
        rows = [dict(zip(names, row, strict=True)) for row in columns]
        body = json.dumps({"signature_name": signature, "instances": rows}).encode()
        most = _TEXT_BYTES + numbers * _NUMBER_BYTES
        answer = patiently(lambda: self._ask(body, most))
        try:
            return json.loads(answer)["predictions"]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise ServerError(self._url, "answers, but not with predictions in JSON") from None

    def _ask(self, body, most):
        request = urllib.request.Request(
            self._url.rstrip("/") + ":predict", body, {"Content-Type": "application/json"}
        )
        try:
            return within(self._timeout, lambda: self._answer(request, most))
        except TimeoutError as error:
            raise self._failure(error) from None

    def _answer(self, request, most):
        try:
            with _OPENER.open(request, timeout=self._timeout) as response:
                answer = response.read(most + 1)
                if len(answer) > most:
                    raise Refused(self._url, f"answers with more than {most} bytes")
                if response.length:
                    raise http.client.IncompleteRead(answer, response.length)
                return answer
        except urllib.error.HTTPError as error:
            with error:
                reason = f"answers {error.code}: {_reason(error)}"
            kind = Unavailable if error.code in _UNAVAILABLE else Refused
            raise kind(self._url, reason) from None
        except (OSError, http.client.HTTPException, UnicodeError) as error:
            raise self._failure(getattr(error, "reason", error)) from None

    def _failure(self, cause):
        if isinstance(cause, TimeoutError):
            return ServerError(self._url, f"does not answer within {self._timeout:g} seconds")
        if isinstance(cause, ConnectionError | http.client.IncompleteRead):
            return Unavailable(self._url, f"does not answer: {cause or type(cause).__name__}")
        return ServerError(self._url, f"cannot be asked: {cause or type(cause).__name__}")


def _reason(error):
    """The reason in an error's body, or else its status's: a page of HTML gives none."""
    try:
        return json.loads(error.read(_REASON_BYTES))["error"]
    except (OSError, http.client.HTTPException, ValueError, LookupError, TypeError, RecursionError):
        return error.reason


class _SameHost(urllib.request.HTTPRedirectHandler):
    """Redirects within one host, asked again as before; nobody chose to ask another one."""

    def redirect_request(self, request, file, code, message, headers, url):
        before, after = (urllib.parse.urlsplit(each) for each in (request.full_url, url))
        if after.hostname != before.hostname or after.scheme not in (before.scheme, "https"):
            reason = f"it redirects to another host, {url}"
            raise urllib.error.HTTPError(request.full_url, code, reason, headers, file)
        return urllib.request.Request(url, request.data, request.headers)


_OPENER = urllib.request.build_opener(_SameHost)
