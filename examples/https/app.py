async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        return await send({"type": "lifespan.shutdown.complete"})
    # No client can send this header itself: ldcorn removes it.
    who = dict(scope["headers"]).get(b"x-client-cert-subject", b"nobody with a certificate")
    body = b"%s, to %s\n" % (scope["scheme"].encode(), who)
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
