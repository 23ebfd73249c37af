package dev.unwrite.nbd;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A server that says given bytes: the first when a client comes, one further after each message of the client. When it has
 * nothing more to say it ends its side, and waits for the client to end the other.
 */
final class ScriptedServer implements AutoCloseable {
    private final Path folder = Files.createTempDirectory("nbd");
    private final Path socket = folder.resolve("socket");
    private final ServerSocketChannel listener = ServerSocketChannel.open(java.net.StandardProtocolFamily.UNIX);
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    ScriptedServer() throws IOException {
        listener.bind(java.net.UnixDomainSocketAddress.of(socket));
    }

    NbdUri uri() {
        return NbdUri.unix(socket, "disk");
    }

    /** Plays the script for the next client; what it returns fails if that client does not close its connection. */
    Future<?> play(List<byte[]> script) {
        return threads.submit(() -> {
            try (UnixPeer peer = new UnixPeer(listener.accept())) {
                play(peer, script.iterator());
                peer.finish();
                peer.readToTheEnd();
                return null;
            }
        });
    }

    private static void play(UnixPeer peer, Iterator<byte[]> script) {
        boolean goesOn = peer.send(script.next())
                && script.hasNext()
                && read(peer.channel, 4).remaining() == 4;
        while (goesOn && script.hasNext()) {
            goesOn = readMessage(peer.channel) && peer.send(script.next());
        }
    }

    /** False: the client has nothing more to say. */
    private static boolean readMessage(SocketChannel channel) {
        ByteBuffer magic = read(channel, 4);
        if (magic.remaining() < 4) {
            return false;
        }
        if (magic.getInt() == NbdWire.REQUEST_MAGIC) {
            ByteBuffer request = read(channel, 24);
            if (request.remaining() < 24 || request.getShort(2) == NbdWire.CMD_DISC) {
                return false;
            }
            int payload = request.getShort(2) == NbdWire.CMD_WRITE ? request.getInt(20) : 0;
            return read(channel, payload).remaining() == payload;
        }
        ByteBuffer option = read(channel, 12);
        if (option.remaining() < 12 || option.getInt(4) == NbdWire.OPT_ABORT) {
            return false;
        }
        return read(channel, option.getInt(8)).remaining() == option.getInt(8);
    }

    private static ByteBuffer read(SocketChannel channel, int length) {
        ByteBuffer bytes = ByteBuffer.allocate(length);
        try {
            while (bytes.hasRemaining() && channel.read(bytes) >= 0) {
                // Reads on.
            }
        } catch (IOException e) {
            // The client has left, as it may.
        }
        return bytes.flip();
    }

    /** Fails if the client has not left. */
    static void awaitEnd(Future<?> played) {
        try {
            played.get(2L * UnixPeer.PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new AssertionError("the client does not end its connection", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }

    @Override
    public void close() throws IOException {
        listener.close();
        threads.close();
        Files.deleteIfExists(socket);
        Files.delete(folder);
    }

    interface Part {
        void write(DataOutputStream out) throws IOException;
    }

    /** What a part writes, as bytes. */
    static byte[] bytes(Part part) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            part.write(new DataOutputStream(bytes));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    static void optionReply(DataOutputStream out, int option, int type, byte[] data) throws IOException {
        out.writeLong(NbdWire.OPTION_REPLY_MAGIC);
        out.writeInt(option);
        out.writeInt(type);
        out.writeInt(data.length);
        out.write(data);
    }

    static void chunk(DataOutputStream out, int flags, int type, long cookie, byte[] payload) throws IOException {
        out.writeInt(NbdWire.STRUCTURED_REPLY_MAGIC);
        out.writeShort(flags);
        out.writeShort(type);
        out.writeLong(cookie);
        out.writeInt(payload.length);
        out.write(payload);
    }

    static void simple(DataOutputStream out, int error, long cookie) throws IOException {
        out.writeInt(NbdWire.SIMPLE_REPLY_MAGIC);
        out.writeInt(error);
        out.writeLong(cookie);
    }

    /** The greeting of a server that speaks the fixed newstyle handshake. */
    static byte[] greeting(int flags) {
        return bytes(out -> {
            out.writeLong(NbdWire.INIT_MAGIC);
            out.writeLong(NbdWire.OPTION_MAGIC);
            out.writeShort(flags);
        });
    }

    /** The information that every server has to give about an export. */
    static byte[] exportInfo(long size, int flags) {
        return bytes(out -> {
            out.writeShort(NbdWire.INFO_EXPORT);
            out.writeLong(size);
            out.writeShort(flags);
        });
    }
}
