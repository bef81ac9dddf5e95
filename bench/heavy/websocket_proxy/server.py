"""Port 8765: sends back what it is sent."""

import asyncio
import signal

import httpx
import pandas
import pydantic
import sqlalchemy
import websockets
import zmq

assert all((httpx, pandas, pydantic, sqlalchemy, zmq))


async def echo(connection):
    async for message in connection:
        await connection.send(message)


async def main():
    done = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, done.set)
    async with websockets.serve(echo, "0.0.0.0", 8765, ping_interval=20, ping_timeout=20):
        await done.wait()


asyncio.run(main())
