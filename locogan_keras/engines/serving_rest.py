"""TensorFlow Serving's REST interface, with the standard library."""

import http.client
import json
import urllib.error
import urllib.request

from locogan_keras.engines.server_requests import Refused, ServerError, Unavailable, patiently

_UNAVAILABLE = (502, 503)


class RestServer:
    """A model on a server that speaks REST.

    Args:
        url: `http://HOST:PORT/v1/models/NAME`.
        timeout: Seconds to wait for each part of an answer.
    """

    def __init__(self, url, timeout):
        self._url, self._timeout = url, timeout

    def predict(self, signature, inputs):
        """The output as of `Server`, a list as nested as it has axes."""
        # By rows: in an answer by columns each number has an indented line, three times the bytes.
        names = list(inputs)
        columns = zip(*(inputs[name].tolist() for name in names), strict=True)
        rows = [dict(zip(names, row, strict=True)) for row in columns]
        body = json.dumps({"signature_name": signature, "instances": rows}).encode()
        answer = patiently(lambda: self._ask(body))
        try:
            return json.loads(answer)["predictions"]
        except (ValueError, KeyError, TypeError):
            raise ServerError(self._url, "answers, but not with predictions in JSON") from None

    def _ask(self, body):
        request = urllib.request.Request(
            self._url.rstrip("/") + ":predict", body, {"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=self._timeout) as response:
                return response.read()
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
        return json.loads(error.read())["error"]
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return error.reason
