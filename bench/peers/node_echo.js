// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 the libvow authors
//
// W9 on Node: an async function for each connection, on streams; prints its port.
'use strict';
const net = require('node:net');

async function serve(socket) {
    socket.setNoDelay(true);
    for await (const bytes of socket)
        socket.write(bytes);
}

const server = net.createServer(socket => serve(socket).catch(() => socket.destroy()));
server.listen(0, '127.0.0.1', 4096, () => console.log(server.address().port));
