package dev.unwrite.nbd;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** What a client says over a connection, from its flags on; remembers where each message begins. */
final class Conversation {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final DataOutputStream out = new DataOutputStream(bytes);
    private final List<Integer> starts = new ArrayList<>();

    private interface Part {
        void write(DataOutputStream out) throws IOException;
    }

    private Conversation add(Part part) {
        starts.add(bytes.size());
        try {
            part.write(out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return this;
    }

    Conversation flags(int flags) {
        return add(o -> o.writeInt(flags));
    }

    Conversation option(int number, byte[] data) {
        return option(number, data.length, data);
    }

    /** An option that says that it has {@code length} bytes. */
    Conversation option(int number, int length, byte[] data) {
        return add(o -> {
            o.writeLong(NbdWire.OPTION_MAGIC);
            o.writeInt(number);
            o.writeInt(length);
            o.write(data);
        });
    }

    Conversation request(int flags, int type, long cookie, long offset, int length, byte[] payload) {
        return add(o -> {
            o.writeInt(NbdWire.REQUEST_MAGIC);
            o.writeShort(flags);
            o.writeShort(type);
            o.writeLong(cookie);
            o.writeLong(offset);
            o.writeInt(length);
            o.write(payload);
        });
    }

    Conversation raw(byte[] data) {
        return add(o -> o.write(data));
    }

    /** The data of INFO and GO. */
    static byte[] query(String name, int... wanted) {
        byte[] text = name.getBytes(StandardCharsets.UTF_8);
        ByteBuffer data = ByteBuffer.allocate(6 + text.length + 2 * wanted.length);
        data.putInt(text.length).put(text).putShort((short) wanted.length);
        for (int one : wanted) {
            data.putShort((short) one);
        }
        return data.array();
    }

    byte[] bytes() {
        return bytes.toByteArray();
    }

    /** In which message the byte lies, and at which place in it; for people. */
    String place(int index) {
        int message = 0;
        while (message + 1 < starts.size() && starts.get(message + 1) <= index) {
            message++;
        }
        return "message " + message + ", byte " + (index - starts.get(message));
    }
}
