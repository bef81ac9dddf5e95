"""A WebSocket server that echoes, on the port that .env names."""

import asyncio
import os
import signal

from dotenv import load_dotenv
from websockets.asyncio.server import serve

load_dotenv("/app/.env", override=True)


async def echo(connection):
    async for message in connection:
        await connection.send(message)


async def main():
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with serve(echo, os.environ["WEBSOCKET_HOST"], int(os.environ["WEBSOCKET_PORT"])):
        await stop.wait()


asyncio.run(main())
