package dev.unwrite.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;

/** A server that plays one script for one connection, then hangs up; and the words of which scripts are made. */
final class FakeServer implements AutoCloseable {
    /** What a server does with a connection. */
    interface Script {
        void run(DataInputStream in, DataOutputStream out) throws IOException;
    }

    private final ServerSocket listener;
    private final Thread thread;

    FakeServer(Script script) throws IOException {
        listener = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
        thread = Thread.ofVirtual().start(() -> {
            try (Socket socket = listener.accept()) {
                socket.setTcpNoDelay(true);
                script.run(
                        new DataInputStream(socket.getInputStream()), new DataOutputStream(socket.getOutputStream()));
            } catch (IOException e) {
                // The client has left in the middle, as some of them should.
            }
        });
    }

    NbdUri uri() {
        return NbdUri.tcp("127.0.0.1", listener.getLocalPort(), "disk");
    }

    @Override
    public void close() throws IOException {
        listener.close();
        thread.interrupt();
    }

    /** A request as it came, with its payload read. */
    record Request(int flags, int type, long cookie, long offset, int length) {
        static Request read(DataInputStream in) throws IOException {
            assertThat(in.readInt()).isEqualTo(NbdWire.REQUEST_MAGIC);
            Request request = new Request(
                    in.readUnsignedShort(), in.readUnsignedShort(), in.readLong(), in.readLong(), in.readInt());
            if (request.type == NbdWire.CMD_WRITE) {
                in.readNBytes(request.length);
            }
            return request;
        }

        void answer(DataOutputStream out, int error) throws IOException {
            out.writeInt(NbdWire.SIMPLE_REPLY_MAGIC);
            out.writeInt(error);
            out.writeLong(cookie);
        }

        void chunk(DataOutputStream out, boolean done, int chunkType, byte[] payload) throws IOException {
            out.writeInt(NbdWire.STRUCTURED_REPLY_MAGIC);
            out.writeShort(done ? 1 : 0);
            out.writeShort(chunkType);
            out.writeLong(cookie);
            out.writeInt(payload.length);
            out.write(payload);
        }
    }

    static void greet(DataInputStream in, DataOutputStream out) throws IOException {
        out.writeLong(NbdWire.INIT_MAGIC);
        out.writeLong(NbdWire.OPTION_MAGIC);
        out.writeShort(NbdWire.FLAG_FIXED_NEWSTYLE);
        assertThat(in.readInt()).isEqualTo(NbdWire.FLAG_FIXED_NEWSTYLE);
    }

    static void reply(DataOutputStream out, int option, int type, byte[] data) throws IOException {
        out.writeLong(NbdWire.OPTION_REPLY_MAGIC);
        out.writeInt(option);
        out.writeInt(type);
        out.writeInt(data.length);
        out.write(data);
    }
}
