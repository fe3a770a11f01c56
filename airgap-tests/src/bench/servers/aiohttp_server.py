"""What aiohttp does in one process."""

import sys

from aiohttp import web


async def hello(_):
    return web.Response(text="hello")


async def echo(request):
    return web.json_response(await request.json())


async def size(request):
    return web.Response(text=str(len(await request.read())))


app = web.Application()
app.add_routes([web.get("/hello", hello), web.post("/echo", echo), web.post("/size", size)])
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)
