package dev.unwrite.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;

/** A client that says what it likes, byte by byte. Reads give up after five seconds: a server that hangs fails the test. */
final class RawClient implements AutoCloseable {
    final Socket socket;
    final DataInputStream in;
    final DataOutputStream out;

    private RawClient(NbdUri uri) throws IOException {
        socket = new Socket(uri.host(), uri.port());
        socket.setSoTimeout(5_000);
        socket.setTcpNoDelay(true);
        in = new DataInputStream(socket.getInputStream());
        out = new DataOutputStream(socket.getOutputStream());
    }

    static RawClient connect(NbdUri uri) throws IOException {
        RawClient client = new RawClient(uri);
        assertThat(client.in.readLong()).isEqualTo(NbdWire.INIT_MAGIC);
        assertThat(client.in.readLong()).isEqualTo(NbdWire.OPTION_MAGIC);
        assertThat(client.in.readShort()).isEqualTo((short) 3);
        return client;
    }

    static RawClient haggling(NbdUri uri) throws IOException {
        RawClient client = connect(uri);
        client.out.writeInt(3);
        return client;
    }

    static RawClient transmitting(NbdUri uri, String export, boolean structured) throws IOException {
        RawClient client = haggling(uri);
        if (structured) {
            client.option(NbdWire.OPT_STRUCTURED_REPLY, new byte[0]);
            client.expectReply(NbdWire.OPT_STRUCTURED_REPLY, NbdWire.REP_ACK);
        }
        client.option(NbdWire.OPT_EXPORT_NAME, export.getBytes(StandardCharsets.UTF_8));
        client.in.readLong();
        client.in.readShort();
        return client;
    }

    void option(int number, byte[] data) throws IOException {
        out.writeLong(NbdWire.OPTION_MAGIC);
        out.writeInt(number);
        out.writeInt(data.length);
        out.write(data);
    }

    byte[] expectReply(int option, int type) throws IOException {
        assertThat(in.readLong()).isEqualTo(NbdWire.OPTION_REPLY_MAGIC);
        assertThat(in.readInt()).isEqualTo(option);
        assertThat(Integer.toHexString(in.readInt())).isEqualTo(Integer.toHexString(type));
        return in.readNBytes(in.readInt());
    }

    void request(int flags, int type, long cookie, long offset, int length) throws IOException {
        out.writeInt(NbdWire.REQUEST_MAGIC);
        out.writeShort(flags);
        out.writeShort(type);
        out.writeLong(cookie);
        out.writeLong(offset);
        out.writeInt(length);
    }

    /** Reads the reply to a request, simple or structured of one chunk, with the payload of a read; returns the error. */
    int expectAnswer(long cookie, int readLength) throws IOException {
        int magic = in.readInt();
        if (magic == NbdWire.SIMPLE_REPLY_MAGIC) {
            int error = in.readInt();
            assertThat(in.readLong()).isEqualTo(cookie);
            if (error == 0) {
                in.readNBytes(readLength);
            }
            return error;
        }
        assertThat(magic).isEqualTo(NbdWire.STRUCTURED_REPLY_MAGIC);
        assertThat(in.readShort()).isEqualTo((short) NbdWire.REPLY_FLAG_DONE);
        int type = in.readUnsignedShort();
        assertThat(in.readLong()).isEqualTo(cookie);
        byte[] payload = in.readNBytes(in.readInt());
        if (type == NbdWire.REPLY_TYPE_ERROR) {
            int error = java.nio.ByteBuffer.wrap(payload).getInt();
            assertThat(error).isNotZero();
            return error;
        }
        assertThat(payload).hasSize(readLength == 0 ? 0 : 8 + readLength);
        return 0;
    }

    /** Reads what is left; returns only when the server has ended the connection. */
    void expectEnd() throws IOException {
        try {
            in.transferTo(java.io.OutputStream.nullOutputStream());
        } catch (EOFException | SocketException e) {
            // Reset instead of ended: closed all the same. A timeout is neither and fails the test.
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
