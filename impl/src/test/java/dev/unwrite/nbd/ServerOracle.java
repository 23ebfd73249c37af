package dev.unwrite.nbd;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/**
 * Reads what a client sent as the protocol document wants it read, and says what a server has to answer and what has to
 * reach its device. Written from the document, for one export; knows nothing of the server's code.
 */
final class ServerOracle {
    static final String EXPORT = "disk";
    static final int SIZE = 1 << 16;
    static final int MINIMUM_BLOCK = 16;
    static final int PREFERRED_BLOCK = 512;
    static final int MAXIMUM_PAYLOAD = 2048;

    private static final int OPTION_BYTES_MAX = 64 << 10;
    private static final int SKIPPED_OPTION_BYTES_MAX = 1 << 20;

    /** In the order in which they have to come. */
    final List<String> optionAnswers = new ArrayList<>();
    /** In any order. */
    final List<String> answers = new ArrayList<>();
    /** What reaches the device, in any order. */
    final List<String> effects = new ArrayList<>();
    /** How many bytes a simple reply without an error carries. */
    final Map<Long, Integer> readBytes = new HashMap<>();

    boolean transmission;
    boolean padded;
    boolean structured;

    private final ByteBuffer in;

    ServerOracle(byte[] sent) {
        in = ByteBuffer.wrap(sent);
        if (in.remaining() < 4) {
            return;
        }
        int flags = in.getInt();
        padded = (flags & 2) == 0;
        if ((flags & ~3) == 0) {
            haggle();
        }
    }

    private void haggle() {
        while (in.remaining() >= 16 && in.getLong() == 0x49484156454f5054L) {
            int option = in.getInt();
            long length = in.getInt() & 0xffff_ffffL;
            if (length > SKIPPED_OPTION_BYTES_MAX || (option == 1 && length > OPTION_BYTES_MAX)) {
                return;
            }
            if (in.remaining() < length) {
                return;
            }
            byte[] data = new byte[(int) length];
            in.get(data);
            if (length > OPTION_BYTES_MAX) {
                optionAnswers.add(option + " error 9");
            } else if (!goesOn(option, data)) {
                return;
            }
        }
    }

    /** False: option haggling is over. */
    private boolean goesOn(int option, byte[] data) {
        switch (option) {
            case 1 -> {
                if (EXPORT.equals(string(data))) {
                    optionAnswers.add("export " + SIZE + " " + flags() + (padded ? " padded" : ""));
                    transmit();
                }
                return false;
            }
            case 2 -> {
                optionAnswers.add("2 ack");
                return false;
            }
            case 3 -> {
                if (data.length > 0) {
                    optionAnswers.add("3 error 3");
                } else {
                    optionAnswers.add("3 server " + EXPORT);
                    optionAnswers.add("3 ack");
                }
            }
            case 6, 7 -> {
                return !inform(option, data) || option == 6;
            }
            case 8 -> {
                structured |= data.length == 0;
                optionAnswers.add(data.length == 0 ? "8 ack" : "8 error 3");
            }
            case 9, 10 -> optionAnswers.add(option + contexts(data));
            default -> optionAnswers.add(option + " error 1");
        }
        return true;
    }

    /** The device here tells nothing of what is allocated, so there is no context to be told of. */
    private String contexts(byte[] data) {
        ByteBuffer query = ByteBuffer.wrap(data);
        String name = contextString(query);
        if (!structured || name == null || query.remaining() < 4) {
            return " error 3";
        }
        for (long left = query.getInt() & 0xffff_ffffL; left > 0; left--) {
            if (contextString(query) == null) {
                return " error 3";
            }
        }
        return query.hasRemaining() ? " error 3" : name.equals(EXPORT) ? " ack" : " error 6";
    }

    private static @org.jspecify.annotations.Nullable String contextString(ByteBuffer from) {
        long length = from.remaining() < 4 ? -1 : from.getInt() & 0xffff_ffffL;
        if (length < 0 || length > from.remaining()) {
            return null;
        }
        byte[] bytes = new byte[(int) length];
        from.get(bytes);
        return string(bytes);
    }

