# Written by openalgo-install. OpenAlgo's strategies call it by the address that
# browsers use: its ports lead to OpenAlgo inside the container, too. Given are
# these ports, each with OpenAlgo's own, and after -- what starts OpenAlgo.
import os, socket, sys, threading, time

def pump(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    try:
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass

def listen(port):
    try: # localhost may be ::1
        return socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True)
    except (OSError, ValueError): # the container has no IPv6
        return socket.create_server(("", port))

def serve(port, own):
    listener = listen(port)
    while True:
        try:
            caller = listener.accept()[0]
        except OSError:
            time.sleep(0.1)
            continue
        try:
            openalgo = socket.create_connection(("127.0.0.1", own))
        except OSError:
            caller.close()
            continue
        for end in (caller, openalgo):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for pair in ((caller, openalgo), (openalgo, caller)):
            threading.Thread(target=pump, args=pair, daemon=True).start()

split = sys.argv.index("--")
if os.fork():
    os.execvp(sys.argv[split + 1], sys.argv[split + 1:])
ports = [threading.Thread(target=serve, args=[int(part) for part in given.split(":")]) for given in sys.argv[1:split]]
for port in ports:
    port.start()
for port in ports:
    port.join() # Python starts no thread any more once its first one has ended
