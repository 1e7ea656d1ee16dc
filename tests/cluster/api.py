"""A minimal client of the test cluster's API server: one JSON request at a time, as the admin."""

import http.client
import json
import ssl
import urllib.parse


class ApiError(Exception):
    """The server answered with an error status (`code`), or did not answer (`code` 0)."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


class Api:
    """Requests to `server` (https://127.0.0.1:PORT) with the admin certificate in the folder `pki`."""

    def __init__(self, server, pki, timeout=5.0):
        self._address = urllib.parse.urlsplit(server)
        self._timeout = timeout
        self._tls = ssl.create_default_context(cafile=f"{pki}/ca.crt")
        self._tls.load_cert_chain(f"{pki}/admin.crt", f"{pki}/admin.key")

    def request(self, method, path, body=None, content_type="application/json"):
        """The parsed answer (text where it is not JSON). Raises ApiError."""
        connection = http.client.HTTPSConnection(self._address.hostname, self._address.port, timeout=self._timeout,
                                                 context=self._tls)
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None, {"Content-Type": content_type})
            response = connection.getresponse()
            text = response.read().decode()
        except (OSError, http.client.HTTPException) as error:
            raise ApiError(0, f"{method} {path}: {error}") from error
        finally:
            connection.close()
        if response.status >= 400:
            raise ApiError(response.status, f"{method} {path}: {response.status} {text[:500]}")
        is_json = "json" in response.headers.get("Content-Type", "")
        return json.loads(text) if is_json else text

    def create(self, path, body):
        """POST; an object that exists already is left alone."""
        try:
            self.request("POST", path, body)
        except ApiError as error:
            if error.code != 409:
                raise