    /** True: the export was told of; transmission has begun and ended already if it was GO. */
    private boolean inform(int option, byte[] data) {
        ByteBuffer query = ByteBuffer.wrap(data);
        long nameLength = data.length < 6 ? -1 : query.getInt() & 0xffff_ffffL;
        if (nameLength < 0 || nameLength > data.length - 6) {
            optionAnswers.add(option + " error 3");
            return false;
        }
        byte[] name = new byte[(int) nameLength];
        query.get(name);
        int count = query.getShort() & 0xffff;
        if (query.remaining() != 2 * count || string(name) == null) {
            optionAnswers.add(option + " error 3");
            return false;
        }
        if (!EXPORT.equals(string(name))) {
            optionAnswers.add(option + " error 6");
            return false;
        }
        List<Integer> wanted = new ArrayList<>();
        while (query.hasRemaining()) {
            wanted.add(query.getShort() & 0xffff);
        }
        optionAnswers.add(option + " info 0 " + SIZE + " " + flags());
        if (wanted.contains(1)) {
            optionAnswers.add(option + " info 1 " + EXPORT);
        }
        if (wanted.contains(3)) {
            optionAnswers.add(option + " info 3 " + MINIMUM_BLOCK + " " + PREFERRED_BLOCK + " " + MAXIMUM_PAYLOAD);
        }
        optionAnswers.add(option + " ack");
        if (option == 7) {
            transmit();
        }
        return true;
    }

    /** HAS_FLAGS, SEND_FLUSH, SEND_FUA, SEND_TRIM, SEND_WRITE_ZEROES, and SEND_DF where it may be. */
    private int flags() {
        return 1 | 4 | 8 | 32 | 64 | (structured ? 128 : 0);
    }

    private void transmit() {
        transmission = true;
        while (in.remaining() >= 28 && in.getInt() == 0x25609513) {
            int flags = in.getShort() & 0xffff;
            int type = in.getShort() & 0xffff;
            long cookie = in.getLong();
            long offset = in.getLong();
            long length = in.getInt() & 0xffff_ffffL;
            if (type == 2) {
                return;
            }
            byte[] payload = {};
            int error = error(flags, type, offset, length);
            if (type == 1) {
                if (length > 32 << 20) {
                    answer(cookie, type, offset, (int) length, error);
                    return;
                }
                if (in.remaining() < length) {
                    return;
                }
                payload = new byte[(int) length];
                in.get(payload);
            }
            answer(cookie, type, offset, (int) length, error);
            if (error == 0) {
                effect(flags, type, offset, length, payload);
            }
        }
    }

    private void answer(long cookie, int type, long offset, int length, int error) {
        String name = Long.toHexString(cookie);
        if (!structured || (error == 0 && type != 0)) {
            readBytes.put(cookie, type == 0 ? length : 0);
            String data = type == 0 && error == 0 ? HexFormat.of().formatHex(content(offset, length)) : "";
            answers.add(name + " simple " + error + " " + data);
        } else if (error != 0) {
            answers.add(name + " error " + error);
        } else if (length == 0) {
            answers.add(name + " none");
        } else {
            answers.add(name + " data " + offset + " " + HexFormat.of().formatHex(content(offset, length)));
        }
    }

    private void effect(int flags, int type, long offset, long length, byte[] payload) {
        boolean fua = (flags & 1) != 0;
        if (type == 3) {
            effects.add("flush");
        } else if (length > 0) {
            switch (type) {
                case 0 -> effects.add("read " + offset + " " + length);
                case 1 ->
                    effects.add("write " + offset + " " + HexFormat.of().formatHex(payload) + (fua ? " fua" : ""));
                case 4 -> effects.add("trim " + offset + " " + length + (fua ? " fua" : ""));
                case 6 ->
                    effects.add("zero " + offset + " " + length + ((flags & 2) != 0 ? " no hole" : "")
                            + (fua ? " fua" : ""));
                default -> {
                    // CACHE asks the device for nothing here.
                }
            }
        }
    }

    private int error(int flags, int type, long offset, long length) {
        int allowed = 1 | (type == 0 && structured ? 4 : 0) | (type == 6 ? 2 : 0);
        if (type > 6 || (flags & ~allowed) != 0) {
            return NbdError.EINVAL;
        }
        if (type == 3) {
            return offset == 0 && length == 0 ? 0 : NbdError.EINVAL;
        }
        if (type <= 1 && length > MAXIMUM_PAYLOAD) {
            return type == 0 && structured ? NbdError.EOVERFLOW : NbdError.EINVAL;
        }
        if (offset < 0 || offset > SIZE || length > SIZE - offset) {
            return type == 1 || type == 6 ? NbdError.ENOSPC : NbdError.EINVAL;
        }
        return offset % MINIMUM_BLOCK == 0 && length % MINIMUM_BLOCK == 0 ? 0 : NbdError.EINVAL;
    }

    /** What the device holds, whatever is written to it: so that answers do not depend on the order of requests. */
    static byte[] content(long offset, int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (((offset + i) * 31) >>> 3);
        }
        return bytes;
    }

    /** UTF-8 without NUL and of at most 4096 bytes; null if it is none. */
    private static @org.jspecify.annotations.Nullable String string(byte[] bytes) {
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
            return bytes.length > 4096 || text.contains("\0") ? null : text;
        } catch (CharacterCodingException e) {
            return null;
        }
    }
}
