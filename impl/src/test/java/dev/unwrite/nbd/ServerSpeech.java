package dev.unwrite.nbd;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** What a server sent, message by message, in the words of {@link ServerOracle}. Fails on what is no whole message. */
final class ServerSpeech {
    final List<String> optionAnswers = new ArrayList<>();
    final List<String> answers = new ArrayList<>();

    private final ByteBuffer in;
    private final ServerOracle expected;

    /** Of {@code expected} it uses what cannot be told from the stream: when options end, how long a read was. */
    ServerSpeech(byte[] received, ServerOracle expected) {
        this.in = ByteBuffer.wrap(received);
        this.expected = expected;
        same(in.getLong(), NbdWire.INIT_MAGIC, "magic");
        same(in.getLong(), NbdWire.OPTION_MAGIC, "magic");
        same(in.getShort(), 3, "handshake flags");
        while (in.hasRemaining() && optionAnswers.size() < expected.optionAnswers.size()) {
            if (expected.optionAnswers.get(optionAnswers.size()).startsWith("export")) {
                export();
            } else {
                optionAnswer();
            }
        }
        while (in.hasRemaining()) {
            answer();
        }
    }

    private void export() {
        String answer = "export " + in.getLong() + " " + (in.getShort() & 0xffff);
        if (expected.padded) {
            in.position(in.position() + 124);
            answer += " padded";
        }
        optionAnswers.add(answer);
    }

    private void optionAnswer() {
        same(in.getLong(), NbdWire.OPTION_REPLY_MAGIC, "magic of an option reply");
        int option = in.getInt();
        int type = in.getInt();
        ByteBuffer data = take(in.getInt());
        String what = switch (type) {
            case NbdWire.REP_ACK -> "ack" + (data.hasRemaining() ? " with data" : "");
            case NbdWire.REP_SERVER -> "server " + text(slice(data, data.getInt()));
            case NbdWire.REP_INFO -> "info " + info(data);
            default -> type < 0 ? "error " + (type & Integer.MAX_VALUE) : "type " + type;
        };
        optionAnswers.add(option + " " + what);
    }

    private static String info(ByteBuffer data) {
        int type = data.getShort();
        return type
                + switch (type) {
                    case 0 -> " " + data.getLong() + " " + (data.getShort() & 0xffff);
                    case 3 -> " " + data.getInt() + " " + data.getInt() + " " + data.getInt();
                    default -> " " + text(data);
                };
    }

    private void answer() {
        int magic = in.getInt();
        if (magic == NbdWire.SIMPLE_REPLY_MAGIC) {
            int error = in.getInt();
            long cookie = in.getLong();
            int length = error == 0 ? expected.readBytes.getOrDefault(cookie, 0) : 0;
            answers.add(Long.toHexString(cookie) + " simple " + error + " " + hex(take(length)));
            return;
        }
        same(magic, NbdWire.STRUCTURED_REPLY_MAGIC, "magic of a reply");
        same(in.getShort(), 1, "flags of the only chunk");
        int type = in.getShort() & 0xffff;
        String cookie = Long.toHexString(in.getLong());
        ByteBuffer payload = take(in.getInt());
        answers.add(cookie
                + switch (type) {
                    case 0 -> payload.hasRemaining() ? " none with data" : " none";
                    case 1 -> " data " + payload.getLong() + " " + hex(payload);
                    case 0x8001 -> {
                        int error = payload.getInt();
                        same(payload.getShort(), payload.remaining(), "length of the message");
                        yield " error " + error;
                    }
                    default -> " type " + type;
                });
    }

    private ByteBuffer take(int length) {
        return slice(in, length);
    }

    private static ByteBuffer slice(ByteBuffer from, int length) {
        ByteBuffer part = from.slice(from.position(), length);
        from.position(from.position() + length);
        return part;
    }

    private static String hex(ByteBuffer bytes) {
        byte[] copy = new byte[bytes.remaining()];
        bytes.get(copy);
        return HexFormat.of().formatHex(copy);
    }

    private static String text(ByteBuffer bytes) {
        return StandardCharsets.UTF_8.decode(bytes).toString();
    }

    private static void same(long found, long wanted, String what) {
        if (found != wanted) {
            throw new AssertionError(what + ": 0x" + Long.toHexString(found) + ", not 0x" + Long.toHexString(wanted));
        }
    }
}
